//! STUB
use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};

use artifacts::run::Run;
use domain::limits::Share;
use domain::output::{CallError, CallErrorKind, TokenUsage};
use domain::waiting::Wait;
use tokio::sync::Notify;

#[derive(Default)]
pub(crate) struct Gates {
    runs: Mutex<HashMap<Run, Weak<Pool>>>,
}
#[derive(Default)]
struct Pool {
    calls: Mutex<Calls>,
    room: Notify,
}
#[derive(Default)]
struct Calls {
    allowed: u32,
    in_flight: u32,
}
pub(crate) struct Entrance {
    pool: Arc<Pool>,
    size: u32,
}
pub(crate) struct Permit {
    pool: Arc<Pool>,
}
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Verdict {
    Counts,
    Excused,
}
impl Gates {
    pub(crate) fn new() -> Arc<Self> {
        Arc::default()
    }
    pub(crate) fn join(
        self: &Arc<Self>,
        run: &Run,
        share: Share,
        _provider: Option<&str>,
    ) -> Entrance {
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
        lock(&pool.calls).allowed += share.concurrency;
        pool.room.notify_waiters();
        Entrance {
            pool,
            size: share.concurrency,
        }
    }
}
impl Entrance {
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
    pub(crate) fn wait(&self) -> Option<Wait> {
        None
    }
    pub(crate) fn is_away(&self) -> bool {
        false
    }
}
impl Permit {
    pub(crate) fn answered(self, _usage: Option<TokenUsage>) {}
    pub(crate) fn failed(self, error: &CallError, _fresh: bool) -> Verdict {
        match error.kind {
            CallErrorKind::RateLimited => Verdict::Excused,
            _ => Verdict::Counts,
        }
    }
}
impl Drop for Entrance {
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
pub(crate) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
