//! Activities of workers that are not ours.

use serde::{Deserialize, Serialize};

use crate::interval::Interval;

/// A Temporal activity of a worker of your own, in any language, in the namespace of the service. What it is given and gives
/// back is in `docs/custom-activities.md`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct ActivityAdapter {
    /// The task queue that your worker polls; not that of the service.
    #[cfg_attr(
        feature = "schema",
        schema(min_length = 1, max_length = 200, example = "my-models")
    )]
    pub task_queue: String,
    /// The type of the activity, as your worker registers it.
    #[cfg_attr(
        feature = "schema",
        schema(min_length = 1, max_length = 200, example = "answer")
    )]
    pub activity: String,
    /// How long an activity may wait until your worker takes it. One that is not taken counts as no call; the run waits for a
    /// worker, and says so.
    #[serde(default = "a_minute")]
    #[cfg_attr(feature = "schema", schema(value_type = Interval, default = "1m"))]
    pub schedule_to_start_timeout: Interval,
    /// After which silence a worker counts as lost, when your activity sends heartbeats.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "schema", schema(nullable = false, value_type = Interval))]
    pub heartbeat_timeout: Option<Interval>,
}

pub(crate) fn a_minute() -> Interval {
    Interval::from_secs(60)
}

impl ActivityAdapter {
    /// What is wrong with it, if anything, and in which field.
    pub fn fault(&self) -> Option<(&'static str, &'static str)> {
        let has_name = |name: &str| !name.trim().is_empty() && !name.chars().any(char::is_control);
        if !has_name(&self.task_queue) {
            return Some((
                "/task_queue",
                "a task queue has a name without control characters",
            ));
        }
        if self.task_queue.starts_with("/_sys/") || self.task_queue.starts_with("temporal-sys") {
            return Some(("/task_queue", "the task queue is one of Temporal's own"));
        }
        if !has_name(&self.activity) {
            return Some((
                "/activity",
                "an activity has a name without control characters",
            ));
        }
        if self.schedule_to_start_timeout.as_duration().is_zero() {
            return Some((
                "/schedule_to_start_timeout",
                "to take an activity takes some time",
            ));
        }
        let beats = self.heartbeat_timeout.map(Interval::as_duration);
        if beats.is_some_and(|timeout| timeout.is_zero()) {
            return Some(("/heartbeat_timeout", "heartbeats come after some time"));
        }
        None
    }
}
