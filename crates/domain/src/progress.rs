//! How far a run has come: small enough to be written into the workflow's memo at the end of every chunk.

use serde::{Deserialize, Serialize};

use crate::aggregate::{self, Aggregate};
use crate::dataset::DatasetRef;
use crate::output::{Output, TokenUsage};
use crate::result::StateCounts;

/// What a run is doing.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub enum Stage {
    /// Not begun: its turn has not come.
    #[default]
    Queued,
    /// Reading and checking the dataset.
    Loading,
    /// Obtaining and scoring outputs.
    Evaluating,
    /// Writing the summary and delivering to sinks.
    Emitting,
    Done,
}

/// How far a run has come.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Progress {
    pub stage: Stage,
    pub dataset: Option<DatasetRef>,
    /// Of the chunks whose outputs are complete.
    pub generated: Generated,
    /// Of the chunks that are scored.
    pub states: StateCounts,
    pub aggregates: Vec<Aggregate>,
}

/// What has been generated, in numbers.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct Generated {
    /// Items with an answer.
    pub answered: u64,
    /// Items for which no answer could be obtained.
    pub failed: u64,
    /// Model calls whose outcome is known, repeated ones included.
    pub calls: u64,
    pub usage: TokenUsage,
}

impl Generated {
    pub fn add(&mut self, other: Self) {
        self.answered += other.answered;
        self.failed += other.failed;
        self.calls += other.calls;
        self.usage.add(other.usage);
    }

    /// Counts an output after which no further call is made for its item.
    pub fn count(&mut self, output: &Output) {
        self.calls += u64::from(output.attempts);
        match &output.answer {
            Some(answer) => {
                self.answered += 1;
                self.usage.add(answer.usage.unwrap_or_default());
            }
            None => self.failed += 1,
        }
    }
}

impl Progress {
    pub fn scored(&mut self, states: StateCounts, aggregates: &[Aggregate]) {
        self.states.add(states);
        aggregate::merge_all(&mut self.aggregates, aggregates);
    }
}
