//! The result for one item and model: the item, its output and its scores.

use std::borrow::Cow;

use serde::{Deserialize, Serialize};

use crate::item::DatasetItem;
use crate::output::Output;
use crate::score::{Score, ScorerError};

/// How far an item has come; every aggregate says how many items of each state it covers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub enum ItemState {
    /// Answered, and scored by every scorer.
    Ok,
    /// No answer could be obtained.
    GenerationFailed,
    /// Answered, but at least one scorer could not score it.
    ScorerFailed,
    /// Never asked, because the run ended before.
    Skipped,
}

/// One item of one run with its output and scores; of several samples, one of them.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct ItemResult {
    pub item: DatasetItem,
    /// Which of the item's samples it is, from 0.
    #[serde(default)]
    pub sample: u32,
    pub state: ItemState,
    /// Absent when the item was skipped.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "schema", schema(nullable = false))]
    pub output: Option<Output>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub scores: Vec<Score>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub scorer_errors: Vec<ScorerError>,
}

impl ItemResult {
    /// What a report calls it: by the item's id, and all samples but the first by their number.
    pub fn label(&self) -> Cow<'_, str> {
        match self.sample {
            0 => Cow::Borrowed(&self.item.id),
            sample => Cow::Owned(format!("{} (sample {sample})", self.item.id)),
        }
    }
}

/// How many items are in each state; of several samples, each counts.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct StateCounts {
    pub ok: u64,
    pub generation_failed: u64,
    pub scorer_failed: u64,
    pub skipped: u64,
}

impl StateCounts {
    pub fn count(&mut self, state: ItemState) {
        match state {
            ItemState::Ok => self.ok += 1,
            ItemState::GenerationFailed => self.generation_failed += 1,
            ItemState::ScorerFailed => self.scorer_failed += 1,
            ItemState::Skipped => self.skipped += 1,
        }
    }

    pub fn add(&mut self, other: Self) {
        self.ok += other.ok;
        self.generation_failed += other.generation_failed;
        self.scorer_failed += other.scorer_failed;
        self.skipped += other.skipped;
    }

    pub fn total(&self) -> u64 {
        self.ok + self.generation_failed + self.scorer_failed + self.skipped
    }
}
