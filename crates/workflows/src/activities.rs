//! What workflows may ask for. The worker implements it; each does one thing to the outside and may be done again.

use domain::aggregate::Aggregate;
use domain::dataset::DatasetRef;
use domain::experiment::ExperimentId;
use domain::progress::{Generated, Progress};
use domain::result::StateCounts;
use domain::summary::{Delivery, Status};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use temporalio_common::error::OutgoingActivityError;
use temporalio_macros::activity_definitions;

pub use experiment_activities::*; // the markers that the macro makes; implementations name them

/// Where the archived specification of an experiment is found.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct SpecRef {
    pub experiment_id: ExperimentId,
    pub sha256: String,
}

/// One run: a model of an experiment, by its place among the models.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct RunRef {
    pub spec: SpecRef,
    pub index: u32,
}

/// Asks for the dataset to be checked and stored in chunks.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Load {
    pub spec: SpecRef,
}

/// Asks for the outputs of a chunk.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Generate {
    pub run: RunRef,
    pub dataset: DatasetRef,
    pub chunk: u64,
    /// Model calls that this chunk adds to those the worker may have in flight for the run.
    pub concurrency: u32,
}

/// Asks for the outputs of a chunk to be scored, as far as there are any.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct ScoreChunk {
    pub run: RunRef,
    pub dataset: DatasetRef,
    pub chunk: u64,
}

/// What scoring a chunk has shown.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct ScoredChunk {
    pub generated: Generated,
    pub states: StateCounts,
    pub aggregates: Vec<Aggregate>,
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
}

/// What became of the sinks.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Emitted {
    pub deliveries: Vec<Delivery>,
}

/// How far a chunk has come; the details of GenerateOutput's heartbeats.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct ChunkProgress {
    pub generated: Generated,
    /// Items of which the last call failed and that will be asked again.
    pub waiting: u64,
}

pub struct ExperimentActivities;

#[activity_definitions]
impl ExperimentActivities {
    #[activity(name = "LoadDataset")]
    pub fn load_dataset(input: Load) -> Result<DatasetRef, OutgoingActivityError> {
        unimplemented!()
    }

    #[activity(name = "GenerateOutput")]
    pub fn generate_output(input: Generate) -> Result<Generated, OutgoingActivityError> {
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
}
