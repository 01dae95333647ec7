//! What a run may do in this worker: the sum of the shares of its stretches that are here.
//!
//! The workflow gives every stretch under way a share of the run's limits, so over any number of workers the shares add
//! up to the limits. Inside one worker the stretches of a run pool theirs: what one near its end does not use, the
//! others do.
//!
//! The share of a complete stretch stays in the pool for a moment, until the next stretch begins that has it: else the run
//! would make fewer calls whenever a stretch ends. A stretch that begins in another worker lets that moment pass. When no
//! further stretch is begun, the share stays as long as somebody uses it.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use domain::limits::Share;
use domain::output::TokenUsage;
use tokio::sync::Notify;
use tokio::time::{Instant, sleep};

use super::bucket::{Bucket, When, adjust, when_both};
use super::{Blocked, Why, lock, until};

/// How long the share of a complete stretch stays: twice what Temporal takes to begin the next one, when it is busy.
const STAYS: Duration = Duration::from_millis(100);

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
    members: BTreeMap<u64, Member>,
    joined: u64,
    /// Shares of stretches that are complete.
    left: Vec<Left>,
    /// When no further stretch is begun, here or elsewhere: those that were under way then.
    last: Option<Vec<u64>>,
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

/// A stretch that uses the pool, or has.
#[derive(Clone, Copy)]
pub(super) struct Member {
    pub(super) share: Share,
    /// Its first chunk, if it is one of those that take shares over from each other.
    pub(super) first: Option<u64>,
}

/// A share that a complete stretch has left to the others.
#[derive(Clone, Copy)]
struct Left {
    member: Member,
    /// None: as long as others are there.
    until: Option<Instant>,
}

/// Room for one call, as long as it is held.
pub(super) struct Slot {
    pool: Arc<Pool>,
    /// Whether its call has begun. One that has not takes its place in the rate back.
    has_begun: bool,
}

impl Pool {
    /// Adds a share; the number is for leaving.
    pub(super) fn join(&self, member: Member) -> u64 {
        let number = lock(&self.state).join(member, Instant::now());
        self.room.notify_one();
        number
    }

    /// Adds a share in the place of one that was left here, or else when no other worker uses it any more.
    pub(super) async fn succeed(&self, member: Member) -> u64 {
        if let Some(number) = lock(&self.state).take_over(member, Instant::now()) {
            return number;
        }
        sleep(STAYS).await;
        self.join(member)
    }

    /// No stretch is begun any more, but for those that come back unfinished. These were under way.
    pub(super) fn nothing_follows(&self, under_way: Vec<u64>) {
        let mut state = lock(&self.state);
        state.last = Some(under_way);
        state.settle();
    }

    /// A stretch ends that is to be begun again, or whose share is nobody's.
    pub(super) fn leave(&self, number: u64) {
        let mut state = lock(&self.state);
        state.members.remove(&number);
        state.unsettle();
        state.add_up(Instant::now());
    }

    /// A stretch is complete, and leaves its share to the others, if it is one of those that take shares over.
    pub(super) fn hand_on(&self, number: u64) {
        let now = Instant::now();
        let mut state = lock(&self.state);
        let member = state.members.remove(&number);
        let left = member.filter(|member| member.first.is_some());
        let until = Some(now + STAYS);
        state.left.extend(left.map(|member| Left { member, until }));
        state.settle();
        if state.members.is_empty() {
            state.unsettle();
        }
        state.add_up(now);
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
        let is_empty = state.members.is_empty() && !state.left.iter().any(|left| left.is_here(now));
        is_empty && state.taken == 0 && buckets.all(|rate| rate.is_full(now))
    }
}

impl State {
    fn join(&mut self, member: Member, now: Instant) -> u64 {
        self.joined += 1;
        self.members.insert(self.joined, member);
        self.settle();
        self.add_up(now);
        self.joined
    }

    /// When nothing follows, and all that was under way has been seen here, what is left is for those who are here.
    fn settle(&mut self) {
        let Some(under_way) = &self.last else {
            return;
        };
        let left = self.left.iter().map(|left| &left.member);
        let here: Vec<u64> = self
            .members
            .values()
            .chain(left)
            .filter_map(|member| member.first)
            .collect();
        let all_seen = under_way.iter().all(|first| here.contains(first));
        for left in &mut self.left {
            let was_under_way = left
                .member
                .first
                .is_some_and(|first| under_way.contains(&first));
            if all_seen || was_under_way {
                left.until = None;
            }
        }
    }

    /// Others may be begun again, or nobody is here: what is left is nobody's for longer than a moment.
    fn unsettle(&mut self) {
        self.last = None;
        self.left.retain(|left| left.until.is_some());
    }

    /// Joins in the place of a share that was left.
    fn take_over(&mut self, member: Member, now: Instant) -> Option<u64> {
        let is_it = |left: &Left| {
            left.member.share == member.share && left.until.is_some_and(|until| now < until)
        };
        let place = self.left.iter().position(is_it)?;
        self.left.swap_remove(place);
        Some(self.join(member, now))
    }

    /// Takes away what was left for a moment that has passed.
    fn expire(&mut self, now: Instant) {
        let before = self.left.len();
        self.left.retain(|left| left.is_here(now));
        if self.left.len() < before {
            self.add_up(now);
        }
    }

    fn add_up(&mut self, now: Instant) {
        let left = self.left.iter().map(|left| &left.member);
        let shares = self.members.values().chain(left);
        let shares = shares.map(|member| &member.share);
        self.concurrency = shares.clone().map(|share| share.concurrency).sum();
        if self.members.is_empty() {
            // What is owed is paid off at the last rate.
            return;
        }
        let requests = sum(shares.clone().map(|share| share.requests_per_minute));
        let tokens = sum(shares.map(|share| share.tokens_per_minute));
        adjust(&mut self.requests, requests, now, Bucket::full);
        adjust(&mut self.tokens, tokens, now, Bucket::full);
    }

    /// Begins a call, or tells why not.
    fn begin(&mut self, now: Instant) -> Option<Blocked> {
        self.expire(now);
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

impl Left {
    fn is_here(&self, now: Instant) -> bool {
        self.until.is_none_or(|until| now < until)
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
