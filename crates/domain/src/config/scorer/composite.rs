//! A scorer made of others.

use serde::{Deserialize, Serialize};

use super::ScorerConfig;

/// The weighted mean of other scorers: the sum of weight × score over the sum of weights, booleans counting as 1 and 0.
///
/// Its parts have names that differ, and none is a composite or a measure without a bound. Where a part cannot score, the whole
/// is an error. The score's metadata holds each part's score.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct CompositeScorer {
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
    #[cfg_attr(feature = "schema", schema(min_items = 1, max_items = 50))]
    pub scorers: Vec<WeightedScorer>,
}

/// A part of a composite.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct WeightedScorer {
    /// More than 0.
    #[serde(default = "one")]
    #[cfg_attr(
        feature = "schema",
        schema(exclusive_minimum = 0.0, maximum = 1e9, default = 1.0)
    )]
    pub weight: f64,
    #[cfg_attr(feature = "schema", schema(no_recursion))]
    pub scorer: ScorerConfig,
}

fn one() -> f64 {
    1.0
}
