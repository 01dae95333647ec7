//! The gate of a provider: what all runs of this worker together may ask of it.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use domain::lease::{Ask, Lease, Limits};
use domain::output::{CallError, CallErrorKind, TokenUsage};
use tokio::sync::Notify;
use tokio::time::Instant;

use super::bucket::When;
use super::circuit::Circuit;
use super::fleet::Fleet;
use super::pool::total;
use super::wait::Outage;
use super::window::Window;
use super::{Blocked, Verdict, Why, lock, until};

/// A provider that refuses even one call at a time, and does not say for how long, is left alone for this long.
const PAUSE: Duration = Duration::from_secs(1);

/// The gate of one provider.
pub(super) struct Gate {
    /// Those who want to begin a call stand in line; the first of them waits until it may.
    line: tokio::sync::Mutex<()>,
    state: Mutex<State>,
    /// Told when a call may have become possible.
    opened: Notify,
    /// Told when the lease may have to be asked for.
    pub(super) lease_wanted: Notify,
}

struct State {
    in_flight: u32,
    window: Window,
    circuit: Circuit,
    paused_until: Option<Instant>,
    /// None when the workers together have no limit.
    fleet: Option<Fleet>,
    demand: u32,
}

/// A call that has passed the gate, as long as it is held.
pub(super) struct Passage {
    gate: Arc<Gate>,
    is_probe: bool,
}

impl Gate {
    pub(super) fn new(limits: Option<Limits>) -> Self {
        Self {
            line: tokio::sync::Mutex::default(),
            state: Mutex::new(State {
                in_flight: 0,
                window: Window::default(),
                circuit: Circuit::default(),
                paused_until: None,
                fleet: limits.map(Fleet::new),
                demand: 0,
            }),
            opened: Notify::new(),
            lease_wanted: Notify::new(),
        }
    }

    /// Takes note of calls that a stretch may want to have in flight from now on.
    pub(super) fn join(&self, concurrency: u32) {
        lock(&self.state).demand += concurrency;
        self.demand_changed();
    }

    pub(super) fn leave(&self, concurrency: u32) {
        lock(&self.state).demand -= concurrency;
        self.demand_changed();
    }

    fn demand_changed(&self) {
        let mut state = lock(&self.state);
        let (demand, in_flight) = (state.demand, state.in_flight);
        if let Some(fleet) = &mut state.fleet {
            fleet.wanted(demand);
            fleet.changed(in_flight, Instant::now());
            self.lease_wanted.notify_one();
        }
    }

    /// Waits until the provider may be asked once more.
    pub(super) async fn pass(self: &Arc<Self>) -> Passage {
        let _first = self.line.lock().await;
        loop {
            let begun = lock(&self.state).begin(Instant::now(), &self.lease_wanted);
            match begun {
                Ok(is_probe) => {
                    return Passage {
                        gate: Arc::clone(self),
                        is_probe,
                    };
                }
                Err(blocked) => until(blocked.until, &self.opened).await,
            }
        }
    }

    /// Why no call can begin just now, if so, and what is known of a provider that is away.
    pub(super) fn blocked(&self) -> Option<(Blocked, Option<Outage>)> {
        let state = lock(&self.state);
        let blocked = state.blocked(Instant::now()).err()?;
        let outage = state.circuit.away().map(|away| away.outage.clone());
        Some((blocked, outage))
    }

    pub(super) fn is_away(&self) -> bool {
        lock(&self.state).circuit.away().is_some()
    }

    /// Whether no stretch is here and no call in flight.
    pub(super) fn is_idle(&self) -> bool {
        let state = lock(&self.state);
        state.demand == 0 && state.in_flight == 0
    }

    /// When the lease is to be asked for.
    pub(super) fn lease_due(&self, is_stopping: bool) -> When {
        let state = lock(&self.state);
        match &state.fleet {
            Some(fleet) => fleet.due(state.in_flight, is_stopping, Instant::now()),
            None => When::Never,
        }
    }

    /// What to ask for; none when the workers together have no limit.
    pub(super) fn ask(&self, worker: &str) -> Option<Ask> {
        let mut state = lock(&self.state);
        let in_flight = state.in_flight;
        let fleet = state.fleet.as_mut()?;
        Some(fleet.ask(worker, in_flight, Instant::now()))
    }

    /// The answer to what was asked last, or none.
    pub(super) fn answered(&self, lease: Option<&Lease>) {
        let mut state = lock(&self.state);
        let in_flight = state.in_flight;
        match (&mut state.fleet, lease) {
            (Some(fleet), Some(lease)) => fleet.granted(lease, in_flight, Instant::now()),
            (Some(fleet), None) => fleet.unanswered(),
            (None, _) => {}
        }
        drop(state);
        self.opened.notify_one();
    }
}

impl State {
    /// Begins a call and tells whether it is a probe, or tells why not.
    fn begin(&mut self, now: Instant, lease_wanted: &Notify) -> Result<bool, Blocked> {
        let begun = self.blocked(now);
        match &begun {
            Ok(is_probe) => {
                self.in_flight += 1;
                self.window.began(self.in_flight);
                if *is_probe {
                    self.circuit.probe_begins();
                }
                if let Some(fleet) = &mut self.fleet {
                    fleet.began(self.in_flight, now);
                }
            }
            Err(blocked) if blocked.why.is_of_the_fleet() => {
                if self.fleet.as_mut().is_some_and(Fleet::waits) {
                    lease_wanted.notify_one();
                }
            }
            Err(_) => {}
        }
        begun
    }

    fn blocked(&self, now: Instant) -> Result<bool, Blocked> {
        let away = self.circuit.away();
        if let Some(away) = away {
            if away.is_probing {
                return Err(Blocked::new(Why::Away, None));
            }
            if away.probe_at > now {
                return Err(Blocked::new(Why::Away, Some(away.probe_at)));
            }
        }
        if let Some(at) = self.paused_until.filter(|at| *at > now) {
            return Err(Blocked::new(Why::Paused, Some(at)));
        }
        // A provider that is away answers no probe because its window is narrow.
        if away.is_none() && !self.window.has_room(self.in_flight) {
            return Err(Blocked::new(Why::Full, None));
        }
        let fleet = self.fleet.as_ref();
        match fleet.and_then(|fleet| fleet.blocked(self.in_flight, now)) {
            Some(blocked) => Err(blocked),
            None => Ok(away.is_some()),
        }
    }

    fn pause_until(&mut self, at: Instant) {
        self.paused_until = self.paused_until.max(Some(at));
    }

    fn answered(&mut self, usage: Option<TokenUsage>, now: Instant) {
        self.circuit.is_there();
        self.window.answered();
        if let (Some(fleet), Some(usage)) = (&mut self.fleet, usage) {
            fleet.used(total(usage), now);
        }
    }

    fn failed(
        &mut self,
        error: &CallError,
        is_fresh: bool,
        is_probe: bool,
        now: Instant,
    ) -> Verdict {
        if let Some(wait) = error.retry_after() {
            self.pause_until(now + wait);
        }
        match error.kind {
            CallErrorKind::RateLimited => {
                self.circuit.is_there();
                self.window.refused(self.in_flight, now);
                if error.retry_after().is_none() && self.window.is_closed_to_one() {
                    self.pause_until(now + PAUSE);
                }
                Verdict::Excused
            }
            CallErrorKind::ProviderUnavailable
            | CallErrorKind::Connection
            | CallErrorKind::Timeout => {
                self.circuit
                    .failed(is_fresh, is_probe, Outage::of(error), now)
            }
            // That nobody can be reached is no item's fault.
            CallErrorKind::Unreachable | CallErrorKind::NoWorker => {
                self.circuit.failed(true, is_probe, Outage::of(error), now);
                Verdict::Excused
            }
            CallErrorKind::Refused
            | CallErrorKind::BadRequest
            | CallErrorKind::BadAnswer
            | CallErrorKind::Unreadable => {
                self.circuit.is_there();
                Verdict::Counts
            }
            // No call was made, so it tells nothing of the provider.
            CallErrorKind::Item => Verdict::Counts,
        }
    }
}

impl Passage {
    pub(super) fn answered(self, usage: Option<TokenUsage>) {
        lock(&self.gate.state).answered(usage, Instant::now());
    }

    pub(super) fn failed(self, error: &CallError, is_fresh: bool) -> Verdict {
        lock(&self.gate.state).failed(error, is_fresh, self.is_probe, Instant::now())
    }
}

impl Drop for Passage {
    fn drop(&mut self) {
        let (mut state, now) = (lock(&self.gate.state), Instant::now());
        state.in_flight -= 1;
        if self.is_probe {
            state.circuit.probe_ends();
        }
        let in_flight = state.in_flight;
        let fleet = state.fleet.as_mut();
        if fleet.is_some_and(|fleet| fleet.changed(in_flight, now)) {
            self.gate.lease_wanted.notify_one();
        }
        drop(state);
        self.gate.opened.notify_one();
    }
}
