//! A rate, spread evenly: a bucket that fills with time, holds what one second brings, and may be overdrawn.

use std::time::Duration;

use tokio::time::Instant;

/// A wait longer than this is looked at again.
const LONGEST_WAIT: Duration = Duration::from_secs(3600);

/// What may still be used of a rate.
#[derive(Debug)]
pub(super) struct Bucket {
    per_second: f64,
    /// What was in it at `at`; below zero when more was used than there was.
    level: f64,
    at: Instant,
}

/// When something may be taken.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum When {
    Now,
    At(Instant),
    /// Not at this rate.
    Never,
}

impl Bucket {
    pub(super) fn full(per_minute: f64, now: Instant) -> Self {
        let mut bucket = Self::empty(per_minute, now);
        bucket.level = bucket.capacity();
        bucket
    }

    pub(super) fn empty(per_minute: f64, now: Instant) -> Self {
        Self {
            per_second: per_minute / 60.0,
            level: 0.0,
            at: now,
        }
    }

    /// Goes on at another rate. What is owed stays owed.
    pub(super) fn set_rate(&mut self, per_minute: f64, now: Instant) {
        self.level = self.level(now);
        self.at = now;
        self.per_second = per_minute / 60.0;
    }

    /// When there is one in it.
    pub(super) fn when(&self, now: Instant) -> When {
        /// Sums of fractions are taken for what they are meant to be.
        const NEARLY: f64 = 1.0 - 1e-6;
        let level = self.level(now);
        if level >= NEARLY {
            return When::Now;
        }
        if self.per_second <= 0.0 {
            return When::Never;
        }
        let wait = Duration::try_from_secs_f64((1.0 - level) / self.per_second);
        When::At(now + wait.unwrap_or(LONGEST_WAIT).min(LONGEST_WAIT))
    }

    /// Takes so much, also if there is less.
    pub(super) fn take(&mut self, amount: f64, now: Instant) {
        self.level = self.level(now) - amount;
        self.at = now;
    }

    /// Whether nothing is owed, and waiting would bring no more.
    pub(super) fn is_full(&self, now: Instant) -> bool {
        self.level(now) >= self.capacity()
    }

    fn level(&self, now: Instant) -> f64 {
        let brought = now.duration_since(self.at).as_secs_f64() * self.per_second;
        (self.level + brought).min(self.capacity())
    }

    /// One second's worth, but one at least, or nothing would ever fit.
    fn capacity(&self) -> f64 {
        self.per_second.max(1.0)
    }
}

/// When both may be taken from; a rate that is not limited never makes wait.
pub(super) fn when_both(first: &Option<Bucket>, second: &Option<Bucket>, now: Instant) -> When {
    let [first, second] = [first, second].map(|bucket| match bucket {
        Some(bucket) => bucket.when(now),
        None => When::Now,
    });
    match (first, second) {
        (When::Now, other) | (other, When::Now) => other,
        (When::At(first), When::At(second)) => When::At(first.max(second)),
        (When::Never, _) | (_, When::Never) => When::Never,
    }
}

/// Lets a rate begin, end or change; `made` makes a bucket for a rate that begins.
pub(super) fn adjust(
    bucket: &mut Option<Bucket>,
    per_minute: Option<f64>,
    now: Instant,
    made: fn(f64, Instant) -> Bucket,
) {
    match (bucket.as_mut(), per_minute) {
        (Some(bucket), Some(rate)) => bucket.set_rate(rate, now),
        (None, Some(rate)) => *bucket = Some(made(rate, now)),
        (_, None) => *bucket = None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn after(now: Instant, seconds: f64) -> Instant {
        now + Duration::from_secs_f64(seconds)
    }

    #[test]
    fn it_holds_one_seconds_worth_and_fills_evenly() {
        let now = Instant::now();
        let mut bucket = Bucket::full(120.0, now);
        bucket.take(1.0, now);
        assert_eq!(bucket.when(now), When::Now);
        bucket.take(1.0, now);
        assert_eq!(bucket.when(now), When::At(after(now, 0.5)));
        bucket.take(1.0, after(now, 100.0));
        assert!(!bucket.is_full(after(now, 100.4)));
        assert!(bucket.is_full(after(now, 100.5)));
    }

    #[test]
    fn what_is_overdrawn_is_waited_for_also_at_another_rate() {
        let now = Instant::now();
        let mut bucket = Bucket::full(60.0, now);
        bucket.take(11.0, now);
        assert_eq!(bucket.when(now), When::At(after(now, 11.0)));
        bucket.set_rate(120.0, after(now, 1.0));
        assert_eq!(
            bucket.when(after(now, 1.0)),
            When::At(after(now, 1.0 + 5.0))
        );
    }

    #[test]
    fn a_slow_rate_gives_one_at_a_time_and_no_rate_gives_none() {
        let now = Instant::now();
        let mut slow = Bucket::full(6.0, now);
        assert_eq!(slow.when(now), When::Now);
        slow.take(1.0, now);
        assert_eq!(slow.when(now), When::At(after(now, 10.0)));
        assert_eq!(Bucket::empty(0.0, now).when(now), When::Never);
    }
}
