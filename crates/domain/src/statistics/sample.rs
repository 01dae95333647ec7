//! Numbers of which statistics are taken: at least one, all finite, so that no statistic can be NaN.

use crate::statistics::distribution::student_quantile;

/// Beyond this, squares and cubes of a million numbers would leave the range of f64.
pub const LARGEST: f64 = 1e100;

/// At least one number, each finite and at most [`LARGEST`] in size: 8 bytes a number, so 8 MB for a million.
#[derive(Clone, Debug, PartialEq)]
pub struct Sample {
    values: Vec<f64>,
    mean: f64,
    squares: f64,
}

/// Why numbers are no sample.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NoSample {
    #[error("there are no numbers")]
    Empty,
    #[error("a number is not finite, or larger than 1e100")]
    OutOfRange,
}

impl Sample {
    pub fn new(values: Vec<f64>) -> Result<Self, NoSample> {
        if values.is_empty() {
            return Err(NoSample::Empty);
        }
        // Of NaN no comparison is true.
        if !values.iter().all(|value| value.abs() <= LARGEST) {
            return Err(NoSample::OutOfRange);
        }
        let mean = sum(values.iter().copied()) / values.len() as f64;
        let squares = sum(values.iter().map(|value| (value - mean).powi(2)));
        Ok(Self {
            mean,
            squares: if is_constant(&values) { 0.0 } else { squares },
            values,
        })
    }

    /// The differences `candidate - baseline` of pairs.
    pub fn differences(pairs: &[(f64, f64)]) -> Result<Self, NoSample> {
        Self::new(pairs.iter().map(|(before, after)| after - before).collect())
    }

    pub fn values(&self) -> &[f64] {
        &self.values
    }

    /// How many numbers there are: at least one.
    pub fn count(&self) -> usize {
        self.values.len()
    }

    pub fn mean(&self) -> f64 {
        self.mean
    }

    /// The middle number, or the mean of the two in the middle.
    pub fn median(&self) -> f64 {
        median(&mut self.values.clone())
    }

    /// Sample standard deviation (divisor n - 1); none for fewer than two numbers.
    pub fn standard_deviation(&self) -> Option<f64> {
        (self.count() > 1).then(|| (self.squares / (self.count() - 1) as f64).sqrt())
    }

    /// Standard deviation of the mean; none for fewer than two numbers.
    pub fn standard_error(&self) -> Option<f64> {
        let deviation = self.standard_deviation()?;
        Some(deviation / (self.count() as f64).sqrt())
    }

    /// mean ± t(0.975, n - 1) × standard error; none for fewer than two numbers.
    pub fn student_interval(&self) -> Option<(f64, f64)> {
        let half = student_quantile(0.975, (self.count() - 1) as f64)? * self.standard_error()?;
        Some((self.mean - half, self.mean + half))
    }
}

/// The median of at least one number; it reorders them.
pub(crate) fn median(values: &mut [f64]) -> f64 {
    let middle = values.len() / 2;
    let odd = values.len() % 2 == 1;
    let (below, upper, _) = values.select_nth_unstable_by(middle, f64::total_cmp);
    let lower = below.iter().copied().reduce(f64::max);
    match lower {
        Some(lower) if !odd => lower + (*upper - lower) / 2.0,
        _ => *upper,
    }
}

/// A sum whose error does not grow with the number of terms (Neumaier, ZAMM 54(1), 1974).
pub(crate) fn sum(terms: impl IntoIterator<Item = f64>) -> f64 {
    let (mut sum, mut lost) = (0.0_f64, 0.0);
    for term in terms {
        let next = sum + term;
        lost += match sum.abs() >= term.abs() {
            true => (sum - next) + term,
            false => (term - next) + sum,
        };
        sum = next;
    }
    sum + lost
}

/// Whether all numbers are the same, of which rounding would otherwise make a tiny spread.
fn is_constant(values: &[f64]) -> bool {
    values.windows(2).all(|pair| pair[0] == pair[1])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_could_lead_to_nan_is_no_sample() {
        assert_eq!(Sample::new(Vec::new()), Err(NoSample::Empty));
        for value in [f64::NAN, f64::INFINITY, f64::NEG_INFINITY, 1e101] {
            assert_eq!(Sample::new(vec![0.5, value]), Err(NoSample::OutOfRange));
        }
        let huge = Sample::new(vec![LARGEST, -LARGEST, LARGEST]).unwrap();
        assert!(huge.standard_error().unwrap().is_finite());
    }

    #[test]
    fn the_median_is_in_the_middle() {
        for (values, expected) in [
            (vec![3.0], 3.0),
            (vec![4.0, 1.0], 2.5),
            (vec![9.0, 1.0, 5.0], 5.0),
            (vec![1.0, 9.0, 2.0, 8.0], 5.0),
            (vec![1.0, 9.0, 2.0, 8.0, 0.0, 7.0], 4.5),
        ] {
            assert_eq!(Sample::new(values).unwrap().median(), expected);
        }
    }

    #[test]
    fn equal_numbers_have_no_spread_and_one_has_none_known() {
        let equal = Sample::new(vec![0.1; 7]).unwrap();
        assert_eq!(equal.standard_error(), Some(0.0));
        assert_eq!(Sample::new(vec![0.1]).unwrap().student_interval(), None);
    }

    #[test]
    fn a_sum_of_a_million_terms_loses_nothing() {
        assert_eq!(sum(std::iter::repeat_n(0.1, 1_000_000)), 100_000.0);
    }
}
