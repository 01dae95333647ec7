//! Why a call cannot begin, how that is waited for, and how it is told to users.

use std::time::Duration;

use domain::output::{CallError, CallErrorKind};
use domain::waiting::{Wait, WaitReason};
use jiff::Timestamp;
use tokio::sync::Notify;
use tokio::time::Instant;

/// A wait for a rate that is shorter is how a rate is kept, and not worth a word.
const WORTH_TELLING: Duration = Duration::from_secs(1);

/// What is known of a provider that is away.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Outage {
    reason: WaitReason,
    /// What the last failure was, in our words.
    outline: String,
}

impl Outage {
    /// What a failure says: a task queue without a worker stands for a provider too.
    pub(super) fn of(error: &CallError) -> Self {
        Self {
            reason: match error.kind {
                CallErrorKind::NoWorker => WaitReason::Worker,
                _ => WaitReason::Provider,
            },
            outline: error.outline(),
        }
    }
}

/// What a call waits for.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Blocked {
    pub(super) why: Why,
    /// When that changes by itself; none when something must happen first.
    pub(super) until: Option<Instant>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Why {
    /// All calls that are allowed are in flight.
    Full,
    /// The run's own rates.
    RunRate,
    /// The provider has asked to be left alone.
    Paused,
    /// The provider does not answer.
    Away,
    /// This worker holds no part of the provider's limit.
    NoLease,
    /// This worker's part of the provider's limit is in use.
    FleetFull,
    /// This worker's part of the provider's rates is used up.
    FleetRate,
}

impl Why {
    pub(super) fn is_of_the_fleet(self) -> bool {
        matches!(self, Self::NoLease | Self::FleetFull | Self::FleetRate)
    }
}

impl Blocked {
    pub(super) fn new(why: Why, until: Option<Instant>) -> Self {
        Self { why, until }
    }

    /// What users are told of it, if it keeps their run waiting. `is_idle` says that the run has no call in flight,
    /// `outage` what is known of a provider that is away.
    pub(super) fn told(self, is_idle: bool, outage: Option<Outage>) -> Option<Wait> {
        let left = self.until.map(|at| at.duration_since(Instant::now()));
        let is_long = left.is_none_or(|left| left >= WORTH_TELLING);
        let (reason, detail) = match self.why {
            Why::Full => return None,
            Why::FleetFull if !is_idle => return None,
            Why::RunRate | Why::FleetRate if !is_long => return None,
            Why::RunRate => (
                WaitReason::RateLimit,
                "the run's own rate is used up".to_owned(),
            ),
            Why::Paused => (
                WaitReason::RateLimit,
                "the provider has asked to be left alone for a while".to_owned(),
            ),
            Why::Away => match outage {
                Some(outage) => (outage.reason, outage.outline),
                None => (WaitReason::Provider, String::new()),
            },
            Why::NoLease => (
                WaitReason::FleetLimit,
                "the worker has no part yet of what may be asked of the provider".to_owned(),
            ),
            Why::FleetFull => (
                WaitReason::FleetLimit,
                "other runs use all that may be asked of the provider at once".to_owned(),
            ),
            Why::FleetRate => (
                WaitReason::FleetLimit,
                "the provider's rate for all runs is used up".to_owned(),
            ),
        };
        Some(Wait {
            reason,
            until: left.and_then(|left| Timestamp::now().checked_add(left).ok()),
            detail,
        })
    }
}

/// Waits until the time has come or something has changed.
pub(super) async fn until(at: Option<Instant>, changed: &Notify) {
    match at {
        None => changed.notified().await,
        Some(at) => tokio::select! {
            () = tokio::time::sleep_until(at) => {}
            () = changed.notified() => {}
        },
    }
}
