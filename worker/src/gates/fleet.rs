//! This worker's part of what all workers together may ask of a provider: what it holds, and when it asks again.

use std::time::Duration;

use domain::lease::{Ask, LASTS, Lease, Limits};
use tokio::time::Instant;

use super::bucket::{Bucket, When, adjust, when_both};
use super::{Blocked, Why};

/// A lease is renewed after this long, well before it ends.
const RENEWED_AFTER: Duration = Duration::from_secs(5);

/// A worker that was given nothing, or no answer, asks again after this long.
const AGAIN_AFTER: Duration = Duration::from_secs(1);

/// The least time between two asks, for news that others wait for or that has just become known.
const SOON: Duration = Duration::from_millis(100);

/// A worker that has nothing to ask keeps its lease for so long: its next chunk may be on its way.
const LINGERS: Duration = Duration::from_secs(1);

/// The part of one worker.
#[derive(Debug)]
pub(super) struct Fleet {
    limits: Limits,
    held: Option<Held>,
    /// Calls in flight when the lease was asked for last, if no answer has come. Until then there are no more than
    /// that, for the answer may be that the rest is another's already.
    promised: Option<u32>,
    requests: Option<Bucket>,
    tokens: Option<Bucket>,
    /// Calls that the stretches here may have in flight by the limits of their runs.
    demand: u32,
    /// The most calls in flight since the last ask.
    most_in_flight: u32,
    /// Whether a call had to wait for the lease since the last ask.
    has_waited: bool,
    asked: Option<Asked>,
    idle_since: Option<Instant>,
}

#[derive(Clone, Copy, Debug)]
struct Held {
    concurrency: u32,
    /// Whether no call can begin by it.
    is_nothing: bool,
    /// Whether more was in flight when it was given: the rest is given back when it has ended.
    was_exceeded: bool,
    ends_at: Instant,
}

#[derive(Clone, Copy, Debug)]
struct Asked {
    at: Instant,
    want: u32,
    has_failed: bool,
}

impl Fleet {
    pub(super) fn new(limits: Limits) -> Self {
        Self {
            limits,
            held: None,
            promised: None,
            requests: None,
            tokens: None,
            demand: 0,
            most_in_flight: 0,
            has_waited: false,
            asked: None,
            idle_since: None,
        }
    }

    /// Takes note of how much the stretches here could ask for.
    pub(super) fn wanted(&mut self, demand: u32) {
        self.demand = demand;
    }

    /// Why no call can begin just now, if so.
    pub(super) fn blocked(&self, in_flight: u32, now: Instant) -> Option<Blocked> {
        let Some(held) = self.held.filter(|held| held.ends_at > now) else {
            return Some(Blocked::new(Why::NoLease, None));
        };
        if held.is_nothing {
            return Some(Blocked::new(Why::NoLease, None));
        }
        if in_flight >= held.concurrency.min(self.promised.unwrap_or(u32::MAX)) {
            return Some(Blocked::new(Why::FleetFull, None));
        }
        match when_both(&self.requests, &self.tokens, now) {
            When::Now => None,
            When::At(at) => Some(Blocked::new(Why::FleetRate, Some(at))),
            When::Never => Some(Blocked::new(Why::NoLease, None)),
        }
    }

    /// A call had to wait. Tells whether that is news.
    pub(super) fn waits(&mut self) -> bool {
        !std::mem::replace(&mut self.has_waited, true)
    }

    pub(super) fn began(&mut self, in_flight: u32, now: Instant) {
        self.most_in_flight = self.most_in_flight.max(in_flight);
        if let Some(requests) = &mut self.requests {
            requests.take(1.0, now);
        }
    }

    pub(super) fn used(&mut self, tokens: f64, now: Instant) {
        if let Some(bucket) = &mut self.tokens {
            bucket.take(tokens, now);
        }
    }

    /// Takes note of a call or a stretch that has come or gone. Tells whether the time of the next ask may have changed.
    pub(super) fn changed(&mut self, in_flight: u32, now: Instant) -> bool {
        let was_idle = self.idle_since.is_some();
        match self.is_idle(in_flight) {
            true => self.idle_since = self.idle_since.or(Some(now)),
            false => self.idle_since = None,
        }
        was_idle != self.idle_since.is_some()
            || self.held.is_some_and(|held| held.concurrency == in_flight)
    }

    fn is_idle(&self, in_flight: u32) -> bool {
        self.demand == 0 && in_flight == 0
    }

    /// What to ask for. Until it is answered, no more calls are in flight than it says.
    pub(super) fn ask(&mut self, worker: &str, in_flight: u32, now: Instant) -> Ask {
        let held = self.held.filter(|held| held.ends_at > now);
        let want = match (self.is_idle(in_flight), self.has_waited || held.is_none()) {
            (true, _) => 0,
            (false, true) => self.demand.max(1),
            // A little more than was needed, so that a need that grows is seen.
            (false, false) => {
                let needed = self.most_in_flight.max(in_flight);
                needed
                    .saturating_add(needed / 4 + 1)
                    .min(self.demand.max(1))
            }
        };
        self.asked = Some(Asked {
            at: now,
            want,
            has_failed: false,
        });
        self.most_in_flight = in_flight;
        self.has_waited = false;
        if self.limits.max_concurrency.is_some() {
            self.promised = Some(self.promised.unwrap_or(u32::MAX).min(in_flight));
        }
        Ask {
            worker: worker.to_owned(),
            limits: self.limits,
            want,
            in_flight,
        }
    }

    /// The answer to what was asked last.
    pub(super) fn granted(&mut self, lease: &Lease, in_flight: u32, now: Instant) {
        self.promised = None;
        let asked = self.asked.filter(|asked| asked.want > 0);
        self.held = asked.map(|asked| {
            let concurrency = lease.concurrency.unwrap_or(u32::MAX);
            Held {
                concurrency,
                is_nothing: concurrency == 0
                    || lease.requests_per_minute.is_some_and(|rate| rate <= 0.0)
                    || lease.tokens_per_minute.is_some_and(|rate| rate <= 0.0),
                was_exceeded: in_flight > concurrency,
                ends_at: asked.at + LASTS,
            }
        });
        let (requests, tokens) = (lease.requests_per_minute, lease.tokens_per_minute);
        adjust(&mut self.requests, requests, now, Bucket::empty);
        adjust(&mut self.tokens, tokens, now, Bucket::empty);
    }

    /// No answer has come. It may have been heard all the same, so what was promised stays.
    pub(super) fn unanswered(&mut self) {
        if let Some(asked) = &mut self.asked {
            asked.has_failed = true;
        }
    }

    /// When the lease is to be asked for; a worker that stops gives it back as soon as it can.
    pub(super) fn due(&self, in_flight: u32, is_stopping: bool, now: Instant) -> When {
        let held = self.held.filter(|held| held.ends_at > now);
        let Some(asked) = self.asked else {
            return match self.is_idle(in_flight) {
                true => When::Never,
                false => When::Now,
            };
        };
        let due = if self.is_idle(in_flight) {
            if held.is_none() {
                return When::Never;
            }
            let lingers = match is_stopping {
                true => Duration::ZERO,
                false => LINGERS,
            };
            let given_back = self.idle_since.unwrap_or(now) + lingers;
            match asked.has_failed {
                true => given_back.max(asked.at + AGAIN_AFTER),
                false => given_back,
            }
        } else {
            asked.at + self.patience(asked, held, in_flight)
        };
        match due > now {
            true => When::At(due),
            false => When::Now,
        }
    }

    fn patience(&self, asked: Asked, held: Option<Held>, in_flight: u32) -> Duration {
        let Some(held) = held.filter(|_| !asked.has_failed) else {
            return match asked.has_failed || asked.want > 0 {
                true => AGAIN_AFTER,
                false => SOON,
            };
        };
        // Others wait for what is in flight beyond the lease, and has now ended.
        match (held.was_exceeded, in_flight <= held.concurrency) {
            (true, true) => SOON,
            (true, false) => AGAIN_AFTER,
            _ if self.has_waited && self.demand > asked.want => SOON,
            _ if held.is_nothing => AGAIN_AFTER,
            _ => RENEWED_AFTER,
        }
    }
}
