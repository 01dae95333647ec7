//! What the items of a run have shown, gathered one after another: memory does not grow with their number.

mod failures;
mod latency;
mod worst;

use domain::result::ItemResult;
use serde::Serialize;

use self::failures::Failures;
use self::latency::Latencies;
use self::worst::Worst;

pub use self::failures::FailureGroup;
pub use self::latency::Latency;
pub use self::worst::{WorstItem, WorstItems};

/// What is being gathered of a run.
#[derive(Debug)]
pub struct Digest {
    latencies: Latencies,
    failures: Failures,
    worst: Worst,
}

/// What was gathered of a run.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Digested {
    /// None when no answer came with its time.
    pub latency: Option<Latency>,
    /// By kind, the most frequent first.
    pub failures: Vec<FailureGroup>,
    /// By scorer, for those with items that could score better.
    pub worst: Vec<WorstItems>,
}

impl Digest {
    /// Keeps so many of the worst items for each scorer.
    pub fn new(worst_items: usize) -> Self {
        Self {
            latencies: Latencies::default(),
            failures: Failures::default(),
            worst: Worst::new(worst_items),
        }
    }

    pub fn push(&mut self, result: &ItemResult) {
        let answer = result
            .output
            .as_ref()
            .and_then(|output| output.answer.as_ref());
        if let Some(milliseconds) = answer.and_then(|answer| answer.latency_ms) {
            self.latencies.push(milliseconds);
        }
        self.failures.push(result);
        self.worst.push(result);
    }

    pub fn finish(self) -> Digested {
        Digested {
            latency: self.latencies.finish(),
            failures: self.failures.finish(),
            worst: self.worst.finish(),
        }
    }
}
