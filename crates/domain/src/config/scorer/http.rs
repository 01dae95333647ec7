//! A scorer that is a service elsewhere.

use serde::{Deserialize, Serialize};
use serde_json::json;

use super::concurrency;
use crate::config::{HttpAdapter, HttpRequest, HttpResponse};

/// What a service of your own makes of the output, over HTTP. It is sent `{id, input, output, metadata, expected}`, the last
/// only if the item has one, and answers with `{value, comment?, metadata?}`, where `value` is a boolean or a number from
/// 0 to 1. An answer of another form is an error of the item.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct HttpScorer {
    /// Unique among the scorers; the scorer's type unless given.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(
        feature = "schema",
        schema(nullable = false, min_length = 1, max_length = 100)
    )]
    pub name: Option<String>,
    /// From which value on an output passes; the score's metadata then says whether it has `passed`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(
        feature = "schema",
        schema(nullable = false, minimum = 0.0, maximum = 1.0)
    )]
    pub pass_threshold: Option<f64>,
    /// A provider of the operator's provider table with `api = "http"`; it knows the address and the credentials.
    #[cfg_attr(feature = "schema", schema(min_length = 1, max_length = 100))]
    pub provider: String,
    /// Appended to the provider's address, which it cannot leave.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    #[cfg_attr(feature = "schema", schema(max_length = 1024, example = "score"))]
    pub path: String,
    /// Calls in flight at once, in each of the two stretches of the dataset that are scored at a time.
    #[serde(default = "concurrency")]
    #[cfg_attr(feature = "schema", schema(minimum = 1, maximum = 1000, default = 5))]
    pub concurrency: u32,
}

impl HttpScorer {
    /// The input that is sent as the body.
    pub const BODY: &str = "body";

    /// The service, as an adapter asks it: its input `body` is sent as it is, and the whole answer taken.
    pub fn call(&self) -> HttpAdapter {
        HttpAdapter {
            provider: self.provider.clone(),
            request: HttpRequest {
                path: self.path.clone(),
                body: Some(json!("{{ body }}")),
                ..HttpRequest::default()
            },
            response: HttpResponse {
                answer: "$".to_owned(),
                error: None,
                finish_reason: None,
                model: None,
                usage: None,
            },
            timeout: None,
        }
    }
}
