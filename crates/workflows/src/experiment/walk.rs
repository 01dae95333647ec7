//! How far a run has come, and what is begun next: decisions only.

use std::collections::VecDeque;

use domain::dataset::DatasetRef;
use domain::limits::{RunLimits, Share};
use domain::progress::Generated;
use domain::walk::{self, Stretch};
use serde::{Deserialize, Serialize};

use super::spending::Spent;
use super::{ExperimentWorkflow, Resumed};
use crate::activities::Allowance;

/// A stretch that is begun, not complete and not under way: it was called back, or its worker was lost.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Held {
    pub stretch: Stretch,
    /// What it has reported.
    pub seen: Generated,
}

/// A stretch whose outputs are there, as far as they will ever be.
pub(super) struct ToScore {
    pub(super) stretch: Stretch,
    /// Whether its outputs are counted in the progress.
    pub(super) counted: bool,
}

/// How far a run has come.
pub(super) struct Walk {
    pub(super) next_chunk: u64,
    pub(super) held: VecDeque<Held>,
    pub(super) to_score: VecDeque<ToScore>,
    /// Stretches under way, by their first chunks.
    pub(super) under_way: Vec<u64>,
    /// Lanes that may still begin a stretch.
    pub(super) generating: u32,
    /// The limits as they stand.
    pub(super) limits: RunLimits,
    /// Whether the stretches under way are to be called back.
    pub(super) recall: bool,
    /// What the stretches under way have spent or may spend.
    pub(super) set_aside: Spent,
    /// Whether what scorers ask others is paid of the same budgets.
    pub(super) counts_scorers: bool,
}

/// What a lane does next.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Next {
    Begin,
    Wait,
    /// Begin nothing, for a budget is spent and nothing is under way that might leave some of it.
    Pause,
    End,
}

/// A stretch as a lane begins it.
pub(super) struct Begun {
    pub(super) stretch: Stretch,
    pub(super) share: Share,
    /// What the stretch may spend in all, with what it has spent before.
    pub(super) allowance: Allowance,
    /// What is set aside for it until it comes back.
    pub(super) set_aside: Spent,
    /// What is under way beside it, if none is begun after it.
    pub(super) last_beside: Option<Vec<u64>>,
}

impl Walk {
    pub(super) fn new(resumed: &Resumed, limits: RunLimits) -> Self {
        Self {
            next_chunk: resumed.next_chunk,
            held: resumed.held.iter().cloned().collect(),
            to_score: VecDeque::new(),
            under_way: Vec::new(),
            generating: 0,
            limits,
            recall: false,
            set_aside: Spent::default(),
            counts_scorers: false,
        }
    }

    fn has_work(&self, dataset: &DatasetRef) -> bool {
        !self.held.is_empty() || self.next_chunk < dataset.chunks()
    }
}

impl ExperimentWorkflow {
    /// What a lane does next, as things stand.
    pub(super) fn next(&self, dataset: &DatasetRef, lane: u32) -> Next {
        let walk = &self.walk;
        if self.stop.is_some() {
            return Next::End;
        }
        if !walk.has_work(dataset) {
            // A stretch under way may come back unfinished.
            return match walk.under_way.is_empty() {
                true => Next::End,
                false => Next::Wait,
            };
        }
        let lanes = walk::lanes(dataset, walk.limits.concurrency_limit);
        if self.progress.pause.is_some() || walk.recall || lane >= lanes {
            return Next::Wait;
        }
        match (self.spent_budget(), walk.under_way.is_empty()) {
            (None, _) => Next::Begin,
            (Some(_), true) => Next::Pause,
            (Some(_), false) => Next::Wait,
        }
    }

    /// Takes the next stretch: one that is held goes first.
    pub(super) fn begin(&mut self, dataset: &DatasetRef, lane: u32) -> Option<Begun> {
        let lanes = walk::lanes(dataset, self.walk.limits.concurrency_limit);
        let (stretch, seen, is_new) = match self.walk.held.pop_front() {
            Some(held) => (held.stretch, held.seen, false),
            None => {
                let stretch = walk::next_stretch(
                    dataset,
                    self.walk.next_chunk,
                    lanes,
                    self.walk.limits.concurrency_limit,
                )?;
                self.walk.next_chunk = stretch.end();
                (stretch, Generated::default(), true)
            }
        };
        self.count_held();
        let allowance = self.allowance(seen, lanes);
        let set_aside = Spent::by(seen).or_allowed(allowance);
        self.walk.set_aside.add(set_aside);
        // One that spends its allowance is begun again.
        let is_last =
            is_new && allowance == Allowance::default() && self.walk.next_chunk == dataset.chunks();
        let last_beside = is_last.then(|| self.walk.under_way.clone());
        self.walk.under_way.push(stretch.first);
        Some(Begun {
            stretch,
            share: self.walk.limits.share(lane, lanes),
            allowance,
            set_aside,
            last_beside,
        })
    }

    /// A stretch is no longer under way, however it came back.
    pub(super) fn came_back(&mut self, begun: &Begun) {
        let is_it = |first: &u64| *first == begun.stretch.first;
        if let Some(place) = self.walk.under_way.iter().position(is_it) {
            self.walk.under_way.swap_remove(place);
        }
        self.walk.set_aside.subtract(begun.set_aside);
    }

    /// Holds a stretch that is not complete.
    pub(super) fn hold(&mut self, stretch: Stretch, seen: Generated) {
        self.walk.held.push_back(Held { stretch, seen });
        self.count_held();
    }

    /// Hands what is held to scoring, as it is: nothing more will be asked.
    pub(super) fn give_up_held(&mut self) {
        while let Some(held) = self.walk.held.pop_front() {
            self.progress.generated.lost += held.seen.lost;
            self.walk.to_score.push_back(ToScore {
                stretch: held.stretch,
                counted: false,
            });
        }
        self.count_held();
    }

    fn count_held(&mut self) {
        let mut sum = Generated::default();
        for held in &self.walk.held {
            sum.add(held.seen);
        }
        self.progress.held = sum;
    }
}
