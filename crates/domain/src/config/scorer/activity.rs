//! A scorer that is an activity of somebody else's worker.

use serde::{Deserialize, Serialize};

use super::concurrency;
use crate::config::ActivityAdapter;
use crate::config::adapter::a_minute;
use crate::interval::Interval;

/// What a Temporal activity of a worker of your own makes of the output, in any language. What it is given and gives back is
/// in `docs/custom-activities.md`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct ActivityScorer {
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
    /// The task queue that your worker polls; not that of the service.
    #[cfg_attr(
        feature = "schema",
        schema(min_length = 1, max_length = 200, example = "my-scorers")
    )]
    pub task_queue: String,
    /// The type of the activity, as your worker registers it.
    #[cfg_attr(
        feature = "schema",
        schema(min_length = 1, max_length = 200, example = "score")
    )]
    pub activity: String,
    /// How long an activity may wait until your worker takes it. One that is not taken counts as no call; scoring waits for a
    /// worker, and says so.
    #[serde(default = "a_minute")]
    #[cfg_attr(feature = "schema", schema(value_type = Interval, default = "1m"))]
    pub schedule_to_start_timeout: Interval,
    /// After which silence a worker counts as lost, when your activity sends heartbeats.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "schema", schema(nullable = false, value_type = Interval))]
    pub heartbeat_timeout: Option<Interval>,
    /// Calls in flight at once, in each of the two stretches of the dataset that are scored at a time.
    #[serde(default = "concurrency")]
    #[cfg_attr(feature = "schema", schema(minimum = 1, maximum = 1000, default = 5))]
    pub concurrency: u32,
}

impl ActivityScorer {
    /// The activity, as an adapter names it.
    pub fn call(&self) -> ActivityAdapter {
        ActivityAdapter {
            task_queue: self.task_queue.clone(),
            activity: self.activity.clone(),
            schedule_to_start_timeout: self.schedule_to_start_timeout,
            heartbeat_timeout: self.heartbeat_timeout,
        }
    }
}
