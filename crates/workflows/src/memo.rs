//! What the memo of a workflow says, so that its status is answered without a worker.

use domain::schedule::ScheduleId;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

/// Written at the start: an [`ExperimentMemo`].
pub const EXPERIMENT: &str = "experiment";
/// Written at the end of every chunk: a [`domain::progress::Progress`].
pub const PROGRESS: &str = "progress";

/// Written by the schedule that starts a workflow: when it does, as it was asked for, in JSON.
pub const SCHEDULE: &str = "schedule";

/// What an experiment is, for lists and status.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ExperimentMemo {
    pub experiment_name: String,
    /// The models' names, in the order of their runs.
    pub models: Vec<String>,
    /// When it was created: a workflow that has continued as new no longer tells. What a schedule starts begins as it is
    /// created.
    #[serde(default)]
    pub created_at: Option<Timestamp>,
    /// The hash of its specification, by which a repeated request is told from another one.
    #[serde(default)]
    pub spec_sha256: Option<String>,
    /// 0 at first, one more with each retry or rescoring.
    #[serde(default)]
    pub round: u32,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub tags: Vec<String>,
    /// The schedule that has started it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub schedule_id: Option<ScheduleId>,
    /// The trace of the request that has begun the round, when it is recorded.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub trace_id: Option<String>,
}
