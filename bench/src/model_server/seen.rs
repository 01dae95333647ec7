//! What the model server has seen: few numbers, and sixteen bytes for each prompt.

use std::collections::HashSet;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::time::{SystemTime, UNIX_EPOCH};

use serde::{Deserialize, Serialize};

#[derive(Default)]
pub(super) struct Seen {
    stats: Stats,
    marked: bool,
    /// Hashes of the prompts.
    prompts: HashSet<u64>,
    /// Those of the prompts that were answered.
    answered: HashSet<u64>,
}

/// What is told of it. Times are seconds since 1970, and absent until there is something to tell.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub(crate) struct Stats {
    /// Calls so far, repeated ones included.
    pub(crate) calls: u64,
    /// Calls for a prompt that was asked before.
    pub(crate) repeats: u64,
    /// Those of the repeats whose prompt was answered before: they are paid twice.
    pub(crate) repaid: u64,
    /// Answers that were sent to a client that was still there.
    pub(crate) answers: u64,
    pub(crate) in_flight: u64,
    pub(crate) most_in_flight: u64,
    pub(crate) first_call: Option<f64>,
    pub(crate) last_call: Option<f64>,
    pub(crate) last_answer: Option<f64>,
    pub(crate) first_call_after_mark: Option<f64>,
}

impl Stats {
    /// From the first call to the last answer, in seconds.
    pub(crate) fn phase(&self) -> Option<f64> {
        Some(self.last_answer? - self.first_call?)
    }
}

impl Seen {
    pub(super) fn begin(&mut self, prompt: &str) {
        let now = now();
        let hash = hash(prompt);
        let is_new = self.prompts.insert(hash);
        let stats = &mut self.stats;
        stats.calls += 1;
        stats.repeats += u64::from(!is_new);
        stats.repaid += u64::from(self.answered.contains(&hash));
        stats.in_flight += 1;
        stats.most_in_flight = stats.most_in_flight.max(stats.in_flight);
        stats.first_call.get_or_insert(now);
        stats.last_call = Some(now);
        if self.marked {
            stats.first_call_after_mark.get_or_insert(now);
        }
    }

    pub(super) fn end(&mut self, prompt: &str) {
        self.give_up();
        self.answered.insert(hash(prompt));
        self.stats.answers += 1;
        self.stats.last_answer = Some(now());
    }

    /// The client has gone before it was answered.
    pub(super) fn give_up(&mut self) {
        // A reset may have come between a call and its answer.
        self.stats.in_flight = self.stats.in_flight.saturating_sub(1);
    }

    /// The next call is the first after the mark.
    pub(super) fn mark(&mut self) {
        self.marked = true;
        self.stats.first_call_after_mark = None;
    }

    pub(super) fn stats(&self) -> Stats {
        self.stats.clone()
    }
}

fn hash(prompt: &str) -> u64 {
    let mut hash = DefaultHasher::new();
    prompt.hash(&mut hash);
    hash.finish()
}

/// Seconds since 1970.
pub(crate) fn now() -> f64 {
    SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .map_or(0.0, |elapsed| elapsed.as_secs_f64())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_prompt_that_is_asked_again_is_a_repeat() {
        let mut seen = Seen::default();
        seen.begin("a");
        seen.begin("b");
        seen.end("a");
        seen.give_up();
        seen.mark();
        assert_eq!(seen.stats().first_call_after_mark, None);
        seen.begin("a");
        let stats = seen.stats();
        assert_eq!((stats.calls, stats.answers), (3, 1));
        assert_eq!((stats.repeats, stats.repaid), (1, 1));
        assert_eq!((stats.in_flight, stats.most_in_flight), (1, 2));
        assert_eq!(stats.first_call_after_mark, stats.last_call);
        assert!(stats.phase().is_some_and(|phase| phase >= 0.0));
        seen.begin("b");
        let stats = seen.stats();
        assert_eq!((stats.repeats, stats.repaid), (2, 1), "it had no answer");
    }
}
