//! Schedules: when experiments are started again and again, and what has come of it so far.

use domain::config::ExperimentConfig;
use domain::interval::Interval;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

/// A schedule to create.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct CreateSchedule {
    /// An id of your own choice; one is made up unless given. An id that is taken is a conflict.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(
        feature = "schema",
        schema(
            nullable = false,
            pattern = "^[A-Za-z0-9][A-Za-z0-9_.-]{0,63}$",
            example = "nightly"
        )
    )]
    pub schedule_id: Option<String>,
    /// The name of every experiment that the schedule starts.
    #[cfg_attr(
        feature = "schema",
        schema(min_length = 1, max_length = 200, example = "nightly regression")
    )]
    pub experiment_name: String,
    /// What every experiment of the schedule does. An uploaded dataset without a version stays at the latest one at the time
    /// of the request; files and addresses are read anew by each experiment.
    pub config: ExperimentConfig,
    pub spec: ScheduleSpec,
    #[serde(default)]
    #[cfg_attr(feature = "schema", schema(default = "skip"))]
    pub overlap_policy: OverlapPolicy,
    /// For how long a time that passed while Temporal was away is made up for: 10 seconds at least. A year unless given.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "schema", schema(nullable = false, value_type = Interval))]
    pub catchup_window: Option<Interval>,
    /// Pause the schedule when one of its experiments fails.
    #[serde(default)]
    #[cfg_attr(feature = "schema", schema(default = false))]
    pub pause_on_failure: bool,
    /// Start nothing until it is resumed.
    #[serde(default)]
    #[cfg_attr(feature = "schema", schema(default = false))]
    pub paused: bool,
    /// For people.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "schema", schema(nullable = false, max_length = 500))]
    pub note: Option<String>,
}

/// What of a schedule is to change; what is absent stays as it is.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct UpdateSchedule {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(
        feature = "schema",
        schema(nullable = false, min_length = 1, max_length = 200)
    )]
    pub experiment_name: Option<String>,
    /// In place of the whole configuration. Experiments that run are not changed by it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "schema", schema(nullable = false))]
    pub config: Option<ExperimentConfig>,
    /// In place of all times.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "schema", schema(nullable = false))]
    pub spec: Option<ScheduleSpec>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "schema", schema(nullable = false))]
    pub overlap_policy: Option<OverlapPolicy>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "schema", schema(nullable = false, value_type = Interval))]
    pub catchup_window: Option<Interval>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "schema", schema(nullable = false))]
    pub pause_on_failure: Option<bool>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "schema", schema(nullable = false, max_length = 500))]
    pub note: Option<String>,
}

/// When experiments are started: at all times that `cron`, `calendars` or `intervals` name, of which there is one at least,
/// but for those that `exclude` names.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct ScheduleSpec {
    /// Cron expressions of five fields (minute, hour, day of month, month, day of week), or `@hourly`, `@daily`, `@weekly`,
    /// `@monthly` or `@yearly`. A day has to fit both its fields.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[cfg_attr(feature = "schema", schema(max_items = 50, example = json!(["0 3 * * MON-FRI"])))]
    pub cron: Vec<String>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[cfg_attr(feature = "schema", schema(max_items = 50))]
    pub calendars: Vec<Calendar>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[cfg_attr(feature = "schema", schema(max_items = 50))]
    pub intervals: Vec<ScheduleInterval>,
    /// Times at which nothing is started, such as holidays.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[cfg_attr(feature = "schema", schema(max_items = 50))]
    pub exclude: Vec<Calendar>,
    /// The time zone of `cron`, `calendars` and `exclude`, by its IANA name; UTC unless given. A time that a clock skips when
    /// it is put forward does not come; one that it shows twice comes twice.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(
        feature = "schema",
        schema(nullable = false, max_length = 64, example = "Europe/Berlin")
    )]
    pub time_zone: Option<String>,
    /// Nothing is started before.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "schema", schema(nullable = false))]
    pub start_time: Option<Timestamp>,
    /// Nothing is started after.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "schema", schema(nullable = false))]
    pub end_time: Option<Timestamp>,
    /// Every start is put off by a random time of at most so long.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "schema", schema(nullable = false, value_type = Interval))]
    pub jitter: Option<Interval>,
}

/// Times of a calendar: those that fit every field. Without a field, second, minute and hour are 0, and the others anything.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct Calendar {
    /// 0 to 59.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[cfg_attr(feature = "schema", schema(max_items = 60))]
    pub second: Vec<CalendarRange>,
    /// 0 to 59.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[cfg_attr(feature = "schema", schema(max_items = 60))]
    pub minute: Vec<CalendarRange>,
    /// 0 to 23.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[cfg_attr(feature = "schema", schema(max_items = 24))]
    pub hour: Vec<CalendarRange>,
    /// 1 to 31.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[cfg_attr(feature = "schema", schema(max_items = 31))]
    pub day_of_month: Vec<CalendarRange>,
    /// 1 to 12.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[cfg_attr(feature = "schema", schema(max_items = 12))]
    pub month: Vec<CalendarRange>,
    /// 0, which is Sunday, to 6.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[cfg_attr(feature = "schema", schema(max_items = 7))]
    pub day_of_week: Vec<CalendarRange>,
    /// 2000 to 2100.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[cfg_attr(feature = "schema", schema(max_items = 101))]
    pub year: Vec<CalendarRange>,
    /// For people.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "schema", schema(nullable = false, max_length = 200))]
    pub comment: Option<String>,
}

/// Values of a field: every `step`th from `start` to `end`, both included. Without an end, only `start`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct CalendarRange {
    #[cfg_attr(feature = "schema", schema(minimum = 0, maximum = 2100))]
    pub start: u16,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(
        feature = "schema",
        schema(nullable = false, minimum = 0, maximum = 2100)
    )]
    pub end: Option<u16>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(
        feature = "schema",
        schema(nullable = false, minimum = 1, maximum = 2100)
    )]
    pub step: Option<u16>,
}

/// Times at equal distances, counted from 1970-01-01T00:00:00Z.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct ScheduleInterval {
    /// Whole seconds.
    pub every: Interval,
    /// How much later than the beginning of each interval: less than one of them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "schema", schema(nullable = false, value_type = Interval))]
    pub offset: Option<Interval>,
}

/// What happens at a time at which an experiment of the schedule still runs: nothing (`skip`), one experiment is started when
/// that one has ended, however many times have passed (`buffer_one`), or one for each time, one after another (`buffer_all`);
/// that one is ended before a new one is started (`cancel_other`, `terminate_other`), or a new one is started beside it
/// (`allow_all`).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub enum OverlapPolicy {
    /// Nothing.
    #[default]
    Skip,
    /// One experiment is started when that one has ended, however many times have passed.
    BufferOne,
    /// An experiment is started for each time, one after another.
    BufferAll,
    /// That one is cancelled, and a new one started when it has ended.
    CancelOther,
    /// That one is terminated, and a new one started.
    TerminateOther,
    /// A new one is started beside it.
    AllowAll,
}

/// A schedule as it stands.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct Schedule {
    pub id: String,
    /// The name of the experiments that it starts.
    pub experiment_name: String,
    /// The models of these experiments.
    pub models: Vec<String>,
    /// The hash of their configuration.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "schema", schema(nullable = false))]
    pub spec_sha256: Option<String>,
    pub spec: ScheduleSpec,
    pub overlap_policy: OverlapPolicy,
    /// A year unless given.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "schema", schema(nullable = false, value_type = Interval))]
    pub catchup_window: Option<Interval>,
    pub pause_on_failure: bool,
    pub paused: bool,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "schema", schema(nullable = false))]
    pub note: Option<String>,
    pub created_at: Timestamp,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "schema", schema(nullable = false))]
    pub updated_at: Option<Timestamp>,
    /// The next times, ten at most; none while it is paused.
    pub next_times: Vec<Timestamp>,
    /// Experiments of it that run.
    pub running: Vec<ExperimentLink>,
    /// The experiments that it has started last, the latest first, ten at most.
    pub recent: Vec<StartedExperiment>,
    pub counts: ScheduleCounts,
    pub links: ScheduleLinks,
}

/// An experiment that runs.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct ExperimentLink {
    pub experiment_id: String,
    /// Its path.
    pub link: String,
}

/// An experiment that a schedule has started.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct StartedExperiment {
    pub experiment_id: String,
    /// The time that it stands for.
    pub scheduled_at: Timestamp,
    pub started_at: Timestamp,
    /// Its path.
    pub link: String,
}

/// What has become of the times so far.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct ScheduleCounts {
    /// Experiments started.
    pub started: u64,
    /// Times at which nothing was started, because another experiment ran.
    pub skipped: u64,
    /// Times that passed while Temporal was away, longer ago than the catch-up window.
    pub missed: u64,
    /// Times that wait for the end of another experiment.
    pub waiting: u64,
}

/// Where to read on.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct ScheduleLinks {
    /// This resource.
    #[serde(rename = "self")]
    pub itself: String,
}

/// A page of schedules.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct ScheduleList {
    pub schedules: Vec<Schedule>,
    /// Give it as `page_token` for the next page; absent on the last.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "schema", schema(nullable = false))]
    pub next_page_token: Option<String>,
}

/// Why a schedule is paused or resumed.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct NoteSchedule {
    /// In place of the schedule's note.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "schema", schema(nullable = false, max_length = 500))]
    pub note: Option<String>,
}

/// How an experiment of a schedule is started now.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct TriggerSchedule {
    /// In place of the schedule's own, this once.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "schema", schema(nullable = false))]
    pub overlap_policy: Option<OverlapPolicy>,
}

/// Times to make up for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct BackfillSchedule {
    /// The first time, if the schedule names it.
    pub start_time: Timestamp,
    /// The last time, if the schedule names it.
    pub end_time: Timestamp,
    /// In place of the schedule's own: as all times come at once, it decides how many of them count.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "schema", schema(nullable = false))]
    pub overlap_policy: Option<OverlapPolicy>,
}
