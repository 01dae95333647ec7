//! How two runs differ under one scorer, on the items that both have scores of.

use serde::{Deserialize, Serialize};

use crate::comparison::Options;
use crate::comparison::mcnemar::{McNemar, mcnemar};
use crate::comparison::permutation::{Permutation, permutation};
use crate::comparison::power::{PairedT, minimum_detectable_effect, paired_t};
use crate::comparison::scores::{PairCoverage, Pairs, RunScores};
use crate::statistics::NORMAL_QUANTILE;
use crate::statistics::sample::Sample;

/// Random exchanges that it takes for each test, so that the least corrected p-value is a tenth of the level.
const EXCHANGES_PER_TEST: u64 = 199;

/// A candidate against a baseline under one scorer. All figures are about the items that have a score in both.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct Difference {
    pub scorer: String,
    pub baseline: String,
    pub candidate: String,
    pub coverage: PairCoverage,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "schema", schema(nullable = false))]
    pub baseline_mean: Option<f64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "schema", schema(nullable = false))]
    pub candidate_mean: Option<f64>,
    /// The candidate's score less the baseline's, item by item, on average.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "schema", schema(nullable = false))]
    pub mean_difference: Option<f64>,
    /// Of the mean difference; absent for fewer than two items.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "schema", schema(nullable = false))]
    pub standard_error: Option<f64>,
    /// At 95 %; absent for fewer than two items.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "schema", schema(nullable = false))]
    pub interval: Option<DifferenceInterval>,
    /// Items with a higher score in the candidate.
    pub wins: u64,
    /// Items with a lower score in the candidate.
    pub losses: u64,
    /// Items with the same score.
    pub ties: u64,
    /// The deciding test of numbers when random exchanges are too few for it; absent when all differences are equal.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "schema", schema(nullable = false))]
    pub paired_t: Option<PairedT>,
    /// The deciding test of booleans; absent for numbers.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "schema", schema(nullable = false))]
    pub mcnemar: Option<McNemar>,
    /// The deciding test of numbers, when it is exact or has exchanges enough for the number of comparisons; absent for
    /// booleans, and when there was no time for it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "schema", schema(nullable = false))]
    pub permutation: Option<Permutation>,
    /// Which of the tests decides.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "schema", schema(nullable = false))]
    pub deciding_test: Option<DecidingTest>,
    /// Of the deciding test, by itself.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "schema", schema(nullable = false))]
    pub p_value: Option<f64>,
    /// Corrected (Holm) for how many comparisons are made at once.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "schema", schema(nullable = false))]
    pub adjusted_p_value: Option<f64>,
    /// Whether the runs cannot be told apart: the adjusted p-value is 5 % or more, or there is none.
    pub statistically_tied: bool,
    /// The least true difference that these items would have shown in four of five experiments.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "schema", schema(nullable = false))]
    pub minimum_detectable_effect: Option<f64>,
    /// All of it in plain words.
    pub statement: String,
    /// The items that lost most, worst first; `losses` counts all.
    pub regressions: Vec<Regression>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub enum DecidingTest {
    Mcnemar,
    Permutation,
    PairedT,
}

/// Bounds of a mean difference at 95 %.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct DifferenceInterval {
    pub low: f64,
    pub high: f64,
    pub method: DifferenceMethod,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub enum DifferenceMethod {
    /// Student's t of the differences, for numbers.
    StudentT,
    /// Wald's interval with Bonett and Price's adjustment, for booleans.
    BonettPrice,
}

/// An item with a lower score in the candidate.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct Regression {
    pub item_id: String,
    pub baseline: f64,
    pub candidate: f64,
}

/// Compares two runs, one of so many tests at once. What must know of other comparisons, the correction and what follows from it, is left open.
pub(crate) fn difference(
    baseline: &RunScores,
    candidate: &RunScores,
    scorer: &str,
    tests: u64,
    options: &Options,
) -> Difference {
    let pairs = Pairs::of(baseline, candidate, scorer);
    let mut difference = Difference::unknown(baseline, candidate, scorer, &pairs);
    for (before, after) in &pairs.values {
        match after.total_cmp(before) {
            _ if after == before => difference.ties += 1,
            std::cmp::Ordering::Greater => difference.wins += 1,
            _ => difference.losses += 1,
        }
    }
    difference.regressions = regressions(&pairs, options.regressions);
    // Without a pair, or with scores beyond measure, nothing more is known.
    let Ok(differences) = Sample::differences(&pairs.values) else {
        return difference;
    };
    let mean = |side: fn(&(f64, f64)) -> f64| {
        let side = Sample::new(pairs.values.iter().map(side).collect());
        side.ok().map(|sample| sample.mean())
    };
    difference.baseline_mean = mean(|pair| pair.0);
    difference.candidate_mean = mean(|pair| pair.1);
    difference.mean_difference = Some(differences.mean());
    difference.standard_error = differences.standard_error();
    difference.paired_t = paired_t(&differences);
    difference.minimum_detectable_effect = minimum_detectable_effect(&differences);
    let (decider, p_value) = match pairs.are_boolean() {
        true => {
            let (gained, lost) = (difference.wins, difference.losses);
            difference.interval = bonett_price(gained, lost, pairs.coverage.paired);
            let test = mcnemar(gained, lost);
            difference.mcnemar = Some(test);
            Some((DecidingTest::Mcnemar, test.p_value)).unzip()
        }
        false => {
            difference.interval = student(&differences);
            difference.permutation = permutation(&differences, options.permutations, options.seed);
            decide(difference.permutation, difference.paired_t, tests).unzip()
        }
    };
    difference.deciding_test = decider;
    difference.p_value = p_value;
    difference
}

/// The test that decides on numbers. Which one it is depends on nothing that the scores say of the runs.
///
/// The least p-value of a random test is 1 / (exchanges + 1). Corrected for many tests, it could never be small.
fn decide(
    permutation: Option<Permutation>,
    paired_t: Option<PairedT>,
    tests: u64,
) -> Option<(DecidingTest, f64)> {
    let by_permutation = permutation.map(|test| (DecidingTest::Permutation, test.p_value));
    let by_t = paired_t.map(|test| (DecidingTest::PairedT, test.p_value));
    let is_fine = |test: Permutation| test.exact || test.permutations >= EXCHANGES_PER_TEST * tests;
    match permutation.is_some_and(is_fine) {
        true => by_permutation,
        // Without spread there is no t test.
        false => by_t.or(by_permutation),
    }
}

impl Difference {
    fn unknown(a: &RunScores, b: &RunScores, scorer: &str, pairs: &Pairs) -> Self {
        Self {
            scorer: scorer.to_owned(),
            baseline: a.run.clone(),
            candidate: b.run.clone(),
            coverage: pairs.coverage,
            baseline_mean: None,
            candidate_mean: None,
            mean_difference: None,
            standard_error: None,
            interval: None,
            wins: 0,
            losses: 0,
            ties: 0,
            paired_t: None,
            mcnemar: None,
            permutation: None,
            deciding_test: None,
            p_value: None,
            adjusted_p_value: None,
            statistically_tied: true,
            minimum_detectable_effect: None,
            statement: String::new(),
            regressions: Vec::new(),
        }
    }
}

fn student(differences: &Sample) -> Option<DifferenceInterval> {
    let (low, high) = differences.student_interval()?;
    Some(DifferenceInterval {
        low,
        high,
        method: DifferenceMethod::StudentT,
    })
}

/// The interval of a difference of paired proportions (Bonett and Price, JEBS 37(4), 2012): half an item that gained and
/// half one that lost are added to each side, so that no change at all still leaves room for one. None below two pairs.
pub fn bonett_price(gained: u64, lost: u64, pairs: u64) -> Option<DifferenceInterval> {
    if pairs < 2 || gained.saturating_add(lost) > pairs {
        return None;
    }
    let n = pairs as f64 + 2.0;
    let (gained, lost) = ((gained as f64 + 1.0) / n, (lost as f64 + 1.0) / n);
    let difference = gained - lost;
    let variance = (gained + lost - difference * difference) / n;
    let half = NORMAL_QUANTILE * variance.max(0.0).sqrt();
    Some(DifferenceInterval {
        low: (difference - half).max(-1.0),
        high: (difference + half).min(1.0),
        method: DifferenceMethod::BonettPrice,
    })
}

/// The items that lost most, worst first, and by id where they lost alike.
fn regressions(pairs: &Pairs, most: usize) -> Vec<Regression> {
    let mut lost: Vec<usize> = (0..pairs.values.len())
        .filter(|place| pairs.values[*place].1 < pairs.values[*place].0)
        .collect();
    let change = |place: usize| pairs.values[place].1 - pairs.values[place].0;
    lost.sort_by(|a, b| {
        let by_id = || pairs.ids[*a].cmp(pairs.ids[*b]);
        change(*a).total_cmp(&change(*b)).then_with(by_id)
    });
    let listed = lost.into_iter().take(most);
    listed
        .map(|place| Regression {
            item_id: pairs.ids[place].to_owned(),
            baseline: pairs.values[place].0,
            candidate: pairs.values[place].1,
        })
        .collect()
}
