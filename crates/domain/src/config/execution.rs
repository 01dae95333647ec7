//! How much is done at once, and how a call that failed is tried again.

use serde::{Deserialize, Serialize};

use crate::interval::Interval;
use crate::money::Money;

/// How much is done at once.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct ExecutionConfig {
    /// Model calls in flight at once, for each model.
    #[cfg_attr(feature = "schema", schema(minimum = 1, maximum = 10_000, default = 5))]
    pub concurrency_limit: u32,
    /// Models run at once; all of them unless given.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "schema", schema(nullable = false, minimum = 1))]
    pub max_parallel_models: Option<u32>,
    /// How long one model call may take.
    #[cfg_attr(feature = "schema", schema(value_type = Interval, default = "2m"))]
    pub call_timeout: Interval,
    /// Model calls begun in a minute, for each model; spread evenly.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(
        feature = "schema",
        schema(nullable = false, minimum = 0.001, maximum = 100_000_000)
    )]
    pub requests_per_minute: Option<f64>,
    /// Tokens read and written in a minute, for each model. They are known after a call, so it is the next calls that wait.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(
        feature = "schema",
        schema(nullable = false, minimum = 1, maximum = 100_000_000_000_i64)
    )]
    pub tokens_per_minute: Option<f64>,
    /// The share of failed items, from 0 to 1, beyond which a run fails: as soon as it is sure to be passed, or passed with
    /// a certainty of 97.5 % by the items so far. Without it, a run completes however many items fail.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(
        feature = "schema",
        schema(nullable = false, minimum = 0.0, maximum = 1.0)
    )]
    pub max_failure_rate: Option<f64>,
    /// What the calls of each model may cost in all, those of its scorers among them, in US dollars. A run that reaches it is paused; raise it to go on. Calls
    /// in flight are ended, so a little more may be spent. Has no effect for models without a price in the provider table.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "schema", schema(nullable = false))]
    pub max_cost: Option<Money>,
    /// Tokens that the calls of each model may use in all, those of its scorers among them. A run that reaches them is paused, as with `max_cost`.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "schema", schema(nullable = false))]
    pub max_tokens: Option<u64>,
    /// Take answers to equal calls (same provider address, model, parameters and messages) from the cache, and keep new ones
    /// there. Failures are never kept.
    #[cfg_attr(feature = "schema", schema(default = false))]
    pub cache: bool,
    /// Outputs asked for of each item, by each model. The sample, from 0, is added to the `seed` of a call if there is one, so
    /// that samples differ. With several, figures are of the means of items, and `pass_at_k` is told of what passes or fails.
    #[serde(skip_serializing_if = "is_one")]
    #[cfg_attr(feature = "schema", schema(minimum = 1, maximum = 100, default = 1))]
    pub samples: u32,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "as serde asks for it")]
fn is_one(samples: &u32) -> bool {
    *samples == 1
}

impl Default for ExecutionConfig {
    fn default() -> Self {
        Self {
            concurrency_limit: 5,
            max_parallel_models: None,
            call_timeout: Interval::from_secs(120),
            requests_per_minute: None,
            tokens_per_minute: None,
            max_failure_rate: None,
            max_cost: None,
            max_tokens: None,
            cache: false,
            samples: 1,
        }
    }
}

/// How a model call that failed is tried again. An answer of 4xx other than 408, 409, 425 and 429 is never tried again.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct RetryConfig {
    /// The wait before the second attempt.
    #[cfg_attr(feature = "schema", schema(value_type = Interval, default = "1s"))]
    pub initial_interval: Interval,
    /// What each wait is multiplied by to give the next.
    #[cfg_attr(
        feature = "schema",
        schema(minimum = 1.0, maximum = 100.0, default = 2.0)
    )]
    pub backoff_coefficient: f64,
    /// The longest wait, unless the provider asks for more with `Retry-After`.
    #[cfg_attr(feature = "schema", schema(value_type = Interval, default = "60s"))]
    pub maximum_interval: Interval,
    /// Calls made for an item before it counts as failed.
    #[cfg_attr(feature = "schema", schema(minimum = 1, maximum = 100, default = 5))]
    pub maximum_attempts: u32,
}

impl Default for RetryConfig {
    fn default() -> Self {
        Self {
            initial_interval: Interval::from_secs(1),
            backoff_coefficient: 2.0,
            maximum_interval: Interval::from_secs(60),
            maximum_attempts: 5,
        }
    }
}

impl RetryConfig {
    /// The wait after the given number of failed attempts.
    pub fn wait_after(&self, failed_attempts: u32) -> std::time::Duration {
        let first = self.initial_interval.as_duration().as_secs_f64();
        let longest = self.maximum_interval.as_duration().as_secs_f64();
        let exponent = i32::try_from(failed_attempts.saturating_sub(1)).unwrap_or(i32::MAX);
        let wait = first * self.backoff_coefficient.powi(exponent);
        std::time::Duration::from_secs_f64(wait.min(longest))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waits_grow_to_the_maximum() {
        let retry = RetryConfig::default();
        let waits: Vec<u64> = (1..9)
            .map(|failed| retry.wait_after(failed).as_secs())
            .collect();
        assert_eq!(waits, [1, 2, 4, 8, 16, 32, 60, 60]);
    }
}
