//! Commands to a run: pause, resume, other limits. Each says whether it has changed anything.

use domain::limits::LimitsChange;
use domain::progress::{Pause, PausedBy, Stage};
use jiff::Timestamp;

use super::ExperimentWorkflow;
use super::stop::Stop;

impl ExperimentWorkflow {
    /// Whether commands still mean anything.
    fn is_steerable(&self) -> bool {
        let begins_nothing = matches!(self.progress.stage, Stage::Emitting | Stage::Done);
        let ends = matches!(self.stop, Some(Stop::Cancelled | Stop::Failed(_)));
        self.in_stretches && !ends && !begins_nothing
    }

    pub(super) fn pauses(&mut self, since: Timestamp, reason: Option<String>) -> bool {
        let by_user = |pause: &Pause| pause.by == PausedBy::User;
        if !self.is_steerable() || self.progress.pause.as_ref().is_some_and(by_user) {
            return false;
        }
        self.progress.pause = Some(Pause {
            by: PausedBy::User,
            since,
            reason,
        });
        self.walk.recall = !self.walk.under_way.is_empty();
        true
    }

    pub(super) fn resumes(&mut self) -> bool {
        self.progress.pause.take().is_some()
    }

    pub(super) fn changes_limits(&mut self, change: &LimitsChange) -> bool {
        let changed = self.walk.limits.changed(change);
        if !self.is_steerable() || changed == self.walk.limits {
            return false;
        }
        self.walk.limits = changed;
        self.progress.limits = Some(changed);
        // Stretches under way have their parts of the old limits.
        self.walk.recall = !self.walk.under_way.is_empty();
        let by_budget = |pause: &Pause| pause.by != PausedBy::User;
        if self.progress.pause.as_ref().is_some_and(by_budget) && self.spent_budget().is_none() {
            self.progress.pause = None;
        }
        true
    }

    /// Pauses for a budget that is spent, when nothing is under way any more.
    pub(super) fn pauses_for_budget(&mut self, since: Timestamp) {
        if let Some(by) = self.spent_budget() {
            self.progress.pause = Some(Pause {
                by,
                since,
                reason: None,
            });
        }
    }
}
