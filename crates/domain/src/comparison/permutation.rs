//! The permutation test of pairs: how often a difference as large comes about when baseline and candidate change places.

use serde::{Deserialize, Serialize};

use crate::statistics::random::Random;
use crate::statistics::sample::{self, Sample};

/// Up to so many differences other than zero every exchange is tried; beyond, random ones.
pub const EXACT_UP_TO: usize = 20;

/// Fewer random exchanges say nothing worth telling.
pub const FEWEST: u64 = 99;

/// Sums that differ by less than this share of all differences are equal but for rounding.
const ROUNDING: f64 = 1e-13;

/// A two-sided test of exchangeability by pairs (Fisher, "The Design of Experiments", 1935).
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct Permutation {
    pub p_value: f64,
    /// Whether every exchange was tried, so that the p-value owes nothing to chance.
    pub exact: bool,
    /// How many exchanges were tried.
    pub permutations: u64,
}

/// Changes signs of differences: all ways when there are few, else `permutations` random ones, for which the p-value is
/// (as large + 1) / (tried + 1), so that it is never zero (Phipson and Smyth, SAGMB 9(1), 2010). None when it takes
/// random ones and fewer than [`FEWEST`] are granted.
///
/// Time grows with `permutations` × n; the memory is that of the differences.
pub fn permutation(differences: &Sample, permutations: u64, seed: u64) -> Option<Permutation> {
    let changed = differences.values().iter().copied();
    let changed: Vec<f64> = changed.filter(|difference| *difference != 0.0).collect();
    let all = sample::sum(changed.iter().map(|difference| difference.abs()));
    let least = sample::sum(changed.iter().copied()).abs() - ROUNDING * all;
    let Some((first, rest)) = changed.split_first() else {
        return Some(Permutation {
            p_value: 1.0,
            exact: true,
            permutations: 1,
        });
    };
    if changed.len() <= EXACT_UP_TO {
        // The first sign stays: to every way there is its opposite, which is as large.
        return Some(exact(as_large(rest, *first, least), 1 << rest.len()));
    }
    if permutations < FEWEST {
        return None;
    }
    let mut random = Random::new(seed);
    let as_large = (0..permutations)
        .filter(|_| exchanged(&changed, &mut random).abs() >= least)
        .count();
    Some(Permutation {
        p_value: (as_large as f64 + 1.0) / (permutations as f64 + 1.0),
        exact: false,
        permutations,
    })
}

fn exact(as_large: u64, of: u64) -> Permutation {
    Permutation {
        p_value: as_large as f64 / of as f64,
        exact: true,
        permutations: 2 * of,
    }
}

/// How many of all signs of `rest` make a sum with `sum` that is at least so large.
fn as_large(rest: &[f64], sum: f64, least: f64) -> u64 {
    match rest.split_first() {
        None => u64::from(sum.abs() >= least),
        Some((next, rest)) => as_large(rest, sum + next, least) + as_large(rest, sum - next, least),
    }
}

/// The sum with random signs: a bit decides each, the lowest first.
fn exchanged(differences: &[f64], random: &mut Random) -> f64 {
    let mut sum = 0.0;
    for block in differences.chunks(64) {
        let mut bits = random.bits();
        for difference in block {
            sum += f64::from_bits(difference.to_bits() ^ (bits << 63));
            bits >>= 1;
        }
    }
    sum
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::comparison::mcnemar::mcnemar;

    #[test]
    fn equal_runs_are_exchangeable() {
        let zeros = Sample::new(vec![0.0; 50]).unwrap();
        assert_eq!(permutation(&zeros, 0, 0).unwrap().p_value, 1.0);
    }

    #[test]
    fn a_random_p_value_is_never_zero() {
        let better = Sample::new(vec![0.5; 60]).unwrap();
        let permutation = permutation(&better, 999, 0).unwrap();
        assert_eq!((permutation.p_value, permutation.exact), (0.001, false));
    }

    #[test]
    fn too_few_random_exchanges_are_not_tried() {
        let better = Sample::new(vec![0.5; 60]).unwrap();
        assert_eq!(permutation(&better, FEWEST - 1, 0), None);
    }

    proptest! {
        #[test]
        fn of_booleans_it_is_the_exact_test_of_mcnemar(gained in 0..10_u64, lost in 0..10_u64, same in 1..9_u64) {
            let differences = [(gained, 1.0), (lost, -1.0), (same, 0.0)];
            let values = differences.iter().flat_map(|(count, value)| (0..*count).map(|_| *value));
            let sample = Sample::new(values.collect()).unwrap();
            let permutation = permutation(&sample, 0, 0).unwrap();
            prop_assert!((permutation.p_value - mcnemar(gained, lost).p_value).abs() < 1e-12);
        }
    }
}
