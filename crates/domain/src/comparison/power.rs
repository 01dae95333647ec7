//! Paired t tests: the p-value, the power, and the least difference that items of this spread would have shown.

use serde::{Deserialize, Serialize};

use crate::statistics::distribution::{normal_cdf, student_quantile, student_two_sided};
use crate::statistics::sample::Sample;

/// Points of the trapezoidal rule: far more than the smooth integrand needs.
const POINTS: u32 = 1_000;

/// A paired t test.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct PairedT {
    pub t: f64,
    pub degrees_of_freedom: u64,
    pub p_value: f64,
}

/// Student's test of differences (Biometrika 6(1), 1908); none for fewer than two, or when all are the same.
pub fn paired_t(differences: &Sample) -> Option<PairedT> {
    let error = differences.standard_error().filter(|error| *error > 0.0)?;
    let t = differences.mean() / error;
    let degrees_of_freedom = (differences.count() - 1) as u64;
    t.is_finite().then(|| PairedT {
        t,
        degrees_of_freedom,
        p_value: student_two_sided(t, degrees_of_freedom as f64),
    })
}

/// The least true mean difference that a two-sided paired t test at 5 % finds with 80 % power, given the spread of these
/// differences. None for fewer than two, or when all are the same: then the spread is not known.
pub fn minimum_detectable_effect(differences: &Sample) -> Option<f64> {
    let error = differences.standard_error().filter(|error| *error > 0.0)?;
    let df = (differences.count() - 1) as f64;
    let (mut low, mut high) = (0.0, 4.0);
    while power(high, df)? < 0.8 {
        high *= 2.0;
    }
    // Halved until f64 has no number between.
    for _ in 0..60 {
        let middle = (low + high) / 2.0;
        match power(middle, df)? < 0.8 {
            true => low = middle,
            false => high = middle,
        }
    }
    Some(high * error)
}

/// The power of a two-sided t test at 5 % when the true mean lies `effect` standard errors from zero: both tails of the
/// noncentral t distribution. None for no degree of freedom.
///
/// T = (Z + effect) / S, so its tail is the mean of a normal tail over S, the square root of chi² / df. That is summed
/// over ln S, where the density is smooth and falls off on both sides.
pub fn power(effect: f64, df: f64) -> Option<f64> {
    let critical = student_quantile(0.975, df)?;
    // Beyond these the density is below 1e-19 of its height.
    let reach = (46.0 / df).sqrt();
    let (from, to) = (-reach - 46.0 / df, reach);
    let step = (to - from) / f64::from(POINTS);
    let (mut weights, mut tails) = (0.0, 0.0);
    for point in 0..=POINTS {
        let log = from + step * f64::from(point);
        let weight = (df * (log - (2.0 * log).exp_m1() / 2.0)).exp();
        let bound = critical * log.exp();
        weights += weight;
        tails += weight * (normal_cdf(effect - bound) + normal_cdf(-effect - bound));
    }
    Some(tails / weights)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn without_an_effect_the_power_is_the_level() {
        for df in [1.0, 2.0, 9.0, 100.0, 1e5] {
            assert!((power(0.0, df).unwrap() - 0.05).abs() < 1e-10, "{df}");
        }
    }

    #[test]
    fn with_many_items_the_least_effect_is_that_of_the_normal_distribution() {
        let values = (0..10_001).map(|i| f64::from(i % 7) / 7.0).collect();
        let differences = Sample::new(values).unwrap();
        let effect = minimum_detectable_effect(&differences).unwrap();
        let errors = effect / differences.standard_error().unwrap();
        assert!((errors - (1.959_964 + 0.841_621)).abs() < 1e-3, "{errors}");
    }

    #[test]
    fn without_spread_there_is_no_test_and_no_effect() {
        let equal = Sample::new(vec![0.25; 8]).unwrap();
        assert_eq!(paired_t(&equal), None);
        assert_eq!(minimum_detectable_effect(&equal), None);
        let one = Sample::new(vec![0.25]).unwrap();
        assert_eq!(paired_t(&one), None);
    }
}
