//! What is known of the scores of one scorer: small, mergeable, and independent of the order of merging up to rounding.

use serde::{Deserialize, Serialize};

use crate::agreement::Agreement;
use crate::journal::ItemJournal;
use crate::money::Money;
use crate::output::TokenUsage;
use crate::result::ItemResult;
use crate::samples;
use crate::score::ScoreValue;
use crate::statistics::passes::Passes;

/// Equal-width bins over [0, 1]; the last one includes 1. Scores outside are counted apart.
pub const HISTOGRAM_BINS: usize = 10;

/// Count, mean, spread and histogram of the scores of one scorer.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Aggregate {
    /// The scorer's name in the experiment.
    pub scorer: String,
    /// Items scored.
    pub count: u64,
    /// Outputs that this scorer could not score.
    pub errors: u64,
    /// Items whose score was boolean.
    pub booleans: u64,
    /// Items whose score was true.
    #[serde(default)]
    pub trues: u64,
    /// The running mean, which [`Aggregate::mean`] makes exact for proportions.
    mean: f64,
    /// Sum of squared distances from the running mean.
    squares: f64,
    pub min: Option<f64>,
    pub max: Option<f64>,
    pub bins: [u64; HISTOGRAM_BINS],
    pub below: u64,
    pub above: u64,
    /// What the scorer asked others; none of a scorer that asks nobody.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub calls: Option<ScorerCalls>,
    /// How far the judges of a panel agree.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub agreement: Option<Agreement>,
    /// How many items passed in how many of their samples; none of items with one sample.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub passes: Option<Passes>,
}

/// The calls that a scorer made, as far as they are recorded.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct ScorerCalls {
    /// Calls whose outcome is known, repeated ones included.
    pub calls: u64,
    /// Calls that asked again for what was answered already.
    pub repeated: u64,
    /// Calls whose outcome nobody knows: they were given up, or in flight when a worker was lost, as far as was heard.
    pub lost: u64,
    /// Answers that came from the cache, without a call.
    pub cached: u64,
    /// Of all calls.
    pub usage: TokenUsage,
    /// What the calls cost, in US dollars; of models without a price in the provider table nothing is known.
    pub cost: Money,
}

impl ScorerCalls {
    /// Counts what is recorded of one question.
    pub fn count(&mut self, journal: &ItemJournal) {
        self.calls += journal.calls;
        self.repeated += journal.repeated;
        self.cached += u64::from(journal.output.cached);
        self.usage.add(journal.usage);
        self.cost += journal.cost;
    }

    pub fn add(&mut self, other: Self) {
        self.calls += other.calls;
        self.repeated += other.repeated;
        self.lost += other.lost;
        self.cached += other.cached;
        self.usage.add(other.usage);
        self.cost += other.cost;
    }
}

impl Aggregate {
    pub fn new(scorer: impl Into<String>) -> Self {
        Self {
            scorer: scorer.into(),
            count: 0,
            errors: 0,
            booleans: 0,
            trues: 0,
            mean: 0.0,
            squares: 0.0,
            min: None,
            max: None,
            bins: [0; HISTOGRAM_BINS],
            below: 0,
            above: 0,
            calls: None,
            agreement: None,
            passes: None,
        }
    }

    /// Adds the samples of an item: the mean of those that are scored is its score.
    pub fn push_item(&mut self, samples: &[ItemResult]) {
        if let Some(value) = samples::score(samples, &self.scorer) {
            self.push(value);
        }
        if samples.len() > 1 {
            let passes = self.passes.get_or_insert_default();
            passes.push(samples, &self.scorer);
        }
    }

    /// Adds one score, by Welford's method (Technometrics 4(3), 1962).
    pub fn push(&mut self, value: ScoreValue) {
        if let ScoreValue::Boolean(value) = value {
            self.booleans += 1;
            self.trues += u64::from(value);
        }
        let value = value.as_f64();
        self.count += 1;
        let distance = value - self.mean;
        self.mean += distance / self.count as f64;
        self.squares += distance * (value - self.mean);
        self.min = Some(self.min.map_or(value, |min| min.min(value)));
        self.max = Some(self.max.map_or(value, |max| max.max(value)));
        match value {
            v if v < 0.0 => self.below += 1,
            v if v > 1.0 => self.above += 1,
            v => self.bins[((v * HISTOGRAM_BINS as f64) as usize).min(HISTOGRAM_BINS - 1)] += 1,
        }
    }

    /// Adds the values that the judges of a panel gave an item.
    pub fn rated(&mut self, ratings: &[f64]) {
        if ratings.len() > 1 {
            self.agreement.get_or_insert_default().push(ratings);
        }
    }

    /// Adds what another aggregate of the same scorer knows, by the pairwise update of Chan, Golub and LeVeque (1979).
    pub fn merge(&mut self, other: &Self) {
        let count = self.count + other.count;
        if other.count > 0 {
            let distance = other.mean - self.mean;
            let share = other.count as f64 / count as f64;
            self.squares += other.squares + distance * distance * self.count as f64 * share;
            self.mean += distance * share;
        }
        self.count = count;
        self.errors += other.errors;
        self.booleans += other.booleans;
        self.trues += other.trues;
        self.min = [self.min, other.min].into_iter().flatten().reduce(f64::min);
        self.max = [self.max, other.max].into_iter().flatten().reduce(f64::max);
        for (bin, more) in self.bins.iter_mut().zip(other.bins) {
            *bin += more;
        }
        self.below += other.below;
        self.above += other.above;
        if let Some(calls) = other.calls {
            self.calls.get_or_insert_default().add(calls);
        }
        if let Some(agreement) = other.agreement {
            self.agreement.get_or_insert_default().merge(agreement);
        }
        if let Some(passes) = &other.passes {
            self.passes.get_or_insert_default().merge(passes);
        }
    }

    /// Whether every score was boolean, so that the mean is a proportion.
    pub fn is_proportion(&self) -> bool {
        self.count > 0 && self.booleans == self.count
    }

    /// The mean; for booleans the share of true ones, without the rounding of a running mean. 0 when nothing is scored.
    pub fn mean(&self) -> f64 {
        match self.is_proportion() {
            true => self.trues as f64 / self.count as f64,
            false => self.mean,
        }
    }

    /// Sum of squared distances from the mean.
    fn squares(&self) -> f64 {
        match self.is_proportion() {
            true => (self.trues * (self.count - self.trues)) as f64 / self.count as f64,
            false => self.squares.max(0.0),
        }
    }

    /// Sample standard deviation (divisor n - 1); none for fewer than two scores.
    pub fn standard_deviation(&self) -> Option<f64> {
        (self.count > 1).then(|| (self.squares() / (self.count - 1) as f64).sqrt())
    }

    /// Standard deviation of the mean; none for fewer than two scores.
    pub fn standard_error(&self) -> Option<f64> {
        self.standard_deviation()
            .map(|deviation| deviation / (self.count as f64).sqrt())
    }
}

/// Merges aggregates of several scorers, by name; a scorer not yet known is appended.
pub fn merge_all(into: &mut Vec<Aggregate>, from: &[Aggregate]) {
    for aggregate in from {
        match into
            .iter_mut()
            .find(|known| known.scorer == aggregate.scorer)
        {
            Some(known) => known.merge(aggregate),
            None => into.push(aggregate.clone()),
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn aggregate(values: &[f64]) -> Aggregate {
        let mut aggregate = Aggregate::new("s");
        for value in values {
            aggregate.push(ScoreValue::Number(*value));
        }
        aggregate
    }

    #[test]
    fn mean_and_deviation_are_those_of_the_textbook() {
        let aggregate = aggregate(&[2.0, 4.0, 4.0, 4.0, 5.0, 5.0, 7.0, 9.0]);
        assert_eq!(aggregate.mean(), 5.0);
        let deviation = aggregate.standard_deviation().unwrap();
        assert!((deviation - (32.0_f64 / 7.0).sqrt()).abs() < 1e-12);
    }

    #[test]
    fn the_share_of_true_scores_is_exact_however_it_was_merged() {
        let mut merged = Aggregate::new("s");
        for chunk in 0..8 {
            let mut part = Aggregate::new("s");
            (0..25).for_each(|item| part.push(ScoreValue::Boolean((chunk + item) % 4 != 0)));
            merged.merge(&part);
        }
        assert_eq!((merged.count, merged.mean()), (200, 0.75));
        let deviation = merged.standard_deviation().unwrap();
        assert_eq!(deviation, (150.0 * 50.0 / 200.0 / 199.0_f64).sqrt());
    }

    #[test]
    fn one_score_has_no_deviation() {
        assert_eq!(aggregate(&[0.5]).standard_error(), None);
    }

    #[test]
    fn edges_fall_into_the_bins_that_are_documented() {
        let aggregate = aggregate(&[0.0, 0.1, 1.0, -0.5, 1.5]);
        assert_eq!(aggregate.bins, [1, 1, 0, 0, 0, 0, 0, 0, 0, 1]);
        assert_eq!((aggregate.below, aggregate.above), (1, 1));
    }

    proptest! {
        #[test]
        fn merging_parts_equals_aggregating_the_whole(values in prop::collection::vec(-10.0..10.0_f64, 0..60), cut in 0..60_usize) {
            let (left, right) = values.split_at(cut.min(values.len()));
            let mut merged = aggregate(left);
            merged.merge(&aggregate(right));
            let whole = aggregate(&values);
            prop_assert_eq!(merged.count, whole.count);
            prop_assert!((merged.mean() - whole.mean()).abs() < 1e-9);
            prop_assert!((merged.squares - whole.squares).abs() < 1e-6);
            prop_assert_eq!(merged.bins, whole.bins);
            prop_assert_eq!((merged.min, merged.max), (whole.min, whole.max));
        }
    }
}
