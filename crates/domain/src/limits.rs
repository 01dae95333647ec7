//! What a stretch of a run may use of the run's limits.

use serde::{Deserialize, Serialize};

/// What a stretch of a run may use: its part of the run's limits.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Share {
    /// Calls in flight at once.
    pub concurrency: u32,
    /// Calls begun in a minute; as many as there can be unless given.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub requests_per_minute: Option<f64>,
    /// Tokens read and written in a minute; as many as there can be unless given.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tokens_per_minute: Option<f64>,
}
