//! What a provider has seen; kept for the test to ask.

use std::collections::{BTreeMap, VecDeque};
use std::time::{Duration, Instant};

use serde_json::Value;

/// Requests that are kept whole: the latest. Of all others only the number is known, so that a run may have any size.
const KEPT: usize = 10_000;

#[derive(Debug, Default)]
pub(super) struct Seen {
    /// Calls by model and prompt.
    calls: BTreeMap<(String, String), u32>,
    pub(super) total: u64,
    /// Completions that were sent to the end.
    pub(super) delivered: u64,
    pub(super) in_flight: u32,
    pub(super) most_in_flight: u32,
    requests: VecDeque<Request>,
}

#[derive(Debug)]
pub(super) struct Request {
    pub(super) at: Instant,
    pub(super) body: Value,
    pub(super) authorization: Option<String>,
}

impl Seen {
    /// Takes note of a request that begins. Gives back which it is for its prompt and model, from 1, and how
    /// many are in flight with it.
    pub(super) fn note(
        &mut self,
        model: &str,
        prompt: &str,
        body: Value,
        authorization: Option<String>,
    ) -> (u32, u32) {
        let key = (model.to_owned(), prompt.to_owned());
        let count = self.calls.entry(key).or_default();
        *count += 1;
        let nth = *count;
        self.total += 1;
        self.in_flight += 1;
        self.most_in_flight = self.most_in_flight.max(self.in_flight);
        if self.requests.len() == KEPT {
            self.requests.pop_front();
        }
        self.requests.push_back(Request {
            at: Instant::now(),
            body,
            authorization,
        });
        (nth, self.in_flight)
    }

    pub(super) fn repeated(&self) -> u64 {
        self.total - self.calls.len() as u64
    }

    pub(super) fn asked(&self, prompt: &str) -> u32 {
        self.calls
            .iter()
            .filter(|((_, asked), _)| asked == prompt)
            .map(|(_, count)| count)
            .sum()
    }

    pub(super) fn asked_of(&self, model: &str) -> BTreeMap<String, u32> {
        self.calls
            .iter()
            .filter(|((asked, _), _)| asked == model)
            .map(|((_, prompt), count)| (prompt.clone(), *count))
            .collect()
    }

    /// Time since the last call; none before the first.
    pub(super) fn quiet_for(&self) -> Option<Duration> {
        self.requests.back().map(|last| last.at.elapsed())
    }

    /// Something of each request that is kept, oldest first.
    pub(super) fn latest<T>(&self, what: impl Fn(&Request) -> T) -> Vec<T> {
        self.requests.iter().map(what).collect()
    }
}
