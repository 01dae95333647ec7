//! Comparisons of runs on the same items: how much they differ, how sure that is, and which items got worse.
//!
//! `scores` pairs the items, `difference` compares two runs under one scorer, by the tests of `power`, `mcnemar` and
//! `permutation`; here every two runs are compared under every scorer, and `holm` corrects for there being many.
//! A higher score is taken for the better one.

pub mod difference;
pub mod holm;
pub mod mcnemar;
pub mod permutation;
pub mod power;
pub mod scores;
pub mod verdict;

use serde::{Deserialize, Serialize};

use crate::comparison::difference::{Difference, difference};
use crate::comparison::holm::holm;
use crate::comparison::scores::RunScores;
use crate::comparison::verdict::Standing;

/// Adjusted p-values from here on do not tell runs apart.
pub const LEVEL: f64 = 0.05;

/// What a comparison may take, and what it tells.
#[derive(Clone, Copy, Debug)]
pub struct Options {
    /// Random exchanges of the permutation test, when there are too many items to try all.
    pub permutations: u64,
    /// The seed of whatever is drawn: the same seed, the same answer.
    pub seed: u64,
    /// Regressions that are listed for each scorer and two runs; all are counted.
    pub regressions: usize,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            permutations: 9_999,
            seed: 0,
            regressions: 20,
        }
    }
}

/// Two or more runs compared.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Comparison {
    /// For each scorer the best run, and those that cannot be told apart from it.
    pub standings: Vec<Standing>,
    /// Every two runs under every scorer that both have: the earlier run is the baseline.
    pub differences: Vec<Difference>,
    /// Scorers that not every run has.
    pub partial_scorers: Vec<String>,
}

/// Why there is nothing to compare.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum CannotCompare {
    #[error("a comparison needs two runs or more")]
    TooFewRuns,
    #[error("no two of the runs have a scorer in common")]
    NoCommonScorer,
}

/// Compares every two runs under every scorer; the first run is the baseline of all others.
///
/// Beside the scores, it takes about 110 bytes for each item (160 where the runs do not have the same items), for one pair
/// of runs and one scorer at a time.
pub fn compare(runs: &[RunScores], options: &Options) -> Result<Comparison, CannotCompare> {
    if runs.len() < 2 {
        return Err(CannotCompare::TooFewRuns);
    }
    let scorers = scorers(runs);
    let mut comparable = Vec::new();
    for scorer in &scorers {
        for (place, baseline) in runs.iter().enumerate() {
            for candidate in &runs[place + 1..] {
                if has(baseline, scorer) && has(candidate, scorer) {
                    comparable.push((baseline, candidate, scorer));
                }
            }
        }
    }
    if comparable.is_empty() {
        return Err(CannotCompare::NoCommonScorer);
    }
    let tests = comparable.len() as u64;
    let mut differences: Vec<Difference> = comparable
        .into_iter()
        .map(|(baseline, candidate, scorer)| {
            difference(baseline, candidate, scorer, tests, options)
        })
        .collect();
    correct(&mut differences);
    let standings = scorers.iter();
    let standings = standings.filter_map(|scorer| Standing::of(runs, scorer, &differences));
    let partial = scorers
        .iter()
        .filter(|scorer| !runs.iter().all(|run| has(run, scorer)));
    Ok(Comparison {
        standings: standings.collect(),
        partial_scorers: partial.cloned().collect(),
        differences,
    })
}

/// The scorers of all runs, in the order in which they come up.
fn scorers(runs: &[RunScores]) -> Vec<String> {
    let mut scorers: Vec<String> = Vec::new();
    for scorer in runs.iter().flat_map(RunScores::scorers) {
        if !scorers.iter().any(|known| known == scorer) {
            scorers.push(scorer.to_owned());
        }
    }
    scorers
}

fn has(run: &RunScores, scorer: &str) -> bool {
    run.column(scorer).is_some()
}

/// Corrects the p-values for how many there are, and says what follows.
fn correct(differences: &mut [Difference]) {
    let p_values: Vec<f64> = differences
        .iter()
        .filter_map(|difference| difference.p_value)
        .collect();
    let mut adjusted = holm(&p_values).into_iter();
    for difference in differences {
        if difference.p_value.is_some() {
            difference.adjusted_p_value = adjusted.next();
        }
        difference.statistically_tied = difference
            .adjusted_p_value
            .is_none_or(|p_value| p_value >= LEVEL);
        difference.statement = verdict::statement(difference);
    }
}

#[cfg(test)]
mod tests;
