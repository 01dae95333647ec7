//! What there is to name in an experiment: scorers, adapters, providers, webhooks, and who works for them.

use std::collections::BTreeMap;

use domain::price::Price;
use jiff::Timestamp;
use jiff::civil::Date;
use serde::{Deserialize, Serialize};
use serde_json::Value;

/// All types of scorers.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct ScorerList {
    pub scorers: Vec<ScorerType>,
}

/// A type of scorer.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct ScorerType {
    /// The `type` in a configuration.
    pub name: String,
    /// The formula and its version, as scores name it.
    pub eval_id: String,
    pub kind: ScorerKind,
    pub description: String,
    /// What its scores may be.
    pub values: Vec<ValueKind>,
    /// The least value.
    pub minimum: f64,
    /// The largest value; absent for a measure without a bound.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "schema", schema(nullable = false))]
    pub maximum: Option<f64>,
    /// The JSON Schema (2020-12) of its configuration, complete in itself.
    #[cfg_attr(feature = "schema", schema(value_type = std::collections::HashMap<String, Value>))]
    pub config_schema: Value,
}

/// Whether scoring makes calls.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub enum ScorerKind {
    /// Computed of item and output alone.
    Pure,
    /// Asks a model, a service or an activity.
    Asking,
}

/// What a score may be.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub enum ValueKind {
    Boolean,
    Number,
}

/// All types of adapters.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct AdapterList {
    pub adapters: Vec<AdapterType>,
}

/// A type of adapter.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct AdapterType {
    /// The `type` in a configuration.
    pub name: String,
    pub description: String,
    /// Whether it names a provider of the workers' table.
    pub asks_provider: bool,
    /// The JSON Schema (2020-12) of its configuration, complete in itself.
    #[cfg_attr(feature = "schema", schema(value_type = std::collections::HashMap<String, Value>))]
    pub config_schema: Value,
}

/// The providers that experiments may name, and whether anyone is there to ask them.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct ProviderList {
    pub providers: Vec<Provider>,
    /// The queue of the workers that know them.
    pub task_queue: TaskQueue,
}

/// A provider of the workers' table.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct Provider {
    pub name: String,
    /// The protocol that it speaks.
    pub api: String,
    /// The host of its address.
    pub host: String,
    /// Whether the key that it asks for is there.
    pub ready: bool,
    /// Models whose price is known; others may be asked, too.
    pub models: Vec<PricedModel>,
    /// When a worker last started with it.
    pub announced_at: Timestamp,
}

/// What a model costs: US dollars for a million tokens, as decimal numbers.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct PricedModel {
    pub name: String,
    pub input_per_million: String,
    pub output_per_million: String,
    /// The date of the price.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "schema", schema(nullable = false, value_type = String, format = Date))]
    pub as_of: Option<Date>,
}

impl PricedModel {
    pub fn all(prices: BTreeMap<String, Price>) -> Vec<Self> {
        let prices = prices.into_iter();
        prices
            .map(|(name, price)| Self {
                name,
                input_per_million: price.input_per_million.to_string(),
                output_per_million: price.output_per_million.to_string(),
                as_of: price.as_of,
            })
            .collect()
    }
}

/// The webhooks that experiments may name as the `endpoint` of a sink.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct WebhookList {
    pub webhooks: Vec<Webhook>,
}

/// A webhook of the workers' table.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct Webhook {
    pub name: String,
    /// When a worker last started with it.
    pub announced_at: Timestamp,
}

/// What came of a test message to a webhook.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct WebhookTestResult {
    pub webhook: String,
    /// Whether the receiver has taken the message: its answer was a success.
    pub delivered: bool,
    /// The `webhook-id` of the message.
    pub message_id: String,
    /// The HTTP status of the answer; absent when there was none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "schema", schema(nullable = false))]
    pub status: Option<u16>,
    /// From sending to the answer, or until it was given up.
    pub duration_ms: u64,
    /// Why the message is not delivered.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "schema", schema(nullable = false))]
    pub error: Option<String>,
}

/// A task queue of Temporal's, and when its workers were last heard of. What was not heard of for long is absent.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct TaskQueue {
    pub name: String,
    /// Whether a worker polls it for activities, which is what adapters and scorers of the type `activity` need.
    pub live: bool,
    /// When a worker last asked for an activity.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "schema", schema(nullable = false))]
    pub activities_polled_at: Option<Timestamp>,
    /// When a worker last asked for a step of a workflow.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "schema", schema(nullable = false))]
    pub workflows_polled_at: Option<Timestamp>,
}
