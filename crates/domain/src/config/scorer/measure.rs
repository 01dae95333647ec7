//! Scorers that judge not the answer but what it took: time, tokens, money.
//!
//! With a bound the score is whether it was kept; without, it is the number itself, which knows no `pass_threshold`. Where the
//! number is not known there is no score but an error.

use serde::{Deserialize, Serialize};

use crate::money::Money;

/// The time of the last call: whether it was at most `max_latency_ms`, or the milliseconds.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct LatencyScorer {
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
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "schema", schema(nullable = false, minimum = 0.0))]
    pub max_latency_ms: Option<f64>,
}

/// The tokens of the answer, as the provider counts them: whether they were at most `max_tokens`, or how many.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct TokenUsageScorer {
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
    /// Which tokens count.
    #[serde(default)]
    pub tokens: CountedTokens,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "schema", schema(nullable = false))]
    pub max_tokens: Option<u64>,
}

/// Which tokens count.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub enum CountedTokens {
    /// Those read and those written.
    #[default]
    Total,
    Input,
    Output,
}

/// What the last call cost, in US dollars: whether it was at most `max_cost`, or how much.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct CostScorer {
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
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "schema", schema(nullable = false))]
    pub max_cost: Option<Money>,
}
