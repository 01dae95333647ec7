//! The lanes of a run: each begins one stretch after another, and takes back what has become of it.

use std::cell::RefCell;

use domain::dataset::DatasetRef;
use domain::progress::{Generated, Stage};
use domain::statistics::exceeds;
use domain::walk::{self, Stretch};
use temporalio_workflow::{
    ActivityExecutionError, WorkflowCancellationToken, WorkflowContext, WorkflowResult, join,
    join_all,
};

use super::scoring::score_stretches;
use super::stop::{self, Stop};
use super::walk::{Begun, Next, ToScore};
use super::{ExperimentWorkflow, RunInput, SCORING_LANES, Work, enter, now, publish};
use crate::activities::{ExperimentActivities, Generate, GeneratedStretch};
use crate::options::{cancelled_by, described, stretching, wait_even_if_cancelled};

/// Events after which a run continues as new: Temporal suggests it at about 4,100, warns at 10,240 and ends at 51,200.
const LONG_HISTORY: u32 = 3_500;

/// Marks the histories of runs whose budgets pay for the calls of scorers too.
const SCORERS_IN_BUDGETS: &str = "scorers-in-budgets";

/// What recalls the stretches under way; replaced once it has.
type Calls = RefCell<WorkflowCancellationToken>;

/// Walks the dataset in stretches; scoring of one goes on beside generation of the next.
pub(super) async fn evaluate(
    ctx: &WorkflowContext<ExperimentWorkflow>,
    input: &RunInput,
    dataset: &DatasetRef,
) -> WorkflowResult<()> {
    enter(ctx, Stage::Evaluating);
    let lanes = match input.work {
        Work::Score | Work::Emit => 0,
        // As many as any concurrency would want: another one may be asked for while the run goes on.
        Work::Generate => walk::lanes(dataset, u32::MAX),
    };
    let counts_scorers = ctx.patched(SCORERS_IN_BUDGETS);
    ctx.state_mut(|run| {
        run.walk.generating = lanes;
        run.walk.counts_scorers = counts_scorers;
    });
    let calls = &Calls::new(ctx.cancellation_token().child_token());
    let generators = (0..lanes).map(|lane| async move {
        let generated = generate_stretches(ctx, input, dataset, lane, calls).await;
        ctx.state_mut(ExperimentWorkflow::lane_ends);
        generated
    });
    let scorers = (0..SCORING_LANES).map(|_| score_stretches(ctx, input, dataset));
    let (recalled, generated, scored) = join!(
        recall_when_asked(ctx, calls),
        join_all(generators),
        join_all(scorers)
    );
    recalled?;
    generated.into_iter().chain(scored).collect()
}

/// Calls the stretches under way back, as often as that is asked for, until no lane is left.
async fn recall_when_asked(
    ctx: &WorkflowContext<ExperimentWorkflow>,
    calls: &Calls,
) -> WorkflowResult<()> {
    loop {
        ctx.wait_condition_with_options(
            |run| run.walk.recall || run.walk.generating == 0,
            wait_even_if_cancelled(),
        )
        .await?;
        if ctx.state(|run| run.walk.generating == 0) {
            return Ok(());
        }
        let recalled = calls.replace(ctx.cancellation_token().child_token());
        ctx.state_mut(|run| run.walk.recall = false);
        recalled.cancel_with_reason("the run pauses, ends, or has other limits");
    }
}

/// Begins one stretch after another until none is left or the run stops.
async fn generate_stretches(
    ctx: &WorkflowContext<ExperimentWorkflow>,
    input: &RunInput,
    dataset: &DatasetRef,
    lane: u32,
    calls: &Calls,
) -> WorkflowResult<()> {
    let mut is_free = input.resumed.next_chunk == 0;
    while let Some(begun) = next(ctx, dataset, lane).await? {
        let token = calls.borrow().clone();
        let generate = Generate {
            run: input.run.clone(),
            dataset: dataset.clone(),
            chunk: begun.stretch.first,
            chunks: begun.stretch.chunks,
            share: begun.share,
            is_free,
            last_beside: begun.last_beside.clone(),
            allowance: begun.allowance,
            max_failure_rate: ctx.state(|run| run.walk.limits.max_failure_rate),
        };
        let options = described(stretching(), stretch_title(dataset, begun.stretch));
        let options = cancelled_by(options, &token);
        let outcome = ctx
            .execute_activity(ExperimentActivities::generate_output, generate, options)
            .await;
        is_free = !matches!(&outcome, Ok(stretch) if stretch.unfinished.is_none());
        let is_cancelled = ctx.cancellation_token().is_cancelled();
        ctx.state_mut(|run| {
            run.came_back(&begun);
            if is_cancelled {
                run.stop(Stop::Cancelled);
            }
            run.take_back(&begun, outcome, token.is_cancelled(), dataset);
        });
        publish(ctx)?;
    }
    Ok(())
}

/// The next stretch, when it may begin; none when there is none or the run stops.
async fn next(
    ctx: &WorkflowContext<ExperimentWorkflow>,
    dataset: &DatasetRef,
    lane: u32,
) -> WorkflowResult<Option<Begun>> {
    loop {
        let decided = ctx
            .wait_condition(|run| run.next(dataset, lane) != Next::Wait)
            .await;
        if decided.is_err() {
            ctx.state_mut(|run| run.stop(Stop::Cancelled));
        }
        let is_long = history_is_long(ctx);
        let next = ctx.state_mut(|run| {
            let next = run.next(dataset, lane);
            if next == Next::Begin && is_long {
                // What is under way comes back soon, and is begun again by the next part.
                run.stop(Stop::ContinueAsNew);
                run.walk.recall = !run.walk.under_way.is_empty();
                return Next::End;
            }
            next
        });
        match next {
            Next::End => return Ok(None),
            Next::Begin => return Ok(ctx.state_mut(|run| run.begin(dataset, lane))),
            Next::Wait => {}
            Next::Pause => {
                let since = now(ctx);
                ctx.state_mut(|run| run.pauses_for_budget(since));
                publish(ctx)?;
            }
        }
    }
}

impl ExperimentWorkflow {
    /// Takes back what has become of a stretch.
    fn take_back(
        &mut self,
        begun: &Begun,
        outcome: Result<GeneratedStretch, ActivityExecutionError>,
        recalled: bool,
        dataset: &DatasetRef,
    ) {
        match outcome {
            Ok(stretch) if stretch.unfinished.is_none() => {
                self.progress.generated.add(stretch.generated);
                self.walk.to_score.push_back(ToScore {
                    stretch: begun.stretch,
                    counted: true,
                });
                self.check_failures(dataset);
            }
            Ok(stretch) => self.hold(begun.stretch, stretch.generated),
            // It was called back, and its worker has not said how far it came: the next one finds what is recorded.
            Err(error) if recalled && !stop::is_told(&error) => {
                self.hold(begun.stretch, Generated::default());
            }
            Err(error) => {
                self.stop(Stop::from(&error));
                self.walk.recall = true;
                self.hold(begun.stretch, Generated::default());
            }
        }
    }

    /// Fails the run when more items have failed than it allows.
    fn check_failures(&mut self, dataset: &DatasetRef) {
        let Some(rate) = self.walk.limits.max_failure_rate else {
            return;
        };
        let (failed, done) = (
            self.progress.generated.failed,
            self.progress.generated.done(),
        );
        if exceeds(failed, done, dataset.outputs(), rate) {
            let reason = format!(
                "{failed} of {done} items have failed, more than the `max_failure_rate` of {rate} allows"
            );
            self.stop(Stop::Failed(reason));
            self.walk.recall = true;
        }
    }

    /// When no lane is left, what is held is scored as it is, unless another part of the run goes on with it.
    fn lane_ends(&mut self) {
        self.walk.generating -= 1;
        let goes_on = matches!(self.stop, Some(Stop::ContinueAsNew));
        if self.walk.generating == 0 && !goes_on {
            self.give_up_held();
        }
    }
}

pub(super) fn history_is_long(ctx: &WorkflowContext<ExperimentWorkflow>) -> bool {
    ctx.history_length() > LONG_HISTORY || ctx.continue_as_new_suggested()
}

/// A line for the Temporal UI.
pub(super) fn stretch_title(dataset: &DatasetRef, stretch: Stretch) -> String {
    match stretch.chunks {
        1 => format!("chunk {} of {}", stretch.end(), dataset.chunks()),
        _ => format!(
            "chunks {} to {} of {}",
            stretch.first + 1,
            stretch.end(),
            dataset.chunks()
        ),
    }
}
