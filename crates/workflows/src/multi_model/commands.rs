//! Commands to an experiment of several models: kept for runs that begin later, and sent on to those under way.

use std::cell::Cell;

use domain::limits::{LimitsChange, RunLimits};
use domain::progress::{Pause, PausedBy};
use jiff::Timestamp;
use temporalio_workflow::{ExternalWorkflowHandle, SignalWorkflowOptions, WorkflowContext};

use super::MultiModelWorkflow;
use crate::experiment::{ExperimentWorkflow, PauseCommand};

#[derive(Clone, Debug)]
pub(super) enum Command {
    Pause(PauseCommand),
    Resume,
    ChangeLimits(LimitsChange),
}

/// The commands so far, and what they come to.
pub(super) struct Commands {
    pub(super) limits: RunLimits,
    pub(super) pause: Option<Pause>,
    taken: Vec<Command>,
}

impl Commands {
    pub(super) fn new(limits: RunLimits) -> Self {
        Self {
            limits,
            pause: None,
            taken: Vec::new(),
        }
    }

    pub(super) fn take(&mut self, command: Command, since: Timestamp) {
        match &command {
            Command::Pause(command) => {
                self.pause.get_or_insert_with(|| Pause {
                    by: PausedBy::User,
                    since,
                    reason: command.reason.clone(),
                });
            }
            Command::Resume => self.pause = None,
            Command::ChangeLimits(change) => self.limits = self.limits.changed(change),
        }
        self.taken.push(command);
    }

    /// What a run begins with, and how many commands are in it.
    pub(super) fn so_far(&self) -> (RunLimits, Option<Pause>, usize) {
        (self.limits, self.pause.clone(), self.taken.len())
    }
}

/// Sends the commands that come after the first `sent` on to a run, until it has ended.
pub(super) async fn forward(
    ctx: &WorkflowContext<MultiModelWorkflow>,
    run: &ExternalWorkflowHandle,
    mut sent: usize,
    has_ended: &Cell<bool>,
) {
    loop {
        let more = ctx.wait_condition(|all| has_ended.get() || all.commands.taken.len() > sent);
        // A cancelled experiment takes no further commands.
        if more.await.is_err() || has_ended.get() {
            return;
        }
        let Some(command) = ctx.state(|all| all.commands.taken.get(sent).cloned()) else {
            return;
        };
        sent += 1;
        let options = SignalWorkflowOptions::default();
        // A run that has ended meanwhile needs no command.
        let _ = match command {
            Command::Pause(command) => {
                run.signal(ExperimentWorkflow::pause, command, options)
                    .await
            }
            Command::Resume => run.signal(ExperimentWorkflow::resume, (), options).await,
            Command::ChangeLimits(change) => {
                run.signal(ExperimentWorkflow::change_limits, change, options)
                    .await
            }
        };
    }
}
