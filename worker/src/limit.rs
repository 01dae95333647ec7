//! How many calls a run has in flight in this worker: the sum of the shares of its chunks that are here.
//!
//! The workflow gives every chunk under way a share of the run's concurrency limit, so over any number of workers the
//! shares add up to the limit. Inside one worker the chunks of a run pool theirs: what a chunk near its end does not
//! use, the others do.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};

use artifacts::run::Run;
use tokio::sync::Notify;

/// The limits of the runs that this worker works for.
#[derive(Default)]
pub(crate) struct RunLimits {
    runs: Mutex<HashMap<Run, Weak<Pool>>>,
}

#[derive(Default)]
struct Pool {
    calls: Mutex<Calls>,
    /// Told when a call may have become possible.
    room: Notify,
}

#[derive(Default)]
struct Calls {
    allowed: u32,
    in_flight: u32,
}

/// A chunk's share, as long as it is held.
pub(crate) struct Share {
    pool: Arc<Pool>,
    size: u32,
}

/// One call in flight, as long as it is held.
pub(crate) struct Permit {
    pool: Arc<Pool>,
}

impl RunLimits {
    /// Adds a share to those of the run's other chunks.
    pub(crate) fn join(&self, run: &Run, size: u32) -> Share {
        let mut runs = lock(&self.runs);
        runs.retain(|_, pool| pool.strong_count() > 0);
        let pool = match runs.get(run).and_then(Weak::upgrade) {
            Some(pool) => pool,
            None => {
                let pool = Arc::new(Pool::default());
                runs.insert(run.clone(), Arc::downgrade(&pool));
                pool
            }
        };
        lock(&pool.calls).allowed += size;
        pool.room.notify_waiters();
        Share { pool, size }
    }
}

impl Share {
    /// Waits until the run may have one more call in flight.
    pub(crate) async fn permit(&self) -> Permit {
        loop {
            let room = self.pool.room.notified();
            {
                let mut calls = lock(&self.pool.calls);
                if calls.in_flight < calls.allowed {
                    calls.in_flight += 1;
                    let more = calls.in_flight < calls.allowed;
                    drop(calls);
                    if more {
                        self.pool.room.notify_one();
                    }
                    return Permit {
                        pool: Arc::clone(&self.pool),
                    };
                }
            }
            room.await;
        }
    }
}

impl Drop for Share {
    fn drop(&mut self) {
        lock(&self.pool.calls).allowed -= self.size;
    }
}

impl Drop for Permit {
    fn drop(&mut self) {
        lock(&self.pool.calls).in_flight -= 1;
        self.pool.room.notify_one();
    }
}

/// Nothing that holds these locks can panic halfway, so a poisoned one is as good as any.
pub(crate) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use futures::FutureExt;

    use super::*;

    fn run() -> Run {
        Run {
            experiment: "e".parse().unwrap(),
            index: 0,
        }
    }

    #[tokio::test]
    async fn chunks_of_a_run_pool_their_shares() {
        let limits = RunLimits::default();
        let (first, second) = (limits.join(&run(), 2), limits.join(&run(), 1));
        let permits = [
            first.permit().await,
            first.permit().await,
            first.permit().await,
        ];
        assert!(second.permit().now_or_never().is_none());
        drop(permits);
        assert!(second.permit().now_or_never().is_some());
    }

    #[tokio::test]
    async fn a_share_that_leaves_takes_its_calls_along() {
        let limits = RunLimits::default();
        let (first, second) = (limits.join(&run(), 2), limits.join(&run(), 2));
        let held = [
            second.permit().await,
            second.permit().await,
            second.permit().await,
        ];
        drop(first);
        assert!(
            second.permit().now_or_never().is_none(),
            "3 in flight, 2 allowed"
        );
        let third = limits.join(&run(), 2);
        assert!(
            third.permit().now_or_never().is_some(),
            "3 in flight, 4 allowed"
        );
        drop(held);
    }

    #[tokio::test]
    async fn a_waiting_call_begins_when_another_ends() {
        let limits = RunLimits::default();
        let share = Arc::new(limits.join(&run(), 1));
        let held = share.permit().await;
        let waiting = tokio::spawn({
            let share = Arc::clone(&share);
            async move { drop(share.permit().await) }
        });
        tokio::task::yield_now().await;
        drop(held);
        waiting.await.unwrap();
    }
}
