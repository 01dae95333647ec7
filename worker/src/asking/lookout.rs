//! Looks around in a stretch that is asked: says why nothing moves, and ends one that would wait for long.

use std::time::Duration;

use domain::waiting::{Wait, WaitReason};
use tokio::time::Instant;

use crate::asking::{Asking, Hand};
use crate::failure::Failure;

/// The longest wait for which a stretch is kept; a longer one is Temporal's, and leaves room for others.
const LONGEST_WAIT_HERE: Duration = Duration::from_secs(60);

/// How long a stretch is kept while its provider is away, and after how long it comes back to look.
const PATIENCE_WITH_PROVIDER: Duration = Duration::from_secs(30);
const LOOK_FOR_PROVIDER_AFTER: Duration = Duration::from_secs(20);

/// A stretch that comes back to look again later.
fn away(wait: Option<Wait>) -> Failure {
    let retry_in = LOOK_FOR_PROVIDER_AFTER;
    match wait {
        Some(wait) if wait.reason == WaitReason::Worker => Failure::WorkerAway {
            detail: wait.detail,
            retry_in,
        },
        wait => Failure::ProviderAway {
            detail: wait.map(|wait| wait.detail).unwrap_or_default(),
            retry_in,
        },
    }
}

impl Asking<'_> {
    /// Tells why nothing moves, and ends a stretch that would wait for long.
    pub(super) fn look_around(
        &self,
        hand: &Hand,
        away_since: &mut Option<Instant>,
    ) -> Result<(), Failure> {
        let only_waits = hand.ready.is_empty() && hand.opened_all && !hand.waits.is_empty();
        let wait = match (hand.calls.is_empty(), only_waits) {
            (false, _) if !self.entrance.is_away() => None,
            (true, true) => self.entrance.wait().or_else(|| hand.waits.wait()),
            _ => self.entrance.wait(),
        };
        let waiting = hand.waits.len() + usize::from(wait.is_some()) * hand.ready.len();
        let of_ready = || hand.ready.front().map(|question| question.attempts + 1);
        let next_attempt = hand.waits.next_attempt().or_else(of_ready);
        self.tally.waits(waiting, next_attempt, wait.clone());
        self.leave_if_long(hand, only_waits)?;
        match self.entrance.is_away() {
            false => *away_since = None,
            true => {
                let since = away_since.get_or_insert_with(Instant::now);
                if hand.calls.is_empty() && since.elapsed() > PATIENCE_WITH_PROVIDER {
                    return Err(away(wait));
                }
            }
        }
        Ok(())
    }

    fn leave_if_long(&self, hand: &Hand, only_waits: bool) -> Result<(), Failure> {
        let (Some(due), Some(last)) = (hand.waits.due(), hand.waits.last_error()) else {
            return Ok(());
        };
        let left = due.saturating_duration_since(Instant::now());
        if !only_waits || !hand.calls.is_empty() || left <= LONGEST_WAIT_HERE {
            return Ok(());
        }
        Err(Failure::ItemsUnfinished {
            waiting: hand.waits.len(),
            last: last.clone(),
            retry_in: left,
        })
    }
}
