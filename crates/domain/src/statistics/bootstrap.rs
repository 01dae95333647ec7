//! Intervals from resampling: percentile and BCa (Efron, JASA 82(397), 1987), for statistics without a formula.

use serde::{Deserialize, Serialize};

use crate::statistics::distribution::{normal_cdf, normal_quantile};
use crate::statistics::random::Random;
use crate::statistics::sample::{self, Sample};

/// What is taken of a sample, and of each resample.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Statistic {
    Mean,
    Median,
}

/// The 95 % intervals of a bootstrap.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct Bootstrap {
    /// Quantiles of the resampled statistic.
    pub percentile: Bounds,
    /// Corrected for bias and skewness; absent when every resample lies on one side, or leaving out an item changes nothing.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "schema", schema(nullable = false))]
    pub bca: Option<Bounds>,
}

/// The ends of an interval.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct Bounds {
    pub low: f64,
    pub high: f64,
}

/// Resamples with replacement `resamples` times. None for fewer than two numbers or no resample.
///
/// Time grows with `resamples` × n; memory is 8 bytes for each resample and each number.
pub fn bootstrap(
    sample: &Sample,
    statistic: Statistic,
    resamples: usize,
    seed: u64,
) -> Option<Bootstrap> {
    if sample.count() < 2 || resamples == 0 {
        return None;
    }
    let mut random = Random::new(seed);
    let values = sample.values();
    let mut drawn = vec![0.0; values.len()];
    let mut replicates: Vec<f64> = (0..resamples)
        .map(|_| {
            for place in &mut drawn {
                *place = values[random.below(values.len() as u64) as usize];
            }
            statistic.of(&mut drawn)
        })
        .collect();
    replicates.sort_unstable_by(f64::total_cmp);
    Some(Bootstrap {
        percentile: Bounds {
            low: percentile(&replicates, 0.025),
            high: percentile(&replicates, 0.975),
        },
        bca: corrected(sample, statistic, &replicates),
    })
}

impl Statistic {
    fn of(self, values: &mut [f64]) -> f64 {
        match self {
            Self::Mean => sample::sum(values.iter().copied()) / values.len() as f64,
            Self::Median => sample::median(values),
        }
    }

    /// The statistic with each number left out in turn.
    fn without_each(self, sample: &Sample) -> Vec<f64> {
        let values = sample.values();
        let rest = (values.len() - 1) as f64;
        match self {
            Self::Mean => {
                let total = sample::sum(values.iter().copied());
                values.iter().map(|value| (total - value) / rest).collect()
            }
            Self::Median => medians_without_each(values),
        }
    }
}

/// With the numbers in order, leaving one out moves the middle by half a place at most.
fn medians_without_each(values: &[f64]) -> Vec<f64> {
    let mut sorted = values.to_vec();
    sorted.sort_unstable_by(f64::total_cmp);
    let rest = sorted.len() - 1;
    let at = |place: usize, left_out: usize| sorted[place + usize::from(place >= left_out)];
    (0..sorted.len())
        .map(|left_out| {
            let upper = at(rest / 2, left_out);
            match rest % 2 {
                1 => upper,
                _ => {
                    let lower = at(rest / 2 - 1, left_out);
                    lower + (upper - lower) / 2.0
                }
            }
        })
        .collect()
}

fn corrected(sample: &Sample, statistic: Statistic, sorted: &[f64]) -> Option<Bounds> {
    let observed = statistic.of(&mut sample.values().to_vec());
    let below = sorted.partition_point(|replicate| *replicate < observed);
    let upto = sorted.partition_point(|replicate| *replicate <= observed);
    let share = (below + upto) as f64 / (2 * sorted.len()) as f64;
    if share <= 0.0 || share >= 1.0 {
        return None;
    }
    let bias = normal_quantile(share);
    let acceleration = acceleration(&statistic.without_each(sample))?;
    let bound = |tail: f64| {
        let z = bias + normal_quantile(tail);
        let stretch = 1.0 - acceleration * z;
        // Past its pole the correction means nothing.
        (stretch > 0.0).then(|| percentile(sorted, normal_cdf(bias + z / stretch)))
    };
    Some(Bounds {
        low: bound(0.025)?,
        high: bound(0.975)?,
    })
}

/// A sixth of the skewness of the jackknife; none without spread.
fn acceleration(without_each: &[f64]) -> Option<f64> {
    let mean = sample::sum(without_each.iter().copied()) / without_each.len() as f64;
    let largest = without_each
        .iter()
        .fold(0.0_f64, |most, value| most.max((mean - value).abs()));
    if largest == 0.0 {
        return None;
    }
    // In units of the largest, so that cubes neither overflow nor vanish.
    let influence = || without_each.iter().map(|value| (mean - value) / largest);
    let squares = sample::sum(influence().map(|value| value.powi(2)));
    let cubes = sample::sum(influence().map(|value| value.powi(3)));
    Some(cubes / (6.0 * squares.powf(1.5)))
}

/// The quantile of sorted numbers, interpolated linearly (Hyndman and Fan's seventh definition).
pub fn percentile(sorted: &[f64], share: f64) -> f64 {
    let last = sorted.len() - 1;
    let position = share.clamp(0.0, 1.0) * last as f64;
    let (low, high) = (position.floor() as usize, position.ceil() as usize);
    let (low, high) = (sorted[low], sorted[high.min(last)]);
    low + (high - low) * position.fract()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_seed_gives_the_same_intervals() {
        let sample = Sample::new(vec![0.1, 0.4, 0.35, 0.9, 0.2, 0.7]).unwrap();
        let run = |seed| bootstrap(&sample, Statistic::Mean, 500, seed);
        assert_eq!(run(1), run(1));
        assert_ne!(run(1), run(2));
    }

    #[test]
    fn equal_numbers_have_a_point_and_no_correction() {
        let sample = Sample::new(vec![0.5; 9]).unwrap();
        let bootstrap = bootstrap(&sample, Statistic::Mean, 100, 0).unwrap();
        let point = Bounds {
            low: 0.5,
            high: 0.5,
        };
        assert_eq!(bootstrap.percentile, point);
        assert_eq!(bootstrap.bca, None);
    }

    #[test]
    fn one_number_cannot_be_resampled() {
        let sample = Sample::new(vec![0.5]).unwrap();
        assert_eq!(bootstrap(&sample, Statistic::Median, 100, 0), None);
    }
}
