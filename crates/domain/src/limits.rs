//! What a run may use: how much at once, how fast, and how much in all; and how that is changed while it runs.

use serde::{Deserialize, Serialize};

use crate::config::ExecutionConfig;
use crate::money::Money;

/// The limits of one run, as they stand.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct RunLimits {
    /// Model calls in flight at once.
    pub concurrency_limit: u32,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "schema", schema(nullable = false))]
    pub requests_per_minute: Option<f64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "schema", schema(nullable = false))]
    pub tokens_per_minute: Option<f64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "schema", schema(nullable = false))]
    pub max_cost: Option<Money>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "schema", schema(nullable = false))]
    pub max_tokens: Option<u64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "schema", schema(nullable = false))]
    pub max_failure_rate: Option<f64>,
}

/// Limits to set in place of those that stand; the others stay.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct LimitsChange {
    /// Model calls in flight at once, for each model.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(
        feature = "schema",
        schema(nullable = false, minimum = 1, maximum = 10_000)
    )]
    pub concurrency_limit: Option<u32>,
    /// Model calls begun in a minute, for each model.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(
        feature = "schema",
        schema(nullable = false, minimum = 0.001, maximum = 100_000_000)
    )]
    pub requests_per_minute: Option<f64>,
    /// Tokens read and written in a minute, for each model.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(
        feature = "schema",
        schema(nullable = false, minimum = 1, maximum = 100_000_000_000_i64)
    )]
    pub tokens_per_minute: Option<f64>,
    /// What the calls of each model may cost in all, in US dollars.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "schema", schema(nullable = false))]
    pub max_cost: Option<Money>,
    /// Tokens that the calls of each model may use in all.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "schema", schema(nullable = false))]
    pub max_tokens: Option<u64>,
    /// The share of failed items beyond which a run fails, from 0 to 1.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(
        feature = "schema",
        schema(nullable = false, minimum = 0.0, maximum = 1.0)
    )]
    pub max_failure_rate: Option<f64>,
    /// Limits to take away.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[cfg_attr(feature = "schema", schema(max_items = 5))]
    pub remove: Vec<RemovableLimit>,
}

/// A limit that a run can be without.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub enum RemovableLimit {
    RequestsPerMinute,
    TokensPerMinute,
    MaxCost,
    MaxTokens,
    MaxFailureRate,
}

/// The part of a run's limits that one stretch of it may use.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Share {
    /// Model calls in flight at once.
    pub concurrency: u32,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub requests_per_minute: Option<f64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tokens_per_minute: Option<f64>,
}

impl From<&ExecutionConfig> for RunLimits {
    fn from(execution: &ExecutionConfig) -> Self {
        Self {
            concurrency_limit: execution.concurrency_limit,
            requests_per_minute: execution.requests_per_minute,
            tokens_per_minute: execution.tokens_per_minute,
            max_cost: execution.max_cost,
            max_tokens: execution.max_tokens,
            max_failure_rate: execution.max_failure_rate,
        }
    }
}

impl RunLimits {
    /// Nothing but a concurrency.
    pub fn of_concurrency(concurrency_limit: u32) -> Self {
        Self {
            concurrency_limit,
            requests_per_minute: None,
            tokens_per_minute: None,
            max_cost: None,
            max_tokens: None,
            max_failure_rate: None,
        }
    }

    /// The limits after a change: what is removed goes first, then what is set holds.
    pub fn changed(mut self, change: &LimitsChange) -> Self {
        for limit in &change.remove {
            match limit {
                RemovableLimit::RequestsPerMinute => self.requests_per_minute = None,
                RemovableLimit::TokensPerMinute => self.tokens_per_minute = None,
                RemovableLimit::MaxCost => self.max_cost = None,
                RemovableLimit::MaxTokens => self.max_tokens = None,
                RemovableLimit::MaxFailureRate => self.max_failure_rate = None,
            }
        }
        Self {
            concurrency_limit: change.concurrency_limit.unwrap_or(self.concurrency_limit),
            requests_per_minute: change.requests_per_minute.or(self.requests_per_minute),
            tokens_per_minute: change.tokens_per_minute.or(self.tokens_per_minute),
            max_cost: change.max_cost.or(self.max_cost),
            max_tokens: change.max_tokens.or(self.max_tokens),
            max_failure_rate: change.max_failure_rate.or(self.max_failure_rate),
        }
    }

    /// The part of one of `lanes` lanes: the parts of all add up to the limits.
    pub fn share(&self, lane: u32, lanes: u32) -> Share {
        let lanes = lanes.max(1);
        let part = |rate: f64| rate / f64::from(lanes);
        Share {
            concurrency: self.concurrency_limit / lanes
                + u32::from(lane < self.concurrency_limit % lanes),
            requests_per_minute: self.requests_per_minute.map(part),
            tokens_per_minute: self.tokens_per_minute.map(part),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_shares_of_all_lanes_add_up() {
        let limits = RunLimits {
            requests_per_minute: Some(600.0),
            ..RunLimits::of_concurrency(50)
        };
        let shares: Vec<Share> = (0..4).map(|lane| limits.share(lane, 4)).collect();
        assert_eq!(shares.iter().map(|s| s.concurrency).sum::<u32>(), 50);
        assert_eq!(shares[0].requests_per_minute, Some(150.0));
        assert_eq!(shares[0].tokens_per_minute, None);
    }

    #[test]
    fn a_change_sets_what_it_names_and_leaves_the_rest() {
        let limits = RunLimits {
            max_tokens: Some(10),
            requests_per_minute: Some(60.0),
            ..RunLimits::of_concurrency(5)
        };
        let change = LimitsChange {
            concurrency_limit: Some(7),
            remove: vec![RemovableLimit::MaxTokens],
            ..LimitsChange::default()
        };
        let changed = limits.changed(&change);
        assert_eq!(changed.concurrency_limit, 7);
        assert_eq!(changed.max_tokens, None);
        assert_eq!(changed.requests_per_minute, Some(60.0));
    }
}
