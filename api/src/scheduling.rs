//! What Temporal is told of schedules and tells about them, in plain types, and the trait through which handlers do so.

use api_types::schedules::{OverlapPolicy, Schedule, ScheduleSpec};
use async_trait::async_trait;
use domain::interval::Interval;
use domain::schedule::ScheduleId;
use jiff::Timestamp;
use workflows::memo::ExperimentMemo;

use crate::error::ApiError;
use crate::execution::{Input, Page};

/// A schedule, about to be created.
#[derive(Clone, Debug)]
pub struct NewSchedule {
    pub id: ScheduleId,
    /// The hash of the request, by which a repetition is told from another one.
    pub request_sha256: String,
    pub spec: ScheduleSpec,
    pub overlap_policy: OverlapPolicy,
    pub catchup_window: Option<Interval>,
    pub pause_on_failure: bool,
    pub paused: bool,
    pub note: Option<String>,
    pub action: Action,
}

/// What a schedule starts.
#[derive(Clone, Debug)]
pub struct Action {
    pub memo: ExperimentMemo,
    pub input: Input,
}

/// What of a schedule is to change.
#[derive(Clone, Debug, Default)]
pub struct ScheduleChange {
    pub spec: Option<ScheduleSpec>,
    pub overlap_policy: Option<OverlapPolicy>,
    pub catchup_window: Option<Interval>,
    pub pause_on_failure: Option<bool>,
    pub note: Option<String>,
    pub action: Option<Action>,
}

/// What a schedule may be told.
#[derive(Clone, Debug)]
pub enum ScheduleOrder {
    Pause(String),
    Resume(String),
    /// Start an experiment now.
    Trigger(Option<OverlapPolicy>),
    /// Act as if this time passed now; both ends are part of it.
    Backfill {
        start: Timestamp,
        end: Timestamp,
        overlap_policy: Option<OverlapPolicy>,
    },
}

/// A schedule of ours.
#[derive(Clone, Debug)]
pub struct Scheduled {
    pub schedule: Schedule,
    pub request_sha256: Option<String>,
}

/// What the service asks of Temporal about schedules. What is not there, or is not ours, is told by `None` or `false`.
#[async_trait]
pub trait Schedules: Send + Sync {
    /// Creates a schedule; [`ApiError::Conflict`] when its id is taken.
    async fn create_schedule(&self, new: NewSchedule) -> Result<(), ApiError>;

    async fn describe_schedule(&self, id: &ScheduleId) -> Result<Option<Scheduled>, ApiError>;

    /// The ids of a page of schedules, the newest first, and where the next page begins: nowhere when it is empty.
    async fn list_schedules(&self, page: Page) -> Result<(Vec<ScheduleId>, Vec<u8>), ApiError>;

    async fn change_schedule(
        &self,
        id: &ScheduleId,
        change: ScheduleChange,
    ) -> Result<bool, ApiError>;

    async fn order_schedule(&self, id: &ScheduleId, order: ScheduleOrder)
    -> Result<bool, ApiError>;

    async fn delete_schedule(&self, id: &ScheduleId) -> Result<bool, ApiError>;
}
