//! Models that turn a text into numbers.

use serde::{Deserialize, Serialize};

use super::default_prompt;
use crate::interval::Interval;

/// The embedding of a text by a provider that speaks OpenAI's protocol. The output is the list of numbers.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct EmbeddingsAdapter {
    /// A provider of the operator's provider table; it knows the address and the credentials.
    #[cfg_attr(
        feature = "schema",
        schema(min_length = 1, max_length = 100, example = "openai")
    )]
    pub provider: String,
    /// The model's name at the provider, when it differs from the model's name in the experiment.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(
        feature = "schema",
        schema(nullable = false, min_length = 1, max_length = 200)
    )]
    pub model: Option<String>,
    /// A Jinja template of the text, with the variables that prompts have.
    #[serde(default = "default_prompt")]
    #[cfg_attr(
        feature = "schema",
        schema(default = "{{ prompt }}", max_length = 100_000)
    )]
    pub text: String,
    /// How many numbers the embedding has, of models that leave the choice.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(
        feature = "schema",
        schema(nullable = false, minimum = 1, maximum = 100_000)
    )]
    pub dimensions: Option<u32>,
    /// How long one call may take, in place of the experiment's `call_timeout`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "schema", schema(nullable = false, value_type = Interval))]
    pub timeout: Option<Interval>,
}
