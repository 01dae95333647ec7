//! Models that are asked by a chat.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::default_prompt;
use crate::interval::Interval;

/// A model that is asked by a chat: a system message, if there is one, and a user message. `openai` demands a provider that
/// speaks OpenAI's protocol; `chat` takes any provider of chats, whose protocol the provider table names.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct ChatAdapter {
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
    /// The most tokens an answer may have. Anthropic's protocol demands a number, which is 4096 unless given here.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "schema", schema(nullable = false, minimum = 1))]
    pub max_tokens: Option<u32>,
    /// Of several samples of an item, each is asked for with its number added, from 0. Anthropic's protocol knows none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "schema", schema(nullable = false))]
    pub seed: Option<u64>,
    /// Sequences at which the model stops.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[cfg_attr(feature = "schema", schema(max_items = 16))]
    pub stop: Vec<String>,
    /// Asks for an answer in JSON, which then is the output: not the text but the value. An answer that is not JSON counts
    /// as not understood.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "schema", schema(nullable = false))]
    pub response_format: Option<ResponseFormat>,
    /// Tools that the model may ask for. They are not called: what it asks for is part of the output, as `tool_calls`.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[cfg_attr(feature = "schema", schema(max_items = 128))]
    pub tools: Vec<Tool>,
    /// `auto`, `none`, `required`, or the name of the one tool that the model must ask for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(
        feature = "schema",
        schema(nullable = false, min_length = 1, max_length = 64)
    )]
    pub tool_choice: Option<String>,
    /// How long one call may take, in place of the experiment's `call_timeout`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "schema", schema(nullable = false, value_type = Interval))]
    pub timeout: Option<Interval>,
}

/// The form of an answer in JSON.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub enum ResponseFormat {
    JsonObject(JsonObjectFormat),
    JsonSchema(JsonSchemaFormat),
}

/// Any JSON object. OpenAI demands that the prompt says so too.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct JsonObjectFormat {}

/// JSON of a schema. The provider keeps to it; whether it did is for a `json_schema` scorer to say.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct JsonSchemaFormat {
    #[cfg_attr(feature = "schema", schema(pattern = "^[a-zA-Z0-9_-]{1,64}$"))]
    pub name: String,
    #[cfg_attr(feature = "schema", schema(value_type = std::collections::HashMap<String, Value>))]
    pub schema: Map<String, Value>,
    /// Whether the provider enforces the schema rather than aims at it; only OpenAI's protocol knows the difference.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "schema", schema(nullable = false))]
    pub strict: Option<bool>,
}

/// A tool that a model may ask for.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct Tool {
    /// Unique among the tools.
    #[cfg_attr(feature = "schema", schema(pattern = "^[a-zA-Z0-9_-]{1,64}$"))]
    pub name: String,
    /// What it does and when to use it, for the model.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "schema", schema(nullable = false, max_length = 100_000))]
    pub description: Option<String>,
    /// A JSON Schema of the arguments; without it the tool takes none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "schema", schema(nullable = false, value_type = std::collections::HashMap<String, Value>))]
    pub parameters: Option<Map<String, Value>>,
}
