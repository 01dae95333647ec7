//! Times of answers: their mean exactly, their quantiles within 2.5 %, in memory that does not grow with their number.

use std::collections::BTreeMap;

use serde::Serialize;

/// Each bucket ends 5 % above its beginning, so that its middle is at most 2.5 % from what is in it.
const GROWTH: f64 = 1.05;

/// The times of a run's answers, in milliseconds.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Latency {
    pub count: u64,
    pub mean: f64,
    /// Half of the answers took at most so long; within 2.5 %, as all quantiles here.
    pub p50: f64,
    pub p95: f64,
    pub p99: f64,
    pub max: f64,
}

#[derive(Debug, Default)]
pub(super) struct Latencies {
    /// How many times fall into [GROWTH^k, GROWTH^(k + 1)), by k. What is below a microsecond counts as one.
    buckets: BTreeMap<i32, u64>,
    count: u64,
    sum: f64,
    max: f64,
}

impl Latencies {
    pub(super) fn push(&mut self, milliseconds: f64) {
        if !(milliseconds.is_finite() && milliseconds >= 0.0) {
            return;
        }
        let bucket = milliseconds.max(1e-3).log(GROWTH).floor() as i32;
        *self.buckets.entry(bucket).or_default() += 1;
        self.count += 1;
        self.sum += milliseconds;
        self.max = self.max.max(milliseconds);
    }

    pub(super) fn finish(&self) -> Option<Latency> {
        (self.count > 0).then(|| Latency {
            count: self.count,
            mean: self.sum / self.count as f64,
            p50: self.quantile(0.5),
            p95: self.quantile(0.95),
            p99: self.quantile(0.99),
            max: self.max,
        })
    }

    /// The middle of the bucket in which the time of that rank lies.
    fn quantile(&self, share: f64) -> f64 {
        let rank = (share * self.count as f64).ceil().max(1.0) as u64;
        let mut seen = 0;
        for (bucket, count) in &self.buckets {
            seen += count;
            if seen >= rank {
                return (GROWTH.powi(*bucket) * (1.0 + GROWTH) / 2.0).min(self.max);
            }
        }
        self.max
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quantiles_are_near_those_of_the_sorted_times() {
        let mut latencies = Latencies::default();
        (1..=10_000).for_each(|ms| latencies.push(f64::from(ms)));
        let latency = latencies.finish().unwrap();
        assert_eq!(
            (latency.count, latency.mean, latency.max),
            (10_000, 5_000.5, 10_000.0)
        );
        for (quantile, exact) in [
            (latency.p50, 5_000.0),
            (latency.p95, 9_500.0),
            (latency.p99, 9_900.0),
        ] {
            assert!(
                (quantile / exact - 1.0_f64).abs() <= 0.0251,
                "{quantile} {exact}"
            );
        }
        assert!(latencies.buckets.len() < 200);
    }

    #[test]
    fn nothing_has_no_latency_and_nonsense_is_none() {
        let mut latencies = Latencies::default();
        [f64::NAN, f64::INFINITY, -1.0]
            .into_iter()
            .for_each(|ms| latencies.push(ms));
        assert_eq!(latencies.finish(), None);
        latencies.push(0.0);
        assert_eq!(latencies.finish().unwrap().p50, 0.0);
    }
}
