//! When a model call may begin: what the run allows, what its provider bears, and what all workers together may ask.
//!
//! `pool` holds the limits of a run, `provider` the gate of a provider with its `window`, its `circuit` and its part of
//! the `fleet`'s limit, which `keeper` asks for. A call first finds room in its run, then passes the gate; both are
//! given back when its permit is dropped. Those who wait stand in line, so that nobody is overtaken for ever.

mod bucket;
mod circuit;
mod fleet;
mod keeper;
mod pool;
mod provider;
#[cfg(test)]
mod tests;
mod wait;
mod window;

use std::collections::{BTreeMap, HashMap};
use std::hash::{BuildHasher, RandomState};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use artifacts::run::Caller;
use domain::lease::Limits;
use domain::limits::Share;
use domain::output::{CallError, TokenUsage};
use domain::waiting::Wait;
use temporalio_client::Client;
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use self::pool::{Member, Pool, Slot};
use self::provider::{Gate, Passage};
use self::wait::{Blocked, Why, until};

/// How long a worker that stops may take to give its leases back.
const GIVEN_BACK_WITHIN: Duration = Duration::from_secs(1);

/// All the gates of one worker.
pub(crate) struct Gates {
    /// Names this worker among all.
    worker: String,
    limits: BTreeMap<String, Limits>,
    pools: Mutex<HashMap<Caller, Arc<Pool>>>,
    providers: Mutex<HashMap<String, Arc<Gate>>>,
    /// Where leases are asked for, since there is a connection.
    temporal: watch::Sender<Option<(Client, String)>>,
    keepers: TaskTracker,
    stopping: CancellationToken,
}

/// A stretch of a run, with its share of the run's limits. Dropping it gives the share back.
pub(crate) struct Entrance {
    pool: Arc<Pool>,
    number: u64,
    concurrency: u32,
    gate: Option<Arc<Gate>>,
    is_complete: bool,
}

/// Where a stretch stands among those of its run, which take shares over from each other.
#[derive(Clone, Debug)]
pub(crate) struct Order {
    /// The first chunk of the stretch.
    pub(crate) first: u64,
    /// Whether no stretch before it has had the share.
    pub(crate) is_free: bool,
    /// If no stretch is begun after it, those under way beside it.
    pub(crate) last_beside: Option<Vec<u64>>,
}

/// One call in flight, as long as it is held. Dropped without an outcome, it tells nothing of the provider.
pub(crate) struct Permit {
    passage: Option<Passage>,
    slot: Slot,
}

/// What a failed call tells.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Verdict {
    /// The failure tells of the item.
    Counts,
    /// It tells of the provider, which is away, may be, or asks for less: the attempt costs the item nothing.
    Excused,
}

impl Gates {
    /// Gates for providers of which some have limits that hold for all workers together.
    pub(crate) fn new(limits: BTreeMap<String, Limits>, stopping: CancellationToken) -> Self {
        let worker = format!(
            "{}-{:016x}",
            std::process::id(),
            RandomState::new().hash_one(0)
        );
        let gate =
            |(name, limits): (&String, &Limits)| (name.clone(), Arc::new(Gate::new(Some(*limits))));
        Self {
            worker,
            pools: Mutex::default(),
            providers: Mutex::new(limits.iter().map(gate).collect()),
            limits,
            temporal: watch::Sender::new(None),
            keepers: TaskTracker::new(),
            stopping,
        }
    }

    /// Adds a share to those of the caller's other stretches in this worker, as soon as no other worker uses it. `provider`
    /// is the name in the provider table; none for adapters that call nobody.
    pub(crate) async fn enter(
        self: &Arc<Self>,
        caller: &Caller,
        share: Share,
        order: Option<Order>,
        provider: Option<&str>,
    ) -> Entrance {
        let pool = self.pool(caller);
        let first = order.as_ref().map(|order| order.first);
        let member = Member { share, first };
        let number = match &order {
            Some(order) if !order.is_free => pool.succeed(member).await,
            _ => pool.join(member),
        };
        if let Some(beside) = order.and_then(|order| order.last_beside) {
            pool.nothing_follows(beside);
        }
        let gate = provider.map(|name| self.gate(name));
        if let Some(gate) = &gate {
            gate.join(share.concurrency);
        }
        Entrance {
            pool,
            number,
            concurrency: share.concurrency,
            gate,
            is_complete: false,
        }
    }

    /// Asks for leases by this client from now on.
    pub(crate) fn connected(&self, client: Client, task_queue: &str) {
        let temporal = Some((client, task_queue.to_owned()));
        if self.temporal.send_replace(temporal).is_none() {
            for name in self.limits.keys() {
                self.keep_lease(name.clone());
            }
        }
    }

    /// Waits, but not long, until what this worker held is given back. For a worker that stops.
    pub(crate) async fn left(&self) {
        self.keepers.close();
        if tokio::time::timeout(GIVEN_BACK_WITHIN, self.keepers.wait())
            .await
            .is_err()
        {
            tracing::debug!("leases that were not given back end by themselves");
        }
    }

    fn keep_lease(&self, name: String) {
        let (gate, worker, stopping) =
            (self.gate(&name), self.worker.clone(), self.stopping.clone());
        let temporal = self.temporal.subscribe();
        self.keepers.spawn(async move {
            let ask = |ask| {
                let temporal = temporal.borrow().clone();
                let name = name.as_str();
                async move {
                    let Some((client, task_queue)) = temporal else {
                        anyhow::bail!("there is no connection to Temporal");
                    };
                    keeper::ask_workflow(client, &task_queue, name, ask).await
                }
            };
            keeper::keep(&name, gate, &worker, stopping, ask).await;
        });
    }

    /// The pool of a caller. Those that are not used any more are forgotten.
    fn pool(&self, caller: &Caller) -> Arc<Pool> {
        let mut pools = lock(&self.pools);
        pools.retain(|other, pool| {
            other == caller || Arc::strong_count(pool) > 1 || !pool.is_done()
        });
        Arc::clone(pools.entry(caller.clone()).or_default())
    }

    fn gate(&self, provider: &str) -> Arc<Gate> {
        let mut providers = lock(&self.providers);
        let gate = providers.entry(provider.to_owned());
        Arc::clone(gate.or_insert_with(|| Arc::new(Gate::new(None))))
    }
}

impl Entrance {
    /// Waits until one more call may begin. Dropped while it waits, it has changed nothing.
    pub(crate) async fn permit(&self) -> Permit {
        let mut slot = self.pool.slot().await;
        let passage = match &self.gate {
            Some(gate) => Some(gate.pass().await),
            None => None,
        };
        slot.begin();
        Permit { passage, slot }
    }

    /// The stretch has asked everything.
    pub(crate) fn completed(mut self) {
        self.is_complete = true;
    }

    /// Why no call can begin just now, if so. That all calls which are allowed are in flight is no wait.
    pub(crate) fn wait(&self) -> Option<Wait> {
        let is_idle = self.pool.in_flight() == 0;
        let at_gate = self.gate.as_ref().and_then(|gate| gate.blocked());
        at_gate
            .and_then(|(blocked, outage)| blocked.told(is_idle, outage))
            .or_else(|| self.pool.blocked()?.told(is_idle, None))
    }

    /// Whether the provider is taken for away.
    pub(crate) fn is_away(&self) -> bool {
        self.gate.as_ref().is_some_and(|gate| gate.is_away())
    }
}

impl Drop for Entrance {
    fn drop(&mut self) {
        match self.is_complete {
            true => self.pool.hand_on(self.number),
            false => self.pool.leave(self.number),
        }
        if let Some(gate) = &self.gate {
            gate.leave(self.concurrency);
        }
    }
}

impl Permit {
    /// The call was answered. What it used is taken from the rates.
    pub(crate) fn answered(self, usage: Option<TokenUsage>) {
        if let Some(usage) = usage {
            self.slot.used(usage);
        }
        if let Some(passage) = self.passage {
            passage.answered(usage);
        }
    }

    /// The call has failed. `is_fresh` says that none for the same item has failed in a way that counts: what fails again and
    /// again may fail for the item's sake, and is no sign that the provider is away.
    /// A run that is refused as a whole begins no further call here.
    pub(crate) fn failed(self, error: &CallError, is_fresh: bool) -> Verdict {
        if error.kind.is_run_wide() {
            self.slot.close();
        }
        match self.passage {
            Some(passage) => passage.failed(error, is_fresh),
            None => Verdict::Counts,
        }
    }
}

/// Nothing that holds these locks can panic halfway, so a poisoned one is as good as any.
pub(crate) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
