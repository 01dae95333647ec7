//! How an output is obtained: one file for each kind of adapter.

mod activity;
mod chat;
mod embeddings;
mod http;
mod recorded;
mod sse;

use serde::{Deserialize, Serialize};

use crate::interval::Interval;

pub use activity::ActivityAdapter;
pub(crate) use activity::a_minute;
pub use chat::{ChatAdapter, JsonObjectFormat, JsonSchemaFormat, ResponseFormat, Tool};
pub use embeddings::EmbeddingsAdapter;
pub use http::{HttpAdapter, HttpMethod, HttpRequest, HttpResponse, UsagePaths};
pub use recorded::RecordedAdapter;
pub use sse::{CompletionEvent, EventPath, SseAdapter, SseEvents, ToolCallEvent};

/// How an output is obtained.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub enum AdapterConfig {
    Recorded(RecordedAdapter),
    /// A provider that speaks OpenAI's protocol.
    #[serde(rename = "openai")]
    OpenAi(ChatAdapter),
    /// A provider that speaks any of the protocols for chats; the provider table says which.
    Chat(ChatAdapter),
    Http(HttpAdapter),
    Sse(SseAdapter),
    Embeddings(EmbeddingsAdapter),
    Activity(ActivityAdapter),
}

impl AdapterConfig {
    /// The type, as it is written in a request.
    pub fn kind(&self) -> &'static str {
        match self {
            Self::Recorded(_) => "recorded",
            Self::OpenAi(_) => "openai",
            Self::Chat(_) => "chat",
            Self::Http(_) => "http",
            Self::Sse(_) => "sse",
            Self::Embeddings(_) => "embeddings",
            Self::Activity(_) => "activity",
        }
    }

    /// The provider that is asked, by its name in the provider table; none when none of them is called.
    pub fn provider(&self) -> Option<&str> {
        match self {
            Self::Recorded(_) | Self::Activity(_) => None,
            Self::OpenAi(adapter) | Self::Chat(adapter) => Some(&adapter.provider),
            Self::Http(adapter) => Some(&adapter.provider),
            Self::Sse(adapter) => Some(&adapter.provider),
            Self::Embeddings(adapter) => Some(&adapter.provider),
        }
    }

    /// The model's name at the provider, when the adapter gives another than the experiment.
    pub fn model(&self) -> Option<&str> {
        match self {
            Self::OpenAi(adapter) | Self::Chat(adapter) => adapter.model.as_deref(),
            Self::Embeddings(adapter) => adapter.model.as_deref(),
            Self::Recorded(_) | Self::Http(_) | Self::Sse(_) | Self::Activity(_) => None,
        }
    }

    /// How long one call may take, when the adapter says so itself.
    pub fn timeout(&self) -> Option<Interval> {
        match self {
            Self::Recorded(_) | Self::Activity(_) => None,
            Self::OpenAi(adapter) | Self::Chat(adapter) => adapter.timeout,
            Self::Http(adapter) => adapter.timeout,
            Self::Sse(adapter) => adapter.timeout,
            Self::Embeddings(adapter) => adapter.timeout,
        }
    }
}

fn default_prompt() -> String {
    "{{ prompt }}".to_owned()
}
