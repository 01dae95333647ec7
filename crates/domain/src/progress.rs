//! How far a run has come: small enough to be written into the workflow's memo at the end of every chunk.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::aggregate::{self, Aggregate};
use crate::dataset::DatasetRef;
use crate::journal::ItemJournal;
use crate::limits::RunLimits;
use crate::money::Money;
use crate::output::TokenUsage;
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
    /// Of the stretches that are begun and not under way: those of a run that is paused.
    #[serde(default)]
    pub held: Generated,
    /// Why nothing is begun, while it is paused.
    #[serde(default)]
    pub pause: Option<Pause>,
    /// The limits as they stand; none in runs of an older worker.
    #[serde(default)]
    pub limits: Option<RunLimits>,
}

/// Why a run is paused, and since when.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Pause {
    pub by: PausedBy,
    pub since: Timestamp,
    /// What the user said of it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
}

/// Who or what has paused a run.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PausedBy {
    User,
    /// The run's `max_cost` is reached.
    Cost,
    /// The run's `max_tokens` are reached.
    Tokens,
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
    /// Of all calls.
    pub usage: TokenUsage,
    /// Answers that came from the cache, without a call.
    #[serde(default)]
    pub cached: u64,
    /// Calls that asked again for what was answered already.
    #[serde(default)]
    pub repeated: u64,
    /// Calls whose outcome nobody knows: they were given up, or in flight when a worker was lost, as far as was heard.
    #[serde(default)]
    pub lost: u64,
    /// What the calls cost, in US dollars; of models without a price in the provider table nothing is known.
    #[serde(default)]
    pub cost: Money,
}

impl Generated {
    pub fn add(&mut self, other: Self) {
        self.answered += other.answered;
        self.failed += other.failed;
        self.calls += other.calls;
        self.usage.add(other.usage);
        self.cached += other.cached;
        self.repeated += other.repeated;
        self.lost += other.lost;
        self.cost += other.cost;
    }

    /// Items for which no further call is made.
    pub fn done(&self) -> u64 {
        self.answered + self.failed
    }

    /// Counts the calls of an item, whether or not more will be made.
    pub fn count_calls(&mut self, journal: &ItemJournal) {
        self.calls += journal.calls;
        self.repeated += journal.repeated;
        self.usage.add(journal.usage);
        self.cost += journal.cost;
    }

    /// Counts an item for which no further call is made.
    pub fn count_item(&mut self, journal: &ItemJournal) {
        match journal.output.answer {
            Some(_) => self.answered += 1,
            None => self.failed += 1,
        }
        self.cached += u64::from(journal.output.cached);
    }
}

impl Progress {
    pub fn scored(&mut self, states: StateCounts, aggregates: &[Aggregate]) {
        self.states.add(states);
        aggregate::merge_all(&mut self.aggregates, aggregates);
    }
}
