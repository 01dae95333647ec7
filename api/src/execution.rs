//! What Temporal tells about a workflow, and what it is told to start one, in plain types.

use api_types::workflows::{PendingActivityState, WorkflowEvent};
use domain::experiment::ExperimentId;
use domain::limits::LimitsChange;
use domain::progress::Progress;
use domain::summary::Status;
use domain::tenant::Tenant;
use jiff::Timestamp;
use workflows::activities::ChunkProgress;
use workflows::experiment::{PauseCommand, RunInput};
use workflows::memo::ExperimentMemo;
use workflows::multi_model::MultiModelInput;

/// The workflow of an experiment, about to be started.
#[derive(Clone, Debug)]
pub struct Start {
    pub id: ExperimentId,
    pub memo: ExperimentMemo,
    pub input: Input,
    pub id_use: IdUse,
}

/// What the id of a workflow that is to be started may have been used for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum IdUse {
    /// For nothing, whatever became of it.
    First,
    /// For what has ended by now.
    Again,
}

/// What a workflow that runs may be told.
#[derive(Clone, Debug)]
pub enum Command {
    Pause(PauseCommand),
    Resume,
    ChangeLimits(LimitsChange),
}

/// What a workflow is started with; it decides the workflow's type.
#[derive(Clone, Debug)]
pub enum Input {
    OneModel(Box<RunInput>),
    SeveralModels(Box<MultiModelInput>),
}

/// A workflow, as it stands.
#[derive(Clone, Debug)]
pub struct Execution {
    pub workflow_id: String,
    pub run_id: String,
    pub workflow_type: String,
    pub task_queue: String,
    pub status: Status,
    /// When the first run of the workflow began, however often it has continued as new.
    pub started_at: Timestamp,
    pub ended_at: Option<Timestamp>,
    pub history_length: u64,
    pub history_size_bytes: u64,
    /// Absent for the runs of an experiment with several models.
    pub experiment: Option<ExperimentMemo>,
    pub progress: Option<Progress>,
    /// Whether the workflow's code waits for a worker to take it up.
    pub awaits_worker: bool,
    pub activities: Vec<Activity>,
    pub children: Vec<String>,
}

/// An activity that is scheduled or under way.
#[derive(Clone, Debug)]
pub struct Activity {
    pub id: String,
    pub kind: String,
    pub state: PendingActivityState,
    pub attempt: u32,
    pub last_started_at: Option<Timestamp>,
    pub last_heartbeat_at: Option<Timestamp>,
    pub next_attempt_at: Option<Timestamp>,
    pub last_failure: Option<LastFailure>,
    pub last_worker: Option<String>,
    /// What the last heartbeat said.
    pub progress: Option<ChunkProgress>,
}

/// Why the attempt before failed.
#[derive(Clone, Debug)]
pub struct LastFailure {
    /// One of `workflows::failure`; empty when the failure has no type.
    pub kind: String,
    pub message: String,
}

/// The kinds of tasks that workers poll for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum TaskKind {
    Workflow,
    Activity,
}

/// Which experiments to list.
#[derive(Clone, Debug)]
pub struct Which {
    /// Only those of this tenant; only those that are nobody's, when there is none.
    pub tenant: Option<Tenant>,
    pub status: Option<Status>,
    /// Only those that began by then, so that later pages fit the first one.
    pub until: Timestamp,
}

/// Which page of a longer list. An empty token is the first page.
#[derive(Clone, Debug)]
pub struct Page {
    pub size: u32,
    pub token: Vec<u8>,
}

/// A page of experiments.
#[derive(Clone, Debug)]
pub struct Listing {
    pub experiments: Vec<Listed>,
    /// Empty on the last page.
    pub next: Vec<u8>,
}

/// An experiment in a list.
#[derive(Clone, Debug)]
pub struct Listed {
    pub id: ExperimentId,
    pub status: Status,
    pub started_at: Timestamp,
    pub ended_at: Option<Timestamp>,
    pub memo: ExperimentMemo,
}

/// A page of a workflow's history.
#[derive(Clone, Debug)]
pub struct History {
    pub events: Vec<WorkflowEvent>,
    /// Empty on the last page.
    pub next: Vec<u8>,
}
