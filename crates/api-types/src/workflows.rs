//! Workflows as Temporal knows them, for those who look after the service.

use std::collections::HashMap;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use domain::summary::Status;

/// A workflow execution.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct Workflow {
    pub workflow_id: String,
    pub run_id: String,
    /// `ExperimentWorkflow` or `MultiModelWorkflow`.
    pub workflow_type: String,
    pub status: Status,
    pub task_queue: String,
    pub started_at: Timestamp,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "schema", schema(nullable = false))]
    pub ended_at: Option<Timestamp>,
    /// Events in the history of the current run.
    pub history_length: u64,
    /// Size of the history of the current run, in bytes.
    pub history_size_bytes: u64,
    pub pending_activities: Vec<PendingActivity>,
    /// Ids of the child workflows under way.
    pub pending_children: Vec<String>,
}

/// An activity that is scheduled or under way.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct PendingActivity {
    pub activity_id: String,
    /// `LoadDataset`, `GenerateOutput`, `ScoreOutput` or `EmitResults`.
    pub activity_type: String,
    pub state: PendingActivityState,
    pub attempt: u32,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "schema", schema(nullable = false))]
    pub last_started_at: Option<Timestamp>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "schema", schema(nullable = false))]
    pub last_heartbeat_at: Option<Timestamp>,
    /// When the next attempt may begin.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "schema", schema(nullable = false))]
    pub next_attempt_at: Option<Timestamp>,
    /// Why the attempt before failed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "schema", schema(nullable = false))]
    pub last_failure: Option<String>,
    /// The worker that had it last.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "schema", schema(nullable = false))]
    pub last_worker: Option<String>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub enum PendingActivityState {
    Scheduled,
    Started,
    CancelRequested,
    Paused,
    Unknown,
}

/// A page of a workflow's history, oldest event first.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct WorkflowHistory {
    pub events: Vec<WorkflowEvent>,
    /// Give it as `page_token` for the next page; absent on the last.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "schema", schema(nullable = false))]
    pub next_page_token: Option<String>,
}

/// An event of a workflow's history.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct WorkflowEvent {
    pub event_id: i64,
    pub event_time: Timestamp,
    /// Such as `ActivityTaskScheduled`.
    pub event_type: String,
    /// What distinguishes the event from others of its type, such as the activity's type or a failure's message.
    pub attributes: HashMap<String, Value>,
}
