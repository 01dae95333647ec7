//! What workflows may ask for. The worker implements it; each does one thing to the outside and may be done again.

use domain::aggregate::Aggregate;
use domain::dataset::DatasetRef;
use domain::experiment::ExperimentId;
use domain::limits::Share;
use domain::money::Money;
use domain::progress::{Generated, Progress};
use domain::result::StateCounts;
use domain::schedule::ScheduleId;
use domain::summary::{Delivery, Status};
use domain::waiting::Wait;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use temporalio_common::error::OutgoingActivityError;
use temporalio_macros::activity_definitions;

use crate::ids;

pub use experiment_activities::*; // the markers that the macro makes; implementations name them

/// Where the archived specification of an experiment is found.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct SpecRef {
    pub experiment_id: ExperimentId,
    pub sha256: String,
    /// The schedule that has started the experiment, with which the specification is found before the experiment has it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub schedule: Option<ScheduleId>,
}

impl SpecRef {
    /// The same for the workflow that has begun: what a schedule starts learns its id by beginning.
    pub(crate) fn begun(self, workflow_id: &str) -> Self {
        let own = match &self.schedule {
            Some(_) => ids::experiment_of(workflow_id),
            None => None,
        };
        Self {
            experiment_id: own.unwrap_or(self.experiment_id),
            ..self
        }
    }
}

/// One run: a model of an experiment, by its place among the models.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct RunRef {
    pub spec: SpecRef,
    pub index: u32,
    /// 0 at first, one more with each retry or rescoring.
    #[serde(default)]
    pub round: u32,
}

/// Asks for the dataset to be checked and stored in chunks.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Load {
    pub spec: SpecRef,
}

/// Asks for the outputs of a stretch of chunks.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Generate {
    pub run: RunRef,
    pub dataset: DatasetRef,
    /// The first chunk.
    pub chunk: u64,
    #[serde(default = "one")]
    pub chunks: u64,
    /// What the stretch adds to that which the worker may use for the run.
    #[serde(flatten)]
    pub share: Share,
    /// Whether the share is free at once. If not, it was that of a stretch which has just ended, whose worker uses it for
    /// a moment longer.
    #[serde(default)]
    pub is_free: bool,
    /// Only of a stretch after which no other is begun: those that are still under way, by their first chunks. What each
    /// of them leaves of the limits is for the rest.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last_beside: Option<Vec<u64>>,
    /// What the stretch may spend before it comes back unfinished.
    #[serde(default)]
    pub allowance: Allowance,
    /// The share of failed items beyond which the run fails.
    #[serde(default)]
    pub max_failure_rate: Option<f64>,
}

/// What may be spent; without a figure, as much as it takes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Allowance {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tokens: Option<u64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cost: Option<Money>,
}

/// What has become of a stretch.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
pub struct GeneratedStretch {
    /// Of the whole stretch, earlier attempts included.
    #[serde(flatten)]
    pub generated: Generated,
    /// Why some items are still to be asked; none when the stretch is complete.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub unfinished: Option<Unfinished>,
}

/// Why a stretch came back before its end.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Unfinished {
    /// It was called back: the run pauses, ends, or has other limits.
    Recalled,
    /// Its allowance is spent.
    AllowanceSpent,
}

/// Asks for the outputs of a stretch of chunks to be scored, as far as there are any.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct ScoreChunk {
    pub run: RunRef,
    pub dataset: DatasetRef,
    /// The first chunk.
    pub chunk: u64,
    #[serde(default = "one")]
    pub chunks: u64,
}

fn one() -> u64 {
    1
}

/// What scoring a stretch has shown.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct ScoredChunk {
    pub generated: Generated,
    pub states: StateCounts,
    pub aggregates: Vec<Aggregate>,
    /// Whether the end of the run kept scorers from asking what they ask others.
    #[serde(default)]
    pub cut_short: bool,
}

/// Asks for the summary of a run to be written and its results to be delivered.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Emit {
    pub run: RunRef,
    pub status: Status,
    /// Why the run ended before its time.
    pub reason: Option<String>,
    pub started_at: Timestamp,
    pub progress: Progress,
    /// Deliver the results of a run that has ended once more; status, reason and progress are those on record.
    #[serde(default)]
    pub again: bool,
}

/// What became of the sinks, and how the run has ended.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Emitted {
    pub deliveries: Vec<Delivery>,
    #[serde(default)]
    pub status: Option<Status>,
    #[serde(default)]
    pub reason: Option<String>,
}

/// Asks for a message to a webhook that only says that it is a test. Asked for by itself, not by a workflow.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct WebhookTest {
    /// Its name in the table of the workers.
    pub webhook: String,
    pub message_id: String,
}

/// What came of the message.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct WebhookTested {
    /// The HTTP status of the answer, when there was one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub status: Option<u16>,
    /// From sending to the answer, or until it was given up.
    pub duration_ms: u64,
    /// Why the message is not delivered.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub error: Option<String>,
}

/// How far a stretch has come; the details of GenerateOutput's heartbeats.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct ChunkProgress {
    pub generated: Generated,
    /// Items of which the last call failed and that will be asked again.
    pub waiting: u64,
    /// Calls begun whose outcome is not recorded yet.
    #[serde(default)]
    pub in_flight: u64,
    /// Why no call begins, when none does.
    #[serde(default)]
    pub wait: Option<Wait>,
    /// The attempt at an item that comes next, of the items that wait.
    #[serde(default)]
    pub next_attempt: Option<u32>,
}

/// How far the scorers of a stretch have come that ask others; the details of ScoreOutput's heartbeats. What is waited for
/// reads like that of [`ChunkProgress`], and nothing is counted as generated.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct ScoringProgress {
    #[serde(flatten)]
    whole: ChunkProgress,
    /// Of each who is asked.
    #[serde(default)]
    pub asked: Vec<ChunkProgress>,
}

impl ScoringProgress {
    /// All wait only when nobody is asked without a wait.
    pub fn of(asked: Vec<ChunkProgress>) -> Self {
        let in_flight = asked.iter().map(|asked| asked.in_flight).sum();
        let waiting = asked.iter().find(|asked| asked.wait.is_some());
        let waiting = waiting.filter(|_| in_flight == 0);
        let whole = ChunkProgress {
            generated: Generated::default(),
            waiting: asked.iter().map(|asked| asked.waiting).sum(),
            in_flight,
            wait: waiting.and_then(|asked| asked.wait.clone()),
            next_attempt: waiting.and_then(|asked| asked.next_attempt),
        };
        Self { whole, asked }
    }
}

pub struct ExperimentActivities;

#[activity_definitions]
impl ExperimentActivities {
    #[activity(name = "LoadDataset")]
    pub fn load_dataset(input: Load) -> Result<DatasetRef, OutgoingActivityError> {
        unimplemented!()
    }

    #[activity(name = "GenerateOutput")]
    pub fn generate_output(input: Generate) -> Result<GeneratedStretch, OutgoingActivityError> {
        unimplemented!()
    }

    #[activity(name = "ScoreOutput")]
    pub fn score_output(input: ScoreChunk) -> Result<ScoredChunk, OutgoingActivityError> {
        unimplemented!()
    }

    #[activity(name = "EmitResults")]
    pub fn emit_results(input: Emit) -> Result<Emitted, OutgoingActivityError> {
        unimplemented!()
    }

    #[activity(name = "TestWebhook")]
    pub fn test_webhook(input: WebhookTest) -> Result<WebhookTested, OutgoingActivityError> {
        unimplemented!()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_schedule_starts_is_called_as_its_workflow_and_nothing_else_is() {
        let spec = SpecRef {
            experiment_id: "nightly".parse().unwrap(),
            sha256: "00".to_owned(),
            schedule: None,
        };
        let workflow_id = "nightly-2026-11-27T03:00:00Z";
        assert_eq!(spec.clone().begun(workflow_id), spec);
        let scheduled = SpecRef {
            schedule: Some("nightly".parse().unwrap()),
            ..spec
        };
        let begun = scheduled.begun(workflow_id);
        assert_eq!(begun.experiment_id.as_ref(), workflow_id);
        assert_eq!(begun.clone().begun("nightly-2026-11-27T03:00:00Z~1"), begun);
    }
}
