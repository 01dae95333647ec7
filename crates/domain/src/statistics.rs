//! How certain a mean is: confidence intervals at 95 %, from formulas, from resampling, and for items in clusters.
//!
//! `sample` makes NaN impossible, `distribution` and `random` are what the rest stands on, `bootstrap` and `cluster` are
//! for means without a formula or without independence, `classification` is for labels, `passes` for several samples of an item, and `breakdown` applies all of it to the results of a run.
//! Every formula, its source and its reference are in `docs/statistics.md`.

pub mod bootstrap;
pub mod breakdown;
pub mod classification;
pub mod cluster;
pub mod distribution;
pub mod passes;
pub mod random;
pub mod sample;

use crate::aggregate::Aggregate;
use crate::statistics::distribution::student_quantile;

/// The 97.5 % quantile of the standard normal distribution, to the precision of f64.
pub(crate) const NORMAL_QUANTILE: f64 = 1.959_963_984_540_054;

/// The 95 % interval of a mean: Wilson's for booleans, Student's t otherwise. None when the scores do not allow one.
pub fn interval_95(aggregate: &Aggregate) -> Option<(f64, f64)> {
    match aggregate.is_proportion() {
        true => wilson(aggregate.trues, aggregate.count),
        false => student(aggregate),
    }
}

/// Wilson's score interval for a proportion (JASA 22(158), 1927), within [0, 1]; none of nothing.
pub fn wilson(trues: u64, count: u64) -> Option<(f64, f64)> {
    if count == 0 || trues > count {
        return None;
    }
    let (n, proportion) = (count as f64, trues as f64 / count as f64);
    let z2 = NORMAL_QUANTILE * NORMAL_QUANTILE;
    let centre = (proportion + z2 / (2.0 * n)) / (1.0 + z2 / n);
    let spread = proportion * (1.0 - proportion) / n + z2 / (4.0 * n * n);
    let half = NORMAL_QUANTILE / (1.0 + z2 / n) * spread.sqrt();
    Some(((centre - half).max(0.0), (centre + half).min(1.0)))
}

/// Whether failures pass a rate: so many that `items` in all cannot keep to it, or that the lower bound of Wilson's
/// 95 % interval over those done so far lies above it.
pub fn exceeds(failed: u64, done: u64, items: u64, rate: f64) -> bool {
    if failed == 0 {
        return false;
    }
    let is_sure = failed as f64 > rate * items.max(done) as f64;
    is_sure || wilson(failed, done.max(failed)).is_some_and(|(low, _)| low > rate)
}

/// mean ± t(0.975, n - 1) × standard error; none for fewer than two scores.
fn student(aggregate: &Aggregate) -> Option<(f64, f64)> {
    let error = aggregate.standard_error()?;
    let half = student_quantile(0.975, (aggregate.count - 1) as f64)? * error;
    Some((aggregate.mean() - half, aggregate.mean() + half))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::score::ScoreValue;

    fn aggregate(values: impl IntoIterator<Item = ScoreValue>) -> Aggregate {
        let mut aggregate = Aggregate::new("s");
        values.into_iter().for_each(|value| aggregate.push(value));
        aggregate
    }

    /// statsmodels 0.15: `proportion_confint(count, nobs, method="wilson")`.
    #[test]
    fn proportions_have_the_interval_of_the_reference() {
        for (count, of, low, high) in [
            (8, 10, 0.490_162_471_536_641_83, 0.943_317_848_545_624_7),
            (0, 5, 0.0, 0.434_482_464_787_174_9),
            (50, 100, 0.403_831_530_365_995_6, 0.596_168_469_634_004_4),
        ] {
            let aggregate = aggregate((0..of).map(|i| ScoreValue::Boolean(i < count)));
            let (l, h) = interval_95(&aggregate).unwrap();
            assert!(
                (l - low).abs() < 1e-9 && (h - high).abs() < 1e-9,
                "{count}/{of}: {l} {h}"
            );
        }
    }

    /// scipy 1.17: `t.interval(0.95, n - 1, mean, sem)`.
    #[test]
    fn means_have_the_interval_of_the_reference() {
        let aggregate = aggregate([0.2, 0.5, 0.9, 0.4].map(ScoreValue::Number));
        let (low, high) = interval_95(&aggregate).unwrap();
        let (l, h) = (0.031_556_587_696_761_73, 0.968_443_412_303_238_3);
        assert!(
            (low - l).abs() < 1e-9 && (high - h).abs() < 1e-9,
            "{low} {high}"
        );
    }

    #[test]
    fn one_number_has_no_interval_and_nothing_has_none() {
        assert_eq!(interval_95(&aggregate([ScoreValue::Number(0.3)])), None);
        assert_eq!(interval_95(&aggregate([])), None);
    }

    #[test]
    fn a_failure_rate_is_passed_when_it_is_sure_or_all_but_sure() {
        // One of two proves little; 20 of 40 do, of a rate of 10 %.
        assert!(!exceeds(1, 2, 1_000, 0.1));
        assert!(exceeds(20, 40, 1_000, 0.1));
        // 101 of 1,000 are too many, however many are still to come.
        assert!(exceeds(101, 990, 1_000, 0.1));
        assert!(!exceeds(100, 1_000, 1_000, 0.1));
        assert!(exceeds(1, 1, 10, 0.0));
        assert!(!exceeds(0, 10, 10, 0.0));
        assert!(!exceeds(10, 10, 10, 1.0));
    }
}
