//! The scores of a run as a comparison takes them: by item and scorer, and paired with those of another run.

use std::collections::HashMap;

use serde::{Deserialize, Serialize};

use crate::result::ItemResult;
use crate::samples;
use crate::score::ScoreValue;

/// The scores of a run: the id of each item, and 16 bytes for each scorer.
#[derive(Clone, Debug, Default)]
pub struct RunScores {
    /// What the run is called in the comparison.
    pub run: String,
    ids: Vec<String>,
    columns: Vec<(String, Vec<Option<ScoreValue>>)>,
}

/// What became of the items of two runs under one scorer: their sum is the number of different items.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct PairCoverage {
    /// Scored in both: the comparison is about these.
    pub paired: u64,
    /// Scored in the baseline, while the candidate has no score of it.
    pub only_baseline: u64,
    /// Scored in the candidate, while the baseline has no score of it.
    pub only_candidate: u64,
    /// In both or one, and scored in none.
    pub neither: u64,
    /// Of all these, items that the candidate's run does not have.
    pub missing_in_candidate: u64,
    /// Of all these, items that the baseline's run does not have.
    pub missing_in_baseline: u64,
}

/// The pairs of one scorer: 16 bytes for each item scored in both runs, and a reference to its id.
#[derive(Debug, Default)]
pub(crate) struct Pairs<'a> {
    pub(crate) coverage: PairCoverage,
    pub(crate) ids: Vec<&'a str>,
    /// Baseline and candidate.
    pub(crate) values: Vec<(f64, f64)>,
    /// How many are boolean on both sides.
    booleans: usize,
}

impl RunScores {
    pub fn new(run: impl Into<String>) -> Self {
        Self {
            run: run.into(),
            ..Self::default()
        }
    }

    /// Adds an item, all of its samples; its id must not have been added before.
    pub fn push(&mut self, samples: &[ItemResult]) {
        let Some(first) = samples.first() else {
            return;
        };
        let place = self.ids.len();
        self.ids.push(first.item.id.clone());
        let mut known: Vec<&str> = Vec::new();
        for result in samples {
            let scored = result.scores.iter().map(|score| &score.name);
            let failed = result.scorer_errors.iter().map(|error| &error.name);
            for name in scored.chain(failed) {
                if !known.contains(&name.as_str()) {
                    known.push(name);
                    self.set(name, place, samples::score(samples, name));
                }
            }
        }
        for (_, column) in &mut self.columns {
            column.resize(place + 1, None);
        }
    }

    fn set(&mut self, scorer: &str, place: usize, value: Option<ScoreValue>) {
        let found = self.columns.iter().position(|(name, _)| name == scorer);
        let found = found.unwrap_or_else(|| {
            self.columns.push((scorer.to_owned(), Vec::new()));
            self.columns.len() - 1
        });
        let column = &mut self.columns[found].1;
        column.resize(place + 1, None);
        column[place] = value;
    }

    /// The scorers that were heard of, in the order in which they were.
    pub fn scorers(&self) -> impl Iterator<Item = &str> {
        self.columns.iter().map(|(name, _)| name.as_str())
    }

    /// How many items there are.
    pub fn count(&self) -> usize {
        self.ids.len()
    }

    /// The scores of a scorer, in the order of the items; none when it was never heard of.
    pub fn column(&self, scorer: &str) -> Option<&[Option<ScoreValue>]> {
        let found = self.columns.iter().find(|(name, _)| name == scorer);
        found.map(|(_, column)| column.as_slice())
    }

    fn places(&self) -> HashMap<&str, usize> {
        let ids = self.ids.iter().map(String::as_str);
        ids.zip(0..).collect()
    }
}

impl<'a> Pairs<'a> {
    /// Pairs the scores of two runs by the ids of the items.
    pub(crate) fn of(baseline: &'a RunScores, candidate: &RunScores, scorer: &str) -> Self {
        let mut pairs = Self::default();
        let places = candidate.places();
        let before = baseline.column(scorer).unwrap_or_default();
        let after = candidate.column(scorer).unwrap_or_default();
        let score =
            |column: &[Option<ScoreValue>], place: usize| column.get(place).copied().flatten();
        let mut matched = 0;
        for (place, id) in baseline.ids.iter().enumerate() {
            let other = places.get(id.as_str());
            match other {
                Some(_) => matched += 1,
                None => pairs.coverage.missing_in_candidate += 1,
            }
            let other = other.and_then(|other| score(after, *other));
            pairs.push(id, score(before, place), other);
        }
        if matched < candidate.ids.len() {
            pairs.count_strangers(baseline, candidate, after);
        }
        pairs
    }

    /// Counts the items of the candidate that the baseline does not have.
    fn count_strangers(
        &mut self,
        baseline: &RunScores,
        candidate: &RunScores,
        after: &[Option<ScoreValue>],
    ) {
        let known = baseline.places();
        for (place, id) in candidate.ids.iter().enumerate() {
            if known.contains_key(id.as_str()) {
                continue;
            }
            self.coverage.missing_in_baseline += 1;
            match after.get(place).copied().flatten() {
                Some(_) => self.coverage.only_candidate += 1,
                None => self.coverage.neither += 1,
            }
        }
    }

    fn push(&mut self, id: &'a str, before: Option<ScoreValue>, after: Option<ScoreValue>) {
        match (before, after) {
            (Some(before), Some(after)) => {
                self.coverage.paired += 1;
                self.ids.push(id);
                self.values.push((before.as_f64(), after.as_f64()));
                let boolean = |value| matches!(value, ScoreValue::Boolean(_));
                self.booleans += usize::from(boolean(before) && boolean(after));
            }
            (Some(_), None) => self.coverage.only_baseline += 1,
            (None, Some(_)) => self.coverage.only_candidate += 1,
            (None, None) => self.coverage.neither += 1,
        }
    }

    pub(crate) fn are_boolean(&self) -> bool {
        self.booleans == self.values.len()
    }
}
