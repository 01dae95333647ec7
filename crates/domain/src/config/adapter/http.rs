//! Services that answer a request with JSON.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::interval::Interval;

/// A service that answers a request with JSON.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct HttpAdapter {
    /// A provider of the operator's provider table with `api = "http"`; it knows the address and the credentials.
    #[cfg_attr(feature = "schema", schema(min_length = 1, max_length = 100))]
    pub provider: String,
    #[serde(default)]
    pub request: HttpRequest,
    pub response: HttpResponse,
    /// How long one call may take, in place of the experiment's `call_timeout`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "schema", schema(nullable = false, value_type = Interval))]
    pub timeout: Option<Interval>,
}

/// What a service is asked. The strings of `query` and `body` are Jinja templates with the variables that prompts have, and
/// `model`, the model's name in the experiment.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct HttpRequest {
    #[serde(default)]
    pub method: HttpMethod,
    /// Appended to the provider's address, which it cannot leave.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    #[cfg_attr(feature = "schema", schema(max_length = 1024))]
    pub path: String,
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub query: BTreeMap<String, String>,
    /// Headers that are no secrets. Credentials are in the provider table.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub headers: BTreeMap<String, String>,
    /// Sent as JSON. A string that is one expression and nothing else, such as `{{ choices }}`, becomes the value itself,
    /// of whatever type. Without a body none is sent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "schema", schema(nullable = false))]
    pub body: Option<Value>,
}

/// How a service is asked.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "UPPERCASE")]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub enum HttpMethod {
    #[default]
    Post,
    Get,
    Put,
    Patch,
}

/// Where the parts of an answer are in the JSON of a service: JSONPath expressions (RFC 9535).
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct HttpResponse {
    /// The output: what the path finds, or a list when it finds several values. A path that finds nothing is a failure.
    #[cfg_attr(
        feature = "schema",
        schema(min_length = 1, max_length = 1024, example = "$.answer")
    )]
    pub answer: String,
    /// A failure that the service reports with a status of success. It fails the item when the path finds something other
    /// than null, false and the empty text.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(
        feature = "schema",
        schema(nullable = false, min_length = 1, max_length = 1024)
    )]
    pub error: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(
        feature = "schema",
        schema(nullable = false, min_length = 1, max_length = 1024)
    )]
    pub finish_reason: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(
        feature = "schema",
        schema(nullable = false, min_length = 1, max_length = 1024)
    )]
    pub model: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "schema", schema(nullable = false))]
    pub usage: Option<UsagePaths>,
}

/// Where the numbers of tokens are: JSONPath expressions.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct UsagePaths {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(
        feature = "schema",
        schema(nullable = false, min_length = 1, max_length = 1024)
    )]
    pub input_tokens: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(
        feature = "schema",
        schema(nullable = false, min_length = 1, max_length = 1024)
    )]
    pub output_tokens: Option<String>,
}
