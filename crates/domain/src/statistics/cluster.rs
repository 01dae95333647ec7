//! The certainty of a mean of items that come in groups, such as questions about one document.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::statistics::distribution::student_quantile;
use crate::statistics::sample::{self, Sample};

/// Cluster-robust certainty of a mean.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct Clustered {
    /// How many clusters there are; with few, say under twenty, the interval is too narrow even so.
    pub clusters: u64,
    pub standard_error: f64,
    /// Bounds of the 95 % interval, by Student's t with one degree of freedom fewer than clusters.
    pub low: f64,
    pub high: f64,
}

/// The standard error that holds when items of a cluster are alike (CR0 of Liang and Zeger, Biometrika 73(1), 1986),
/// times the square root of G / (G - 1) for G clusters. None for fewer than two clusters, or a key missing.
///
/// `keys` names each number's cluster, in the order of the sample.
pub fn clustered<K: Ord>(sample: &Sample, keys: &[K]) -> Option<Clustered> {
    if keys.len() != sample.count() {
        return None;
    }
    let mut sums: BTreeMap<&K, f64> = BTreeMap::new();
    for (key, value) in keys.iter().zip(sample.values()) {
        *sums.entry(key).or_default() += value - sample.mean();
    }
    let clusters = sums.len() as f64;
    if sums.len() < 2 {
        return None;
    }
    let squares = sample::sum(sums.values().map(|sum| sum * sum));
    let correction = clusters / (clusters - 1.0);
    let standard_error = (correction * squares).sqrt() / sample.count() as f64;
    let half = student_quantile(0.975, clusters - 1.0)? * standard_error;
    Some(Clustered {
        clusters: sums.len() as u64,
        standard_error,
        low: sample.mean() - half,
        high: sample.mean() + half,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn clusters_of_one_item_give_the_plain_standard_error() {
        let sample = Sample::new(vec![0.1, 0.5, 0.9, 0.2, 0.3]).unwrap();
        let clustered = clustered(&sample, &[1, 2, 3, 4, 5]).unwrap();
        let plain = sample.standard_error().unwrap();
        assert!((clustered.standard_error - plain).abs() < 1e-15);
        assert_eq!(clustered.clusters, 5);
    }

    #[test]
    fn one_cluster_says_nothing() {
        let sample = Sample::new(vec![0.1, 0.5]).unwrap();
        assert_eq!(clustered(&sample, &["a", "a"]), None);
        assert_eq!(clustered(&sample, &["a"]), None);
    }
}
