//! What a model, or another system under test, answered for an item: an answer or a typed error.

mod usage;

use std::time::Duration;

use jiff::Timestamp;
use jiff::civil::Date;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::money::Money;

pub use usage::TokenUsage;

/// What is recorded of the calls made for one item.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct Output {
    pub item_id: String,
    /// Which of the item's samples it is, from 0; left out of the first.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub sample: u32,
    /// Calls made for this item whose outcome is known.
    pub attempts: u32,
    /// The answer; absent when the last call failed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "schema", schema(nullable = false))]
    pub answer: Option<Answer>,
    /// Why there is no answer; absent when there is one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "schema", schema(nullable = false))]
    pub error: Option<CallError>,
    /// Calls among the attempts that cost the item none of its `maximum_attempts`: the provider was away or asked for less.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub excused_attempts: u32,
    /// The round of the run in which it was obtained: 0 at first, one more with each retry.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub round: u32,
    /// When the last call began.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "schema", schema(nullable = false))]
    pub began_at: Option<Timestamp>,
    /// When the outcome of the last call was known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "schema", schema(nullable = false))]
    pub ended_at: Option<Timestamp>,
    /// What the last call cost, in US dollars; absent when the provider table has no price for the model.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "schema", schema(nullable = false))]
    pub cost: Option<Money>,
    /// The date of the price that the cost is by; absent when the provider table does not date its prices.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "schema", schema(nullable = false, value_type = String, format = Date))]
    pub priced_as_of: Option<Date>,
    /// Whether the answer came from the cache, without a call.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub cached: bool,
    /// What the last call answered, when that was of no use for want of the form that was asked for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "schema", schema(nullable = false))]
    pub rejected: Option<Answer>,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "as serde asks for it")]
fn is_zero(count: &u32) -> bool {
    *count == 0
}

/// What came back from a call.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct Answer {
    /// Text or any other JSON value; null when the model only asks for tools.
    pub value: Value,
    /// Time from request to answer, in milliseconds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "schema", schema(nullable = false))]
    pub latency_ms: Option<f64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "schema", schema(nullable = false))]
    pub usage: Option<TokenUsage>,
    /// Time from request to the first piece of the text, in milliseconds, of an answer that came as a stream.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "schema", schema(nullable = false))]
    pub first_text_ms: Option<f64>,
    /// Why the model stopped, in the provider's words, such as `stop` or `length`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "schema", schema(nullable = false))]
    pub finish_reason: Option<String>,
    /// The model that the provider says has answered.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "schema", schema(nullable = false))]
    pub model: Option<String>,
    /// The tools that the model asks to be called.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub tool_calls: Vec<ToolCall>,
}

/// A tool that the model asks to be called.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct ToolCall {
    pub name: String,
    /// As the model gives them; with most models an object.
    #[serde(default)]
    pub arguments: Value,
}

impl Answer {
    /// An answer of which nothing but the value is known.
    pub fn of(value: Value) -> Self {
        Self {
            value,
            latency_ms: None,
            usage: None,
            first_text_ms: None,
            finish_reason: None,
            model: None,
            tool_calls: Vec::new(),
        }
    }
}

/// Why a call gave no answer.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, thiserror::Error)]
#[error("{message}")]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct CallError {
    pub kind: CallErrorKind,
    /// What happened, without secrets.
    pub message: String,
    /// The HTTP status of the provider's answer, when there was one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "schema", schema(nullable = false))]
    pub status: Option<u16>,
    /// How long the provider asked to be left alone, in milliseconds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "schema", schema(nullable = false))]
    pub retry_after_ms: Option<u64>,
}

/// The kinds of failure, told apart because each is treated differently.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub enum CallErrorKind {
    /// HTTP 429.
    RateLimited,
    /// HTTP 408, 409, 425 or 5xx.
    ProviderUnavailable,
    /// No answer in time.
    Timeout,
    /// The provider broke the connection.
    Connection,
    /// No connection to the provider could be made.
    Unreachable,
    /// No worker has taken the activity in time.
    NoWorker,
    /// The provider refuses the credentials or the model: every call would fail alike.
    Refused,
    /// The provider refuses this request: another 4xx.
    BadRequest,
    /// The provider's answer could not be understood.
    BadAnswer,
    /// The answer has not the form that was asked for; another may have it.
    Unreadable,
    /// The item cannot be asked: a template names what it lacks, or nothing was recorded for it.
    Item,
}

impl CallErrorKind {
    /// Whether the same call, unchanged, may succeed later.
    pub fn is_retryable(self) -> bool {
        match self {
            Self::RateLimited
            | Self::ProviderUnavailable
            | Self::Timeout
            | Self::Connection
            | Self::Unreachable
            | Self::NoWorker
            | Self::Unreadable => true,
            Self::Refused | Self::BadRequest | Self::BadAnswer | Self::Item => false,
        }
    }

    /// Whether every other call of the run would fail in the same way.
    pub fn is_run_wide(self) -> bool {
        self == Self::Refused
    }
}

impl CallError {
    pub fn new(kind: CallErrorKind, message: impl Into<String>) -> Self {
        Self {
            kind,
            message: message.into(),
            status: None,
            retry_after_ms: None,
        }
    }

    /// What kind of failure it is, without the provider's words: those may repeat the prompt.
    pub fn outline(&self) -> String {
        let kind = match self.kind {
            CallErrorKind::RateLimited => "too many requests",
            CallErrorKind::ProviderUnavailable => "the provider is unavailable",
            CallErrorKind::Timeout => "no answer in time",
            CallErrorKind::Connection => "the connection to the provider broke",
            CallErrorKind::Unreachable => "no connection to the provider",
            // In our own words, with the name of the task queue.
            CallErrorKind::NoWorker => &self.message,
            CallErrorKind::Refused => "the provider refuses the credentials or the model",
            CallErrorKind::BadRequest => "the provider refuses the request",
            CallErrorKind::BadAnswer => "the answer was not understood",
            CallErrorKind::Unreadable => "the answer has not the form that was asked for",
            CallErrorKind::Item => "the item cannot be asked",
        };
        match self.status {
            Some(status) => format!("{kind} (HTTP {status})"),
            None => kind.to_owned(),
        }
    }

    pub fn retry_after(&self) -> Option<Duration> {
        self.retry_after_ms.map(Duration::from_millis)
    }
}

impl Output {
    pub fn answered(item_id: String, attempts: u32, answer: Answer) -> Self {
        Self {
            item_id,
            answer: Some(answer),
            error: None,
            ..Self::unknown(attempts)
        }
    }

    pub fn failed(item_id: String, attempts: u32, error: CallError) -> Self {
        Self {
            item_id,
            error: Some(error),
            ..Self::unknown(attempts)
        }
    }

    fn unknown(attempts: u32) -> Self {
        Self {
            item_id: String::new(),
            sample: 0,
            attempts,
            answer: None,
            error: None,
            excused_attempts: 0,
            round: 0,
            began_at: None,
            ended_at: None,
            cost: None,
            priced_as_of: None,
            cached: false,
            rejected: None,
        }
    }

    /// The tokens of the last call, as far as the provider counts them.
    pub fn usage(&self) -> TokenUsage {
        let answer = self.answer.as_ref().or(self.rejected.as_ref());
        let paid = answer.filter(|_| !self.cached);
        paid.and_then(|answer| answer.usage).unwrap_or_default()
    }

    /// Whether no further call will be made for the item.
    pub fn is_final(&self, maximum_attempts: u32) -> bool {
        match &self.error {
            None => true,
            Some(error) => {
                let counted = self.attempts.saturating_sub(self.excused_attempts);
                !error.kind.is_retryable() || counted >= maximum_attempts
            }
        }
    }
}
