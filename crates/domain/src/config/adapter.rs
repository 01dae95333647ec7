//! How an output is obtained.

mod activity;

use serde::{Deserialize, Serialize};

pub use activity::ActivityAdapter;
pub(crate) use activity::a_minute;

/// How an output is obtained.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub enum AdapterConfig {
    Recorded(RecordedAdapter),
    #[serde(rename = "openai")]
    OpenAi(OpenAiAdapter),
    Activity(ActivityAdapter),
}

/// Outputs obtained earlier: nothing is called.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct RecordedAdapter {
    /// A JSONL file in the operator's dataset folder, one object a line: `id` of the item, `output`, and optionally
    /// `model` (a line for another model is passed over), `latency_ms`, `input_tokens`, `output_tokens`, `finish_reason`.
    /// A line for this very model goes before a line without `model`. Without a path, the items' own `output` is taken.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(
        feature = "schema",
        schema(nullable = false, min_length = 1, max_length = 1024)
    )]
    pub path: Option<String>,
}

/// A chat endpoint that speaks OpenAI's protocol.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct OpenAiAdapter {
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
    /// A Jinja template of the user message; the item's inputs are its variables, and `input` is all of them. `id` and
    /// `metadata` are there too, unless an input has that name. To name anything else is an error.
    #[serde(default = "default_prompt")]
    #[cfg_attr(
        feature = "schema",
        schema(default = "{{ prompt }}", max_length = 100_000)
    )]
    pub prompt: String,
    /// A Jinja template of the system message.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "schema", schema(nullable = false, max_length = 100_000))]
    pub system: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(
        feature = "schema",
        schema(nullable = false, minimum = 0.0, maximum = 2.0)
    )]
    pub temperature: Option<f64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(
        feature = "schema",
        schema(nullable = false, minimum = 0.0, maximum = 1.0)
    )]
    pub top_p: Option<f64>,
    /// The most tokens an answer may have.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "schema", schema(nullable = false, minimum = 1))]
    pub max_tokens: Option<u32>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "schema", schema(nullable = false))]
    pub seed: Option<u64>,
    /// Sequences at which the model stops.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[cfg_attr(feature = "schema", schema(max_items = 16))]
    pub stop: Vec<String>,
}

fn default_prompt() -> String {
    "{{ prompt }}".to_owned()
}
