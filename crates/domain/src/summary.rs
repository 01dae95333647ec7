//! What is told of a run: its scores with their uncertainty, and how many items each number covers.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::aggregate::{Aggregate, ScorerCalls};
use crate::progress::Progress;
use crate::schedule::ScheduleId;
use crate::statistics::interval_95;
use crate::statistics::passes::PassAtK;

/// Where an experiment, or one run of it, stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub enum Status {
    Running,
    Paused,
    /// Every item was seen to; some may have failed, as the counts say.
    Completed,
    Failed,
    Cancelled,
    Terminated,
    TimedOut,
}

impl Status {
    /// Whether nothing will change any more.
    pub fn is_final(self) -> bool {
        !matches!(self, Self::Running | Self::Paused)
    }
}

/// What remains of a run when it has ended: archived in the artifact store, where it outlives the workflow.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct RunSummary {
    pub experiment_id: String,
    pub experiment_name: String,
    /// The run's place among the experiment's models.
    pub index: u32,
    pub model: String,
    pub status: Status,
    /// Why the run ended before its time.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    pub started_at: Timestamp,
    pub ended_at: Timestamp,
    pub progress: Progress,
    pub deliveries: Vec<Delivery>,
    /// 0 at first, one more with each retry or rescoring.
    #[serde(default)]
    pub round: u32,
    /// The hash of the specification that the round was carried out by; unknown of runs of an older worker.
    #[serde(default)]
    pub spec_sha256: Option<String>,
    /// The schedule that has started the experiment.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub schedule_id: Option<ScheduleId>,
    /// The trace of the round, when it was recorded.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub trace_id: Option<String>,
}

/// The scores of one scorer.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct ScorerSummary {
    /// The scorer's name in the experiment.
    pub scorer: String,
    /// Items scored: all other figures are about these. An item counts once, by the mean of its samples that are scored.
    pub count: u64,
    /// Items with an output that this scorer could not score; of several samples, each counts.
    pub errors: u64,
    /// Absent while nothing is scored.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "schema", schema(nullable = false))]
    pub mean: Option<f64>,
    /// Sample standard deviation; absent for fewer than two scores.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "schema", schema(nullable = false))]
    pub standard_deviation: Option<f64>,
    /// Standard error of the mean; absent for fewer than two scores.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "schema", schema(nullable = false))]
    pub standard_error: Option<f64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "schema", schema(nullable = false))]
    pub confidence_interval: Option<ConfidenceInterval>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "schema", schema(nullable = false))]
    pub min: Option<f64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "schema", schema(nullable = false))]
    pub max: Option<f64>,
    pub histogram: Histogram,
    /// What the scorer asked others, beside the calls of the run; absent for scorers that ask nobody.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "schema", schema(nullable = false))]
    pub calls: Option<ScorerCalls>,
    /// How far the judges of a panel agree over all items: Krippendorff's alpha, with the difference of values squared. 1 is
    /// full agreement, 0 what chance would bring. Absent without a panel, and when all values are equal.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "schema", schema(nullable = false))]
    pub agreement: Option<f64>,
    /// Of items with several samples, when scores pass or fail: for some k, how likely one of k samples passes.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub pass_at_k: Vec<PassAtK>,
}

/// An interval that holds the true mean in 95 % of experiments like this one.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct ConfidenceInterval {
    pub low: f64,
    pub high: f64,
    pub method: IntervalMethod,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub enum IntervalMethod {
    /// Wilson's score interval, for booleans.
    Wilson,
    /// Student's t, for numbers.
    StudentT,
}

/// How many scores fall into each of ten equal bins over [0, 1], and outside.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct Histogram {
    #[cfg_attr(feature = "schema", schema(min_items = 10, max_items = 10))]
    pub bins: Vec<u64>,
    pub below: u64,
    pub above: u64,
}

impl From<&Aggregate> for ScorerSummary {
    fn from(aggregate: &Aggregate) -> Self {
        let method = match aggregate.is_proportion() {
            true => IntervalMethod::Wilson,
            false => IntervalMethod::StudentT,
        };
        Self {
            scorer: aggregate.scorer.clone(),
            count: aggregate.count,
            errors: aggregate.errors,
            mean: (aggregate.count > 0).then(|| aggregate.mean()),
            standard_deviation: aggregate.standard_deviation(),
            standard_error: aggregate.standard_error(),
            confidence_interval: interval_95(aggregate).map(|(low, high)| ConfidenceInterval {
                low,
                high,
                method,
            }),
            min: aggregate.min,
            max: aggregate.max,
            histogram: Histogram {
                bins: aggregate.bins.to_vec(),
                below: aggregate.below,
                above: aggregate.above,
            },
            calls: aggregate.calls,
            agreement: aggregate.agreement.and_then(|agreement| agreement.alpha()),
            pass_at_k: match (&aggregate.passes, aggregate.count) {
                (Some(passes), 1..) => passes.at_all(),
                _ => Vec::new(),
            },
        }
    }
}

/// What became of a sink.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct Delivery {
    /// The sink's type.
    pub sink: String,
    /// The receiver that a `webhook` names.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "schema", schema(nullable = false))]
    pub endpoint: Option<String>,
    /// Where the results are: a key of the artifact store, for a sink that writes a file.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "schema", schema(nullable = false))]
    pub location: Option<String>,
    /// Why the delivery failed; absent when it succeeded.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "schema", schema(nullable = false))]
    pub error: Option<String>,
    /// How often it was tried.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "schema", schema(nullable = false))]
    pub attempts: Option<u32>,
    /// When it was tried last.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "schema", schema(nullable = false))]
    pub tried_at: Option<Timestamp>,
}
