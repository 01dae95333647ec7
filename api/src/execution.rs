//! What Temporal tells about a workflow, and what it is told to start one, in plain types.

use api_types::experiments::ExperimentOverview;
use api_types::workflows::{PendingActivityState, WorkflowEvent};
use domain::experiment::ExperimentId;
use domain::limits::LimitsChange;
use domain::progress::Progress;
use domain::schedule::ScheduleId;
use domain::summary::Status;
use domain::tag::Tag;
use domain::tenant::Tenant;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
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

/// What experiments must be like; what is absent is not asked for.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct ExperimentFilter {
    pub status: Option<Status>,
    pub name: Option<String>,
    pub model: Option<String>,
    pub tag: Option<Tag>,
    /// The schedule that has started them.
    pub schedule: Option<ScheduleId>,
    /// Of the latest round, as is `started_before`.
    pub started_after: Option<Timestamp>,
    pub started_before: Option<Timestamp>,
}

impl ExperimentFilter {
    /// Whether it names only what every Temporal can be asked for.
    pub(crate) fn is_of_temporal(&self) -> bool {
        let needs_more = self.name.is_some()
            || self.model.is_some()
            || self.tag.is_some()
            || self.schedule.is_some();
        !needs_more && self.status != Some(Status::Paused)
    }

    /// Whether an experiment passes.
    pub(crate) fn admits(&self, experiment: &ExperimentOverview) -> bool {
        let name = self.name.as_ref();
        let model = self.model.as_ref();
        let tag = self.tag.as_ref();
        let schedule = self.schedule.as_ref().map(ScheduleId::to_string);
        let started_at = experiment.started_at.unwrap_or(experiment.created_at);
        self.status.is_none_or(|it| it == experiment.status)
            && name.is_none_or(|it| *it == experiment.experiment_name)
            && model.is_none_or(|it| experiment.models.contains(it))
            && tag.is_none_or(|it| experiment.tags.iter().any(|tag| tag == it.as_ref()))
            && (schedule.is_none() || schedule == experiment.schedule_id)
            && self.started_after.is_none_or(|it| started_at > it)
            && self.started_before.is_none_or(|it| started_at < it)
    }
}

/// Which experiments to list.
#[derive(Clone, Debug)]
pub struct Which {
    /// Only those of this tenant; only those that are nobody's, when there is none.
    pub tenant: Option<Tenant>,
    pub filter: ExperimentFilter,
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
