//! Services that answer a request with a stream of server-sent events.

use serde::{Deserialize, Serialize};

use super::http::{HttpRequest, UsagePaths};
use crate::interval::Interval;

/// A service that answers a request with a stream of server-sent events.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct SseAdapter {
    /// A provider of the operator's provider table with `api = "http"`; it knows the address and the credentials.
    #[cfg_attr(feature = "schema", schema(min_length = 1, max_length = 100))]
    pub provider: String,
    #[serde(default)]
    pub request: HttpRequest,
    pub events: SseEvents,
    /// How long the stream may take from its request to its end, in place of the experiment's `call_timeout`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "schema", schema(nullable = false, value_type = Interval))]
    pub timeout: Option<Interval>,
}

/// What the events of a stream mean. Their data is read as JSON; paths are JSONPath expressions (RFC 9535) into it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct SseEvents {
    /// Where pieces of the text are; put together in their order they are the output.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "schema", schema(nullable = false))]
    pub text: Option<EventPath>,
    /// Events that complete the answer; the first of them ends it. A stream that ends without one is a failure, which is
    /// tried again.
    #[cfg_attr(feature = "schema", schema(min_items = 1, max_items = 20))]
    pub complete: Vec<CompletionEvent>,
    /// Where the service reports a failure. It fails the item when the path finds something other than null, false and the
    /// empty text.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "schema", schema(nullable = false))]
    pub error: Option<EventPath>,
    /// Where the service says that a tool is called; each such event is one call.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "schema", schema(nullable = false))]
    pub tool_call: Option<ToolCallEvent>,
    /// The last numbers found count.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "schema", schema(nullable = false))]
    pub usage: Option<UsagePaths>,
    /// The last text found counts.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(
        feature = "schema",
        schema(nullable = false, min_length = 1, max_length = 1024)
    )]
    pub finish_reason: Option<String>,
    /// The last text found counts.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(
        feature = "schema",
        schema(nullable = false, min_length = 1, max_length = 1024)
    )]
    pub model: Option<String>,
}

/// A place in the data of events.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct EventPath {
    /// The name of the events; an event without one is named `message`. Without it, events of every name are looked at.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "schema", schema(nullable = false, max_length = 200))]
    pub event: Option<String>,
    #[cfg_attr(
        feature = "schema",
        schema(min_length = 1, max_length = 1024, example = "$.delta.text")
    )]
    pub path: String,
}

/// An event that completes an answer: by its name, by its data, or by both.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct CompletionEvent {
    /// The name of the event; an event without one is named `message`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "schema", schema(nullable = false, max_length = 200))]
    pub event: Option<String>,
    /// The whole data of the event, such as `[DONE]`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "schema", schema(nullable = false, max_length = 1024))]
    pub data: Option<String>,
    /// A path to the output in the event's data, in place of the pieces of text. When it finds nothing, they are taken.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(
        feature = "schema",
        schema(nullable = false, min_length = 1, max_length = 1024)
    )]
    pub answer: Option<String>,
}

/// Where calls of tools are in the data of events.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct ToolCallEvent {
    /// The name of the events; an event without one is named `message`. Without it, events of every name are looked at.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "schema", schema(nullable = false, max_length = 200))]
    pub event: Option<String>,
    /// A path to the name of the tool. An event in which it finds no text is no call.
    #[cfg_attr(feature = "schema", schema(min_length = 1, max_length = 1024))]
    pub name: String,
    /// A path to the arguments.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(
        feature = "schema",
        schema(nullable = false, min_length = 1, max_length = 1024)
    )]
    pub arguments: Option<String>,
    /// A path to what tells the calls of a stream apart that come in pieces, such as a number: what is found at `name` is
    /// told once for each, and texts at `arguments` are put together. An event in which it finds nothing is a whole call.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(
        feature = "schema",
        schema(nullable = false, min_length = 1, max_length = 1024)
    )]
    pub index: Option<String>,
}
