//! How what a provider grants to all workers together is divided among them: leases that end by themselves.
//!
//! A worker says how many calls it could use; it is given a part for a while, and asks again before that ends. What a
//! worker holds is given to nobody else until it has come back: by an answer to the worker itself, or with time. Times
//! are arguments here: the workflow that keeps the leases brings its own.

use std::collections::BTreeMap;
use std::time::Duration;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

/// How long a lease lasts. A worker counts from before it asked, so that it never believes in a lease longer than the
/// one who gave it, whatever their clocks say.
pub const LASTS: Duration = Duration::from_secs(15);

/// What a provider grants to all workers together.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Limits {
    /// Calls in flight at once.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub max_concurrency: Option<u32>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub requests_per_minute: Option<f64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tokens_per_minute: Option<f64>,
}

impl Limits {
    pub fn is_unlimited(&self) -> bool {
        *self == Self::default()
    }
}

/// What a worker asks for.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Ask {
    /// Names the worker among all.
    pub worker: String,
    /// The limits as this worker is configured; those of the last to ask hold.
    pub limits: Limits,
    /// Calls that it could have in flight now; with none it gives back what it holds.
    pub want: u32,
    /// Calls that it has in flight, and will not exceed until it is answered. They count as held, whatever is granted.
    pub in_flight: u32,
}

/// What a worker is given, for [`LASTS`].
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Lease {
    /// Calls in flight at once; as many as it likes when none is given.
    pub concurrency: Option<u32>,
    pub requests_per_minute: Option<f64>,
    pub tokens_per_minute: Option<f64>,
    /// By the clock of the one who gives it.
    pub expires_at: Timestamp,
}

/// All leases of one provider.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Leases {
    held: BTreeMap<String, Held>,
}

/// What one worker may be using.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
struct Held {
    want: u32,
    concurrency: u32,
    requests_per_minute: f64,
    tokens_per_minute: f64,
    expires_at: Timestamp,
}

impl Leases {
    /// Answers a worker. What it gets and what the others hold together never exceeds the limits: a worker whose part
    /// must first come back from others gets more when it asks again.
    pub fn ask(&mut self, ask: &Ask, now: Timestamp) -> Lease {
        let before = self.held.remove(&ask.worker);
        self.held.retain(|_, held| held.expires_at > now);
        let before = before.filter(|held| held.expires_at > now);
        let expires_at = now.saturating_add(LASTS).unwrap_or(Timestamp::MAX);
        let concurrency = ask
            .limits
            .max_concurrency
            .map(|limit| self.calls(limit, ask.want, before));
        let requests_per_minute = ask
            .limits
            .requests_per_minute
            .map(|limit| self.rate(limit, ask.want, |held| held.requests_per_minute));
        let tokens_per_minute = ask
            .limits
            .tokens_per_minute
            .map(|limit| self.rate(limit, ask.want, |held| held.tokens_per_minute));
        if ask.want > 0 || ask.in_flight > 0 {
            let held = Held {
                want: ask.want,
                concurrency: concurrency.unwrap_or_default().max(ask.in_flight),
                requests_per_minute: requests_per_minute.unwrap_or_default(),
                tokens_per_minute: tokens_per_minute.unwrap_or_default(),
                expires_at,
            };
            self.held.insert(ask.worker.clone(), held);
        }
        Lease {
            concurrency,
            requests_per_minute,
            tokens_per_minute,
            expires_at,
        }
    }

    /// The calls that one more worker may have in flight: its fair part, of what the others do not hold. Where there
    /// are more workers than calls, one that has held some makes room for one that holds none.
    fn calls(&self, limit: u32, want: u32, before: Option<Held>) -> u32 {
        let waiting = self.held.values().filter(|held| held.want > 0);
        let too_many = waiting.clone().count() >= limit as usize;
        let had_its_turn = before.is_some_and(|held| held.concurrency > 0);
        if too_many && had_its_turn && waiting.clone().any(|held| held.concurrency == 0) {
            return 0;
        }
        let held: u64 = self
            .held
            .values()
            .map(|held| u64::from(held.concurrency))
            .sum();
        let free = u64::from(limit).saturating_sub(held);
        let others = self.held.values().map(|held| held.want);
        fair_part(limit, want, others).min(u32::try_from(free).unwrap_or(u32::MAX))
    }

    /// The part of a rate for one more worker, in proportion to what each wants, of what the others do not hold.
    fn rate(&self, limit: f64, want: u32, of: impl Fn(&Held) -> f64) -> f64 {
        if want == 0 {
            return 0.0;
        }
        let wanted: f64 = self.held.values().map(|held| f64::from(held.want)).sum();
        let part = limit * f64::from(want) / (wanted + f64::from(want));
        let held: f64 = self.held.values().map(of).sum();
        part.min(limit - held).max(0.0)
    }
}

/// What a worker that wants `want` may have of `limit` beside the others: nobody gets more than it wants, and nobody
/// less than another unless it wants less. Odd calls go to whoever asks; as long as others hold them, they are not free.
fn fair_part(limit: u32, want: u32, others: impl Iterator<Item = u32>) -> u32 {
    let mut wants: Vec<u32> = others.chain([want]).filter(|want| *want > 0).collect();
    wants.sort_unstable();
    let mut left = limit;
    let mut workers = u32::try_from(wants.len()).unwrap_or(u32::MAX);
    for least in wants {
        if u64::from(least) * u64::from(workers) > u64::from(left) {
            return want.min(left.div_ceil(workers));
        }
        left -= least;
        workers -= 1;
    }
    want
}

#[cfg(test)]
mod tests;
