//! Experiments as resources: created, shown, listed, summarised.

use domain::config::ExperimentConfig;
use domain::dataset::DatasetRef;
use domain::estimate::Estimate;
use domain::limits::RunLimits;
use domain::progress::{self, Generated, Stage};
use domain::result::StateCounts;
use domain::summary::{Delivery, ScorerSummary, Status};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

/// What to create.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct CreateExperiment {
    /// A name for people; need not be unique.
    #[cfg_attr(
        feature = "schema",
        schema(min_length = 1, max_length = 200, example = "truthfulqa, two prompts")
    )]
    pub experiment_name: String,
    /// An id of your own choice; one is made up unless given. An id that is taken is a conflict.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(
        feature = "schema",
        schema(nullable = false, pattern = "^[A-Za-z0-9][A-Za-z0-9_.-]{0,99}$")
    )]
    pub experiment_id: Option<String>,
    pub config: ExperimentConfig,
}

/// What checking an experiment has shown when it has no faults: it could be created.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct ExperimentCheck {
    /// Always true; faults are told as a problem document.
    pub valid: bool,
    pub experiment_name: String,
    pub models: Vec<String>,
    /// Items that are taken of the dataset, when they came with the request or were uploaded: of any other, only workers know.
    /// Absent also when an uploaded file takes longer to read than a request may.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "schema", schema(nullable = false))]
    pub items: Option<u64>,
    /// What it may take; absent when the items are not known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "schema", schema(nullable = false))]
    pub estimate: Option<Estimate>,
}

/// An experiment: its status, the runs of its models, and where to read on.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct Experiment {
    /// Also the id of its workflow.
    pub id: String,
    pub experiment_name: String,
    pub status: Status,
    /// Why it ended before its time.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "schema", schema(nullable = false))]
    pub reason: Option<String>,
    /// Why nothing moves, when nothing does.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "schema", schema(nullable = false))]
    pub waiting_on: Option<WaitingOn>,
    pub created_at: Timestamp,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "schema", schema(nullable = false))]
    pub ended_at: Option<Timestamp>,
    /// As the configuration has them.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub tags: Vec<String>,
    /// The schedule that has started it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "schema", schema(nullable = false))]
    pub schedule_id: Option<String>,
    /// One run a model, in the order of the configuration.
    pub models: Vec<ModelRun>,
    pub links: Links,
}

/// The run of one model.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct ModelRun {
    pub model: String,
    pub workflow_id: String,
    pub status: Status,
    /// Why the run ended before its time.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "schema", schema(nullable = false))]
    pub reason: Option<String>,
    pub stage: Stage,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "schema", schema(nullable = false))]
    pub waiting_on: Option<WaitingOn>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "schema", schema(nullable = false))]
    pub started_at: Option<Timestamp>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "schema", schema(nullable = false))]
    pub ended_at: Option<Timestamp>,
    /// Known once the dataset is loaded.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "schema", schema(nullable = false))]
    pub dataset: Option<DatasetRef>,
    /// Items, or samples of them when there are several, for which no further call will be made, those of chunks under way included.
    pub items_done: u64,
    /// Outputs obtained so far, those of chunks under way included.
    pub generated: Generated,
    /// Items by state, or their samples, of the chunks that are scored.
    pub states: StateCounts,
    /// The scores so far.
    pub scorers: Vec<ScorerSummary>,
    /// Estimated seconds until all items are done, from the pace so far.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "schema", schema(nullable = false))]
    pub eta_seconds: Option<f64>,
    /// What became of the sinks, once the run has ended.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub deliveries: Vec<Delivery>,
    /// The limits as they stand.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "schema", schema(nullable = false))]
    pub limits: Option<RunLimits>,
    /// Why it begins nothing, while it is paused.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "schema", schema(nullable = false))]
    pub pause: Option<Pause>,
    /// 0 at first, one more with each retry or rescoring.
    #[serde(default)]
    pub round: u32,
    /// The hash of the configuration that the round was carried out by; known once the run has ended.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "schema", schema(nullable = false))]
    pub spec_sha256: Option<String>,
}

/// Why a run is paused, and since when.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct Pause {
    pub by: PausedBy,
    pub since: Timestamp,
    /// What the user said of it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "schema", schema(nullable = false))]
    pub reason: Option<String>,
}

/// Who or what has paused a run.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub enum PausedBy {
    User,
    /// The run's `max_cost` is reached.
    Cost,
    /// The run's `max_tokens` are reached.
    Tokens,
}

impl From<progress::Pause> for Pause {
    fn from(pause: progress::Pause) -> Self {
        Self {
            by: match pause.by {
                progress::PausedBy::User => PausedBy::User,
                progress::PausedBy::Cost => PausedBy::Cost,
                progress::PausedBy::Tokens => PausedBy::Tokens,
            },
            since: pause.since,
            reason: pause.reason,
        }
    }
}

/// Why something that is not done does not move.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct WaitingOn {
    pub reason: WaitingReason,
    /// The same in words, with what to do about it.
    pub detail: String,
    /// When it will be tried again.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "schema", schema(nullable = false))]
    pub until: Option<Timestamp>,
    /// The attempt that comes next.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "schema", schema(nullable = false))]
    pub attempt: Option<u32>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub enum WaitingReason {
    /// No worker polls the service's task queue, or takes the activities of another.
    Worker,
    /// The provider asks for fewer calls, or the run's own limits do.
    RateLimit,
    /// A failure is tried again after a wait.
    Backoff,
    /// It is paused, by a user or because a budget is spent.
    Paused,
    /// The provider is away.
    Provider,
}

/// Where to read on.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct Links {
    /// This resource.
    #[serde(rename = "self")]
    pub itself: String,
    pub results: String,
    pub summary: String,
    pub workflow: String,
    /// Its page in the Temporal UI; absent when the service does not know the UI's address.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "schema", schema(nullable = false))]
    pub temporal_ui: Option<String>,
    /// The trace of its latest round; absent when none is recorded, or the service does not know where traces are shown.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "schema", schema(nullable = false))]
    pub trace: Option<String>,
    /// Its session in Langfuse; absent when the service does not know the project's address.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "schema", schema(nullable = false))]
    pub langfuse: Option<String>,
}

/// A page of experiments, newest first.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct ExperimentList {
    pub experiments: Vec<ExperimentOverview>,
    /// Give it as `page_token` for the next page; absent on the last.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "schema", schema(nullable = false))]
    pub next_page_token: Option<String>,
}

/// An experiment in a list.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct ExperimentOverview {
    pub id: String,
    pub experiment_name: String,
    pub status: Status,
    /// As the configuration has them.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub tags: Vec<String>,
    pub models: Vec<String>,
    pub created_at: Timestamp,
    /// When the latest round began.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "schema", schema(nullable = false))]
    pub started_at: Option<Timestamp>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "schema", schema(nullable = false))]
    pub ended_at: Option<Timestamp>,
    /// The schedule that has started it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "schema", schema(nullable = false))]
    pub schedule_id: Option<String>,
    pub links: Links,
}

/// How many experiments there are.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct ExperimentCounts {
    pub total: u64,
    /// Those that are paused, too.
    pub running: u64,
    pub completed: u64,
    pub failed: u64,
    pub cancelled: u64,
    pub terminated: u64,
    pub timed_out: u64,
}

/// The scores of an experiment, by model and scorer, with their uncertainty.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct ExperimentSummary {
    pub experiment_id: String,
    pub experiment_name: String,
    pub status: Status,
    pub models: Vec<ModelSummary>,
}

/// The scores of one model.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct ModelSummary {
    pub model: String,
    pub status: Status,
    /// Why the run ended before its time.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "schema", schema(nullable = false))]
    pub reason: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "schema", schema(nullable = false))]
    pub dataset: Option<DatasetRef>,
    /// Items by state, or their samples when there are several: a failed item is in no mean, but is counted here.
    pub states: StateCounts,
    pub generated: Generated,
    pub scorers: Vec<ScorerSummary>,
}
