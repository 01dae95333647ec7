//! Judges stretches as they come, also after a cancellation: what was recorded is summarised.

use domain::dataset::DatasetRef;
use domain::walk;
use temporalio_workflow::{WorkflowContext, WorkflowResult};

use super::lanes::{history_is_long, stretch_title};
use super::stop::Stop;
use super::walk::ToScore;
use super::{ExperimentWorkflow, RunInput, Work, publish};
use crate::activities::{ExperimentActivities, ScoreChunk};
use crate::options::{described, even_if_cancelled, stretching, wait_even_if_cancelled};

/// What the stretches of a round that only scores are divided by: lanes, and items that are worth a stretch.
const LANES_OF_RESCORING: u32 = 4;
const PACE_OF_RESCORING: u32 = 200;

/// Scores one stretch after another until none is left and none will come.
pub(super) async fn score_stretches(
    ctx: &WorkflowContext<ExperimentWorkflow>,
    input: &RunInput,
    dataset: &DatasetRef,
) -> WorkflowResult<()> {
    while let Some(ToScore { stretch, counted }) = next(ctx, input, dataset).await? {
        let score = ScoreChunk {
            run: input.run.clone(),
            dataset: dataset.clone(),
            chunk: stretch.first,
            chunks: stretch.chunks,
        };
        let title = stretch_title(dataset, stretch);
        let options = described(even_if_cancelled(stretching()), title);
        let outcome = ctx
            .execute_activity(ExperimentActivities::score_output, score, options)
            .await;
        match outcome {
            Ok(scored) => {
                ctx.state_mut(|run| {
                    if !counted {
                        run.progress.generated.add(scored.generated);
                    }
                    run.progress.scored(scored.states, &scored.aggregates);
                    if scored.cut_short {
                        run.stop(Stop::Cancelled);
                    }
                });
                publish(ctx)?;
            }
            Err(error) => ctx.state_mut(|run| {
                run.stop(Stop::from(&error));
                run.walk.recall = true;
            }),
        }
    }
    Ok(())
}

/// The next stretch to score; none when there is none and none will come.
async fn next(
    ctx: &WorkflowContext<ExperimentWorkflow>,
    input: &RunInput,
    dataset: &DatasetRef,
) -> WorkflowResult<Option<ToScore>> {
    if input.work == Work::Score {
        return Ok(next_of_all(ctx, dataset).await);
    }
    ctx.wait_condition_with_options(
        |run| !run.walk.to_score.is_empty() || run.walk.generating == 0,
        wait_even_if_cancelled(),
    )
    .await?;
    Ok(ctx.state_mut(|run| run.walk.to_score.pop_front()))
}

/// The next stretch of a round that scores what is there already.
async fn next_of_all(
    ctx: &WorkflowContext<ExperimentWorkflow>,
    dataset: &DatasetRef,
) -> Option<ToScore> {
    let may_go_on = |run: &ExperimentWorkflow| run.progress.pause.is_none() || run.stop.is_some();
    let uncancelled = ctx.wait_condition(may_go_on).await.is_ok();
    let is_long = history_is_long(ctx);
    let is_cancelled = !uncancelled || ctx.cancellation_token().is_cancelled();
    ctx.state_mut(|run| {
        if run.walk.next_chunk < dataset.chunks() {
            match (is_cancelled, is_long) {
                (true, _) => run.stop(Stop::Cancelled),
                (false, true) => run.stop(Stop::ContinueAsNew),
                (false, false) => {}
            }
        }
        if run.stop.is_some() {
            return None;
        }
        let stretch = walk::next_stretch(
            dataset,
            run.walk.next_chunk,
            LANES_OF_RESCORING,
            PACE_OF_RESCORING,
        )?;
        run.walk.next_chunk = stretch.end();
        Some(ToScore {
            stretch,
            counted: false,
        })
    })
}
