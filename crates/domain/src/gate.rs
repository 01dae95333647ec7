//! Gates: rules that a run must pass, such as a least mean or a margin to a baseline, each with the numbers it was judged by.
//!
//! A rule without the numbers to judge it by fails: nothing passes for want of data.

pub mod rule;

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::comparison::difference::Difference;
use crate::gate::rule::{Measure, Rule};
use crate::result::StateCounts;
use crate::summary::{IntervalMethod, ScorerSummary};

/// A run as gates see it.
#[derive(Clone, Debug, Default)]
pub struct Judged {
    /// What the run is called, in differences too.
    pub run: String,
    pub states: StateCounts,
    pub scorers: BTreeMap<String, ScorerFigures>,
}

/// The figures of one scorer.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct ScorerFigures {
    /// Items scored.
    pub count: u64,
    /// Over the scored items.
    pub mean: Option<f64>,
    /// Items that passed, of several samples these; none of scores that neither pass nor fail.
    pub passed: Option<u64>,
}

impl From<&ScorerSummary> for ScorerFigures {
    fn from(summary: &ScorerSummary) -> Self {
        let method = summary.confidence_interval.map(|interval| interval.method);
        let passed = match (method, summary.mean) {
            // The mean is a count divided by a count, so that rounding gives back the first.
            (Some(IntervalMethod::Wilson), Some(mean)) => {
                Some((mean * summary.count as f64).round() as u64)
            }
            _ => None,
        };
        Self {
            count: summary.count,
            mean: summary.mean,
            passed: passed_samples(summary).or(passed),
        }
    }
}

/// The samples that passed, of items with several.
fn passed_samples(summary: &ScorerSummary) -> Option<u64> {
    let (first, last) = (summary.pass_at_k.first()?, summary.pass_at_k.last()?);
    // One sample drawn of each item passes as often as samples do; the last k is the number of samples.
    let samples = first.items as f64 * f64::from(last.k);
    (first.k == 1).then(|| (first.mean * samples).round() as u64)
}

/// What became of all rules.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct Verdict {
    /// Whether every rule passed; also when there is none.
    pub passed: bool,
    pub rules: Vec<RuleOutcome>,
}

/// What became of one rule.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct RuleOutcome {
    /// The rule as it is written.
    pub rule: String,
    pub passed: bool,
    /// The number that was judged; absent when there is none, which fails the rule.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "schema", schema(nullable = false))]
    pub observed: Option<f64>,
    /// The number it was held against.
    pub bound: f64,
    /// Both in plain words.
    pub message: String,
}

/// Judges a run by rules. Margins need differences of which the run is the candidate; they must hold in each.
pub fn judge(run: &Judged, differences: &[Difference], rules: &[Rule]) -> Verdict {
    let rules: Vec<RuleOutcome> = rules
        .iter()
        .map(|rule| outcome(run, differences, rule))
        .collect();
    Verdict {
        passed: rules.iter().all(|rule| rule.passed),
        rules,
    }
}

fn outcome(run: &Judged, differences: &[Difference], rule: &Rule) -> RuleOutcome {
    let observed = match &rule.measure {
        Measure::Mean { scorer } => figures(run, scorer).and_then(|(figures, _)| figures.mean),
        Measure::PassRate { scorer } => figures(run, scorer).and_then(|(figures, items)| {
            // An item without a score has not passed.
            let passed = figures.passed.filter(|_| items > 0)?;
            Some(passed as f64 / items as f64)
        }),
        Measure::FailureRate => failure_rate(&run.states),
        Measure::Margin { scorer } => lower_bound(run, differences, scorer),
    };
    let passed = observed.is_some_and(|observed| rule.allows(observed));
    let message = match observed {
        Some(observed) => rule.told(observed, passed),
        None => rule.untold(),
    };
    RuleOutcome {
        rule: rule.to_string(),
        passed,
        observed,
        bound: rule.bound,
        message,
    }
}

/// A scorer's figures, and the number of items that could have had a score.
fn figures<'a>(run: &'a Judged, scorer: &str) -> Option<(&'a ScorerFigures, u64)> {
    let figures = run.scorers.get(scorer)?;
    Some((figures, run.states.total().max(figures.count)))
}

/// The share of items that are not fully scored, those never asked included.
fn failure_rate(states: &StateCounts) -> Option<f64> {
    let total = states.total();
    (total > 0).then(|| (total - states.ok) as f64 / total as f64)
}

/// The least of the lower bounds of this run's differences from its baselines: it must hold against each.
fn lower_bound(run: &Judged, differences: &[Difference], scorer: &str) -> Option<f64> {
    let concerned =
        |difference: &&Difference| difference.candidate == run.run && difference.scorer == scorer;
    let mut least: Option<f64> = None;
    for difference in differences.iter().filter(concerned) {
        let low = difference.interval?.low;
        least = Some(least.map_or(low, |least| least.min(low)));
    }
    least
}

#[cfg(test)]
mod tests;
