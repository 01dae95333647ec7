//! The ledger of an experiment: every model call with what it has cost and come to, item by item.

use domain::money::Money;
use domain::output::{CallErrorKind, TokenUsage};
use domain::progress::Generated;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

/// A page of a ledger, by model and then in the order of the dataset. Items that were never asked are not in it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct Ledger {
    pub experiment_id: String,
    /// Whether the experiment has ended, so that nothing will be added.
    pub complete: bool,
    /// The totals of each model, on every page.
    pub models: Vec<ModelLedger>,
    pub entries: Vec<LedgerEntry>,
    /// Give it as `page_token` for the next page; absent on the last.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "schema", schema(nullable = false))]
    pub next_page_token: Option<String>,
}

/// The calls of one model in all.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct ModelLedger {
    pub model: String,
    pub generated: Generated,
}

/// The calls for one sample of an item.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct LedgerEntry {
    pub model: String,
    pub item_id: String,
    /// Which of the item's samples it is, from 0.
    #[serde(default)]
    pub sample: u32,
    /// Calls whose outcome is recorded, over all rounds.
    pub calls: u64,
    /// Of them, those that asked again for what was answered already.
    pub repeated: u64,
    /// Calls up to the output that stands.
    pub attempts: u32,
    pub answered: bool,
    /// SHA-256 of the answer as compact JSON, in hexadecimal.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "schema", schema(nullable = false))]
    pub answer_sha256: Option<String>,
    /// Why there is no answer.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "schema", schema(nullable = false))]
    pub error_kind: Option<CallErrorKind>,
    /// Of all calls.
    pub usage: TokenUsage,
    /// Of all calls, in US dollars; absent when no price is known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "schema", schema(nullable = false))]
    pub cost: Option<Money>,
    /// Of the call that was answered, in milliseconds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "schema", schema(nullable = false))]
    pub latency_ms: Option<f64>,
    /// Whether the answer came from the cache, without a call.
    pub cached: bool,
    /// The round in which the output that stands was obtained.
    pub round: u32,
    /// When the outcome of the last call was known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "schema", schema(nullable = false))]
    pub ended_at: Option<Timestamp>,
}
