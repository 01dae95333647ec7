//! Items that are asked again later, soonest first.

use std::collections::BTreeMap;
use std::time::Duration;

use domain::output::{CallError, CallErrorKind};
use domain::waiting::{Wait, WaitReason};
use jiff::{SignedDuration, Timestamp};
use tokio::time::Instant;

use crate::asking::opening::Question;

/// Items that wait, by when they are asked again.
#[derive(Default)]
pub(super) struct Waits {
    /// The number tells items apart that are due at once.
    items: BTreeMap<(Instant, u64), Question>,
    pushed: u64,
    last_error: Option<CallError>,
}

impl Waits {
    pub(super) fn push(&mut self, question: Question, wait: Duration, error: CallError) {
        self.pushed += 1;
        self.items
            .insert((Instant::now() + wait, self.pushed), question);
        self.last_error = Some(error);
    }

    pub(super) fn len(&self) -> usize {
        self.items.len()
    }

    pub(super) fn is_empty(&self) -> bool {
        self.items.is_empty()
    }

    /// When the next item is due.
    pub(super) fn due(&self) -> Option<Instant> {
        self.items.keys().next().map(|(due, _)| *due)
    }

    /// The items that are due.
    pub(super) fn take_due(&mut self) -> Vec<Question> {
        let later = self.items.split_off(&(Instant::now(), u64::MAX));
        std::mem::replace(&mut self.items, later)
            .into_values()
            .collect()
    }

    /// The last failure of an item that waits.
    pub(super) fn last_error(&self) -> Option<&CallError> {
        self.last_error.as_ref()
    }

    /// Which attempt the next item comes to.
    pub(super) fn next_attempt(&self) -> Option<u32> {
        let (_, question) = self.items.first_key_value()?;
        Some(question.attempts + 1)
    }

    /// Why nothing is asked, when only items are left that wait.
    pub(super) fn wait(&self) -> Option<Wait> {
        let error = self.last_error.as_ref()?;
        let left = self.due()?.saturating_duration_since(Instant::now());
        let left = SignedDuration::try_from(left).ok()?;
        Some(Wait {
            reason: match error.kind {
                CallErrorKind::RateLimited => WaitReason::RateLimit,
                _ => WaitReason::Backoff,
            },
            until: Timestamp::now().checked_add(left).ok(),
            detail: error.outline(),
        })
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn question(id: &str, attempts: u32) -> Question {
        Question {
            sample: 0,
            chunk: 0,
            item: serde_json::from_value(json!({"id": id, "input": {}})).unwrap(),
            attempts,
            excused: 0,
        }
    }

    #[tokio::test(start_paused = true)]
    async fn items_come_back_when_they_are_due_and_soonest_first() {
        let error = CallError::new(CallErrorKind::Timeout, "too slow");
        let mut waits = Waits::default();
        waits.push(question("late", 2), Duration::from_secs(4), error.clone());
        waits.push(question("soon", 1), Duration::from_secs(1), error);
        assert_eq!(waits.next_attempt(), Some(2));
        assert!(waits.take_due().is_empty());
        tokio::time::sleep_until(waits.due().unwrap()).await;
        assert_eq!(waits.take_due()[0].item.id, "soon");
        assert_eq!(waits.len(), 1);
        assert_eq!(waits.wait().unwrap().reason, WaitReason::Backoff);
    }
}
