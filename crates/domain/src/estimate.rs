//! What an experiment may take, told before it is started.

use serde::{Deserialize, Serialize};

use crate::money::Money;
use crate::output::TokenUsage;
use crate::price::Price;

/// From how many to how many.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
#[cfg_attr(feature = "schema", schema(as = CountBounds))]
pub struct Bounds {
    /// When every call is answered at once.
    pub least: u64,
    /// When every item takes all its attempts; absent when nothing bounds it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "schema", schema(nullable = false))]
    pub most: Option<u64>,
}

/// From how much to how much, in US dollars.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct CostBounds {
    pub least: Money,
    /// Absent when nothing bounds the tokens written.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "schema", schema(nullable = false))]
    pub most: Option<Money>,
}

/// What an experiment may take. Tokens read are guessed: a token for every four characters of a prompt, begun ones counted.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
// Not the estimate of a mean, which has the short name in the document.
#[cfg_attr(feature = "schema", schema(as = ExperimentEstimate))]
pub struct Estimate {
    pub models: Vec<ModelEstimate>,
    /// Calls for outputs, of all models.
    pub calls: Bounds,
    /// Calls of scorers that ask others; their tokens and cost are not estimated.
    pub scorer_calls: Bounds,
    /// Of all models; absent when it cannot be told for each.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "schema", schema(nullable = false))]
    pub cost: Option<CostBounds>,
}

/// What the outputs of one model may take.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct ModelEstimate {
    pub model: String,
    pub calls: Bounds,
    /// Absent when it cannot be told.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "schema", schema(nullable = false))]
    pub input_tokens: Option<Bounds>,
    /// Bounded by `max_tokens` alone. Absent when it cannot be told.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "schema", schema(nullable = false))]
    pub output_tokens: Option<Bounds>,
    /// Absent when the tokens cannot be told, or the workers have announced no price.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "schema", schema(nullable = false))]
    pub cost: Option<CostBounds>,
}

impl Bounds {
    /// So many times, each at least once and at most `attempts` times.
    pub fn attempted(count: u64, attempts: u64) -> Self {
        Self {
            least: count,
            most: Some(count.saturating_mul(attempts)),
        }
    }

    pub fn plus(self, other: Self) -> Self {
        let most = self.most.zip(other.most);
        Self {
            least: self.least.saturating_add(other.least),
            most: most.map(|(one, other)| one.saturating_add(other)),
        }
    }
}

impl CostBounds {
    /// What the tokens cost.
    pub fn of(input: Bounds, output: Bounds, price: &Price) -> Self {
        let cost = |input, output| {
            let usage = TokenUsage::counted(Some(input), Some(output)).unwrap_or_default();
            price.cost(usage)
        };
        let most = input.most.zip(output.most);
        Self {
            least: cost(input.least, output.least),
            most: most.map(|(input, output)| cost(input, output)),
        }
    }

    pub fn plus(self, other: Self) -> Self {
        let most = self.most.zip(other.most);
        Self {
            least: self.least + other.least,
            most: most.map(|(one, other)| one + other),
        }
    }
}
