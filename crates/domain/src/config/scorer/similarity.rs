//! A scorer of meaning, by embeddings.

use serde::{Deserialize, Serialize};

use super::concurrency;
use crate::config::EmbeddingsAdapter;

/// How close the output is in meaning to the reference: the cosine of the angle between the embeddings of both, where a
/// negative one counts as 0. The metadata has the `cosine` itself. What it takes is two calls for each output; a text that was
/// embedded once for an item is not sent again by a later round.
///
/// The reference is the item's `expected`, or, when that is an object, its key `expected_field` if that is given, else `value`.
/// What is not text is embedded as its compact JSON.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct EmbeddingSimilarityScorer {
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
    /// The key of an object-valued `expected` that holds the reference.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "schema", schema(nullable = false))]
    pub expected_field: Option<String>,
    /// A provider of the operator's provider table; it knows the address and the credentials.
    #[cfg_attr(
        feature = "schema",
        schema(min_length = 1, max_length = 100, example = "openai")
    )]
    pub provider: String,
    /// The model of embeddings.
    #[cfg_attr(
        feature = "schema",
        schema(min_length = 1, max_length = 200, example = "text-embedding-3-small")
    )]
    pub model: String,
    /// How many numbers an embedding has, of models that leave the choice.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(
        feature = "schema",
        schema(nullable = false, minimum = 1, maximum = 100_000)
    )]
    pub dimensions: Option<u32>,
    /// Calls in flight at once, in each of the two stretches of the dataset that are scored at a time.
    #[serde(default = "concurrency")]
    #[cfg_attr(feature = "schema", schema(minimum = 1, maximum = 1000, default = 5))]
    pub concurrency: u32,
}

impl EmbeddingSimilarityScorer {
    /// The input that holds the text to embed.
    pub const TEXT: &str = "text";

    /// The model, as an adapter asks it.
    pub fn call(&self) -> EmbeddingsAdapter {
        EmbeddingsAdapter {
            provider: self.provider.clone(),
            model: Some(self.model.clone()),
            text: "{{ text }}".to_owned(),
            dimensions: self.dimensions,
            timeout: None,
        }
    }
}
