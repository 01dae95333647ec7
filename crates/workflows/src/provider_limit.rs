//! What all workers together may ask of one provider: a workflow that hands out leases, and ends when nobody asks.

use std::time::Duration;

use domain::lease::{Ask, Lease, Leases};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use temporalio_macros::{workflow, workflow_methods};
use temporalio_workflow::{
    ContinueAsNewOptions, SyncWorkflowContext, WorkflowContext, WorkflowContextView,
    WorkflowResult, select,
};

/// The workflow ends when no lease was asked for so long. All leases have ended by then.
const IDLE: Duration = Duration::from_secs(600);

/// Events after which the rest is left to a new history, so that a worker that replays it is soon done.
const LONGEST_HISTORY: u32 = 2_000;

/// What one part of a limit's life hands to the next.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct ProviderLimitInput {
    #[serde(default)]
    pub leases: Leases,
}

/// Keeps the leases of one provider, on one task queue.
#[workflow]
pub struct ProviderLimitWorkflow {
    leases: Leases,
    last_asked: Option<Timestamp>,
    history_is_long: bool,
}

#[workflow_methods]
impl ProviderLimitWorkflow {
    #[init]
    fn new(_ctx: &WorkflowContextView, input: ProviderLimitInput) -> Self {
        Self {
            leases: input.leases,
            last_asked: None,
            history_is_long: false,
        }
    }

    #[run(name = "ProviderLimitWorkflow")]
    pub async fn run(ctx: &mut WorkflowContext<Self>) -> WorkflowResult<()> {
        let mut idle_in = IDLE;
        loop {
            let mut long = ctx.wait_condition(|limit| limit.history_is_long);
            select! {
                long = long => {
                    long?;
                    let leases = ctx.state(|limit| limit.leases.clone());
                    match ctx.continue_as_new(
                        ProviderLimitInput { leases },
                        ContinueAsNewOptions::default(),
                    )? {}
                }
                _ = ctx.timer(idle_in) => {}
            }
            // One timer for many asks: it is set anew only when it has come too early.
            let last_asked = ctx.state(|limit| limit.last_asked);
            let idle_at = last_asked.and_then(|asked| asked.checked_add(IDLE).ok());
            let left = idle_at.map(|at| at.duration_since(workflow_now(ctx.workflow_time())));
            match left.and_then(|left| Duration::try_from(left).ok()) {
                Some(left) if !left.is_zero() => idle_in = left,
                _ => return Ok(()),
            }
        }
    }

    /// Gives a worker its part, for a while.
    #[update(name = "lease")]
    pub fn lease(&mut self, ctx: &mut SyncWorkflowContext<Self>, ask: Ask) -> Lease {
        let now = workflow_now(ctx.workflow_time());
        self.last_asked = Some(now);
        self.history_is_long =
            ctx.history_length() >= LONGEST_HISTORY || ctx.continue_as_new_suggested();
        self.leases.ask(&ask, now)
    }
}

/// The time of the current workflow task, which is the same when replayed.
fn workflow_now(time: Option<std::time::SystemTime>) -> Timestamp {
    time.and_then(|time| Timestamp::try_from(time).ok())
        .unwrap_or(Timestamp::UNIX_EPOCH)
}
