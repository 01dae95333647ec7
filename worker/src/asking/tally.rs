//! What is recorded of a stretch, in numbers, as heartbeats tell it.

use std::sync::Mutex;

use domain::journal::ItemJournal;
use domain::output::Output;
use domain::progress::Generated;
use domain::waiting::Wait;
use tokio::sync::Notify;
use workflows::activities::{Allowance, ChunkProgress};

use crate::asking::allowance::Spent;
use crate::gates::lock;

/// What is recorded of a stretch, in numbers.
pub(crate) struct Tally {
    progress: Mutex<ChunkProgress>,
    written: Notify,
}

impl Tally {
    /// A tally that goes on from what was last heard of the attempt before: its calls in flight are lost, as far as is
    /// known, since what was recorded after that heartbeat is found in the store.
    pub(crate) fn after(before: ChunkProgress) -> Self {
        Self {
            progress: Mutex::new(ChunkProgress {
                generated: Generated {
                    lost: before.generated.lost + before.in_flight,
                    ..Generated::default()
                },
                ..ChunkProgress::default()
            }),
            written: Notify::new(),
        }
    }

    /// Waits until an output is written; returns at once when one was since the last wait.
    pub(crate) async fn written(&self) {
        self.written.notified().await;
    }

    pub(crate) fn progress(&self) -> ChunkProgress {
        lock(&self.progress).clone()
    }

    /// What is left of an allowance.
    pub(super) fn spent(&self, allowance: Allowance) -> Spent {
        Spent::of(allowance, &lock(&self.progress))
    }

    pub(crate) fn generated(&self) -> Generated {
        lock(&self.progress).generated
    }

    /// Counts what is found recorded of an item.
    pub(crate) fn found(&self, journal: &ItemJournal, is_final: bool) {
        let generated = &mut lock(&self.progress).generated;
        generated.count_calls(journal);
        if is_final {
            generated.count_item(journal);
        }
    }

    /// Counts a call that begins.
    pub(crate) fn begun(&self) {
        lock(&self.progress).in_flight += 1;
    }

    /// Counts calls that are given up.
    pub(crate) fn given_up(&self, calls: usize) {
        let mut progress = lock(&self.progress);
        let calls = u64::try_from(calls).unwrap_or(u64::MAX);
        progress.in_flight = progress.in_flight.saturating_sub(calls);
        progress.generated.lost += calls;
    }

    /// Counts an output that is written.
    pub(crate) fn recorded(&self, output: Output, is_final: bool) {
        let journal = ItemJournal::new(output);
        let mut progress = lock(&self.progress);
        progress.in_flight = progress.in_flight.saturating_sub(journal.calls);
        progress.generated.count_calls(&journal);
        if is_final {
            progress.generated.count_item(&journal);
        }
        drop(progress);
        self.written.notify_one();
    }

    /// Tells of items that wait, and why no call begins.
    pub(crate) fn waits(&self, waiting: usize, next_attempt: Option<u32>, wait: Option<Wait>) {
        let mut progress = lock(&self.progress);
        progress.waiting = u64::try_from(waiting).unwrap_or(u64::MAX);
        progress.next_attempt = next_attempt;
        progress.wait = wait;
    }
}

#[cfg(test)]
mod tests {
    use domain::output::Answer;
    use serde_json::json;

    use super::*;

    #[test]
    fn calls_in_flight_when_a_worker_was_last_heard_of_are_lost() {
        let before = Tally::after(ChunkProgress::default());
        before.begun();
        before.begun();
        let answered = Output::answered("a".to_owned(), 1, Answer::of(json!("4")));
        before.recorded(answered, true);
        assert_eq!(before.progress().in_flight, 1);
        let after = Tally::after(before.progress());
        assert_eq!(after.generated().lost, 1);
        assert_eq!(after.generated().answered, 0);
        after.begun();
        after.given_up(1);
        assert_eq!((after.generated().lost, after.progress().in_flight), (2, 0));
    }
}
