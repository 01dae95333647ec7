//! What a run may do in this worker: the sum of the shares of its stretches that are here.
//!
//! The workflow gives every stretch under way a share of the run's limits, so over any number of workers the shares add
//! up to the limits. Inside one worker the stretches of a run pool theirs: what one near its end does not use, the
//! others do.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use domain::limits::Share;
use domain::output::TokenUsage;
use tokio::sync::Notify;
use tokio::time::Instant;

use super::bucket::{Bucket, When, adjust, when_both};
use super::{Blocked, Why, lock, until};

/// The pool of one run.
#[derive(Default)]
pub(super) struct Pool {
    /// Those who want to begin a call stand in line; the first of them waits for room.
    line: tokio::sync::Mutex<()>,
    state: Mutex<State>,
    /// Told when a call may have become possible.
    room: Notify,
}

#[derive(Default)]
struct State {
    members: BTreeMap<u64, Share>,
    joined: u64,
    concurrency: u32,
    /// Slots that are held.
    taken: u32,
    /// Calls that have begun, each in one of them.
    in_flight: u32,
    /// Whether no further call begins, for every one would be refused.
    is_closed: bool,
    requests: Option<Bucket>,
    tokens: Option<Bucket>,
}

/// Room for one call, as long as it is held.
pub(super) struct Slot {
    pool: Arc<Pool>,
    /// Whether its call has begun. One that has not takes its place in the rate back.
    has_begun: bool,
}

impl Pool {
    /// Adds a share; the number is for leaving.
    pub(super) fn join(&self, share: Share) -> u64 {
        let mut state = lock(&self.state);
        state.joined += 1;
        let number = state.joined;
        state.members.insert(number, share);
        state.add_up(Instant::now());
        drop(state);
        self.room.notify_one();
        number
    }

    pub(super) fn leave(&self, number: u64) {
        let mut state = lock(&self.state);
        state.members.remove(&number);
        state.add_up(Instant::now());
    }

    /// Waits until the run may begin one more call.
    pub(super) async fn slot(self: &Arc<Self>) -> Slot {
        let _first = self.line.lock().await;
        loop {
            let Some(blocked) = lock(&self.state).begin(Instant::now()) else {
                return Slot {
                    pool: Arc::clone(self),
                    has_begun: false,
                };
            };
            until(blocked.until, &self.room).await;
        }
    }

    /// Why no call can begin just now, if so.
    pub(super) fn blocked(&self) -> Option<Blocked> {
        lock(&self.state).blocked(Instant::now())
    }

    pub(super) fn in_flight(&self) -> u32 {
        lock(&self.state).in_flight
    }

    /// Whether the pool may be forgotten: nobody is in it, and it owes its rates nothing.
    pub(super) fn is_done(&self) -> bool {
        let (state, now) = (lock(&self.state), Instant::now());
        let mut buckets = state.requests.iter().chain(&state.tokens);
        state.members.is_empty() && state.taken == 0 && buckets.all(|rate| rate.is_full(now))
    }
}

impl State {
    fn add_up(&mut self, now: Instant) {
        self.concurrency = self.members.values().map(|share| share.concurrency).sum();
        if self.members.is_empty() {
            // What is owed is paid off at the last rate.
            return;
        }
        let shares = self.members.values();
        let requests = sum(shares.clone().map(|share| share.requests_per_minute));
        let tokens = sum(shares.map(|share| share.tokens_per_minute));
        adjust(&mut self.requests, requests, now, Bucket::full);
        adjust(&mut self.tokens, tokens, now, Bucket::full);
    }

    /// Begins a call, or tells why not.
    fn begin(&mut self, now: Instant) -> Option<Blocked> {
        let blocked = self.blocked(now);
        if blocked.is_none() {
            self.taken += 1;
            if let Some(requests) = &mut self.requests {
                requests.take(1.0, now);
            }
        }
        blocked
    }

    fn blocked(&self, now: Instant) -> Option<Blocked> {
        if self.is_closed || self.taken >= self.concurrency {
            return Some(Blocked::new(Why::Full, None));
        }
        match when_both(&self.requests, &self.tokens, now) {
            When::Now => None,
            When::At(at) => Some(Blocked::new(Why::RunRate, Some(at))),
            When::Never => Some(Blocked::new(Why::RunRate, None)),
        }
    }
}

/// The sum of the rates that are limited; none when no rate is.
fn sum(rates: impl Iterator<Item = Option<f64>>) -> Option<f64> {
    rates.flatten().reduce(|sum, rate| sum + rate)
}

impl Slot {
    /// The call begins.
    pub(super) fn begin(&mut self) {
        self.has_begun = true;
        lock(&self.pool.state).in_flight += 1;
    }

    /// Lets no further call of the run begin.
    pub(super) fn close(&self) {
        lock(&self.pool.state).is_closed = true;
    }

    /// Takes what the answer has used from the rate.
    pub(super) fn used(&self, usage: TokenUsage) {
        if let Some(tokens) = &mut lock(&self.pool.state).tokens {
            tokens.take(total(usage), Instant::now());
        }
    }
}

pub(super) fn total(usage: TokenUsage) -> f64 {
    usage.input_tokens.saturating_add(usage.output_tokens) as f64
}

impl Drop for Slot {
    fn drop(&mut self) {
        let mut state = lock(&self.pool.state);
        state.taken -= 1;
        match (self.has_begun, &mut state.requests) {
            (true, _) => state.in_flight -= 1,
            (false, Some(requests)) => requests.take(-1.0, Instant::now()),
            (false, None) => {}
        }
        drop(state);
        self.pool.room.notify_one();
    }
}
