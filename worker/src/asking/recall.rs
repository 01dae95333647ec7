//! How a stretch that is called back, or whose worker stops, comes to its end; and why it is called back.

use std::time::Duration;

use temporalio_client::WorkflowDescribeOptions;
use temporalio_client::errors::WorkflowInteractionError;
use temporalio_common::protos::temporal::api::enums::v1::WorkflowExecutionStatus;
use temporalio_sdk::activities::ActivityContext;
use tokio::time::{Instant, timeout_at};
use workflows::activities::Unfinished;
use workflows::experiment::ExperimentWorkflow;

use crate::asking::{Asking, Hand};
use crate::failure::Failure;
use crate::work::interrupted;

/// How long calls in flight may take to end when their run ends: a cancelled run is sealed within five seconds.
const PATIENCE_AT_THE_END: Duration = Duration::from_millis(1500);

/// How often a stretch that is called back asks whether its run has ended meanwhile.
const ASK_WHETHER_IT_ENDS: Duration = Duration::from_secs(1);

impl Asking<'_> {
    /// Waits until no further call is to begin, and says why.
    pub(super) async fn called_back(&self) -> Failure {
        tokio::select! {
            biased;
            failure = interrupted(self.bench, self.ctx) => failure,
            () = run_has_ended(self.ctx), if self.ends_with_run => Failure::Cancelled,
        }
    }

    /// Takes what is answered already, and waits a while for the calls in flight, which would be paid again: as long as the
    /// worker may take to stop; as long as a call may take, when the run goes on; hardly, when it ends.
    pub(super) async fn wind_up(
        &self,
        failure: Failure,
        hand: &mut Hand,
    ) -> Result<Option<Unfinished>, Failure> {
        let begun = Instant::now();
        let is_handed_over = matches!(failure, Failure::HandedOver);
        loop {
            let patience = match is_handed_over {
                true => self.bench.handover,
                false if run_ends(self.ctx).await => PATIENCE_AT_THE_END,
                false => self.rules.call_timeout,
            };
            let deadline = begun + patience;
            let ask_again = (Instant::now() + ASK_WHETHER_IT_ENDS).min(deadline);
            while let Ok(asked) = timeout_at(ask_again, hand.calls.join_next()).await {
                let Some(asked) = asked else {
                    return self.wound_up(failure, hand);
                };
                self.take(asked?, hand).await?;
            }
            // What is answered is taken even when there is no time left.
            if Instant::now() >= deadline {
                return self.wound_up(failure, hand);
            }
        }
    }

    fn wound_up(&self, failure: Failure, hand: &Hand) -> Result<Option<Unfinished>, Failure> {
        match failure {
            Failure::Cancelled => Ok((!hand.is_done()).then_some(Unfinished::Recalled)),
            failure => Err(failure),
        }
    }
}

/// Waits until the run of an activity ends, for activities that outlast it.
async fn run_has_ended(ctx: &ActivityContext) {
    while !run_ends(ctx).await {
        tokio::time::sleep(ASK_WHETHER_IT_ENDS).await;
    }
}

/// Whether the run of an activity has ended or is about to, as Temporal says. When it says nothing, the run goes on.
async fn run_ends(ctx: &ActivityContext) -> bool {
    let Some(run) = ctx.workflow_handle::<ExperimentWorkflow>() else {
        return true;
    };
    match run.describe(WorkflowDescribeOptions::default()).await {
        Ok(description) => {
            let raw = description.raw();
            let info = raw.workflow_execution_info.as_ref();
            let is_open =
                info.is_some_and(|info| info.status() == WorkflowExecutionStatus::Running);
            let extended = raw.workflow_extended_info.as_ref();
            !is_open || extended.is_some_and(|extended| extended.cancel_requested)
        }
        Err(WorkflowInteractionError::NotFound(_)) => true,
        Err(error) => {
            tracing::warn!(%error, "Temporal does not tell why a stretch is called back");
            false
        }
    }
}
