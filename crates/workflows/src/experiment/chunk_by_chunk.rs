//! The walk of runs that an older worker has begun, chunk by chunk: kept so that their histories go on replaying.
//!
//! It knows neither pauses nor budgets. Once no such run can be under way any more, it may go.

use std::collections::VecDeque;

use domain::dataset::{self, DatasetRef};
use domain::limits::Share;
use domain::progress::{Generated, Stage};
use temporalio_workflow::{
    WorkflowCancellationToken, WorkflowContext, WorkflowResult, join, join_all,
};

use super::{ExperimentWorkflow, RunInput, SCORING_LANES, Stop, enter, publish};
use crate::activities::{Allowance, ExperimentActivities, Generate, ScoreChunk};
use crate::options::{
    cancelled_by, described, even_if_cancelled, patient, wait_even_if_cancelled, working,
};

/// How far the walk has come.
#[derive(Default)]
pub(super) struct Walk {
    pub(super) next_chunk: u64,
    /// Chunks whose outputs are there, as far as they will ever be.
    to_score: VecDeque<ChunkToScore>,
    /// Lanes that may still add to `to_score`.
    generating: usize,
}

impl From<u64> for Walk {
    /// Every chunk before `next_chunk` is done.
    fn from(next_chunk: u64) -> Self {
        Self {
            next_chunk,
            ..Self::default()
        }
    }
}

struct ChunkToScore {
    chunk: u64,
    /// What GenerateOutput has reported; none when it ended without a report.
    generated: Option<Generated>,
}

/// Walks the chunks in lanes; scoring of one chunk goes on beside generation of the next.
pub(super) async fn evaluate(
    ctx: &WorkflowContext<ExperimentWorkflow>,
    input: &RunInput,
    dataset: &DatasetRef,
) -> WorkflowResult<()> {
    enter(ctx, Stage::Evaluating);
    let shares = dataset::shares(dataset, input.concurrency_limit);
    ctx.state_mut(|run| run.old.generating = shares.len());
    let calls = ctx.cancellation_token().child_token();
    let generators = shares.into_iter().map(|concurrency| {
        let calls = calls.clone();
        async move {
            let generated = generate_chunks(ctx, input, dataset, concurrency, &calls).await;
            ctx.state_mut(|run| run.old.generating -= 1);
            generated
        }
    });
    let scorers = (0..SCORING_LANES).map(|_| score_chunks(ctx, input, dataset, &calls));
    let (generated, scored) = join!(join_all(generators), join_all(scorers));
    generated.into_iter().chain(scored).collect()
}

/// Takes one chunk after another until none is left or the run stops.
async fn generate_chunks(
    ctx: &WorkflowContext<ExperimentWorkflow>,
    input: &RunInput,
    dataset: &DatasetRef,
    concurrency: u32,
    calls: &WorkflowCancellationToken,
) -> WorkflowResult<()> {
    while let Some(chunk) = next_chunk(ctx, dataset) {
        let generate = Generate {
            run: input.run.clone(),
            dataset: dataset.clone(),
            chunk,
            chunks: 1,
            share: Share {
                concurrency,
                ..Share::default()
            },
            is_free: false,
            last_beside: None,
            allowance: Allowance::default(),
            max_failure_rate: None,
        };
        let options = described(working(&input.retry), chunk_title(dataset, chunk));
        let options = cancelled_by(options, calls);
        let outcome = ctx
            .execute_activity(ExperimentActivities::generate_output, generate, options)
            .await;
        ctx.state_mut(|run| {
            run.old.to_score.push_back(ChunkToScore {
                chunk,
                generated: outcome.as_ref().ok().map(|stretch| stretch.generated),
            });
            if let Ok(stretch) = &outcome {
                run.progress.generated.add(stretch.generated);
            }
        });
        match outcome {
            // Told now, not when the chunk is scored: the heartbeat that told of it is gone.
            Ok(_) => publish(ctx)?,
            Err(error) => {
                ctx.state_mut(|run| run.stop(Stop::from(&error)));
                calls.cancel_with_reason("the run ends");
            }
        }
    }
    Ok(())
}

/// The next chunk to begin; none when there is none, or the run stops.
fn next_chunk(ctx: &WorkflowContext<ExperimentWorkflow>, dataset: &DatasetRef) -> Option<u64> {
    let cancelled = ctx.cancellation_token().is_cancelled();
    let history_is_long = ctx.continue_as_new_suggested();
    ctx.state_mut(|run| {
        if run.old.next_chunk >= dataset.chunks() {
            return None;
        }
        if cancelled {
            run.stop(Stop::Cancelled);
        } else if history_is_long && run.stop.is_none() {
            run.stop = Some(Stop::ContinueAsNew);
        }
        if run.stop.is_some() {
            return None;
        }
        let chunk = run.old.next_chunk;
        run.old.next_chunk += 1;
        Some(chunk)
    })
}

/// Scores chunks as they come, also after a cancellation: what was recorded is summarised.
async fn score_chunks(
    ctx: &WorkflowContext<ExperimentWorkflow>,
    input: &RunInput,
    dataset: &DatasetRef,
    calls: &WorkflowCancellationToken,
) -> WorkflowResult<()> {
    loop {
        ctx.wait_condition_with_options(
            |run| !run.old.to_score.is_empty() || run.old.generating == 0,
            wait_even_if_cancelled(),
        )
        .await?;
        let Some(ChunkToScore { chunk, generated }) =
            ctx.state_mut(|run| run.old.to_score.pop_front())
        else {
            return Ok(());
        };
        let score = ScoreChunk {
            run: input.run.clone(),
            dataset: dataset.clone(),
            chunk,
            chunks: 1,
        };
        let options = described(even_if_cancelled(patient()), chunk_title(dataset, chunk));
        let outcome = ctx
            .execute_activity(ExperimentActivities::score_output, score, options)
            .await;
        match outcome {
            Ok(scored) => {
                ctx.state_mut(|run| {
                    if generated.is_none() {
                        run.progress.generated.add(scored.generated);
                    }
                    run.progress.scored(scored.states, &scored.aggregates);
                });
                publish(ctx)?;
            }
            Err(error) => {
                ctx.state_mut(|run| run.stop(Stop::from(&error)));
                calls.cancel_with_reason("the run ends");
            }
        }
    }
}

fn chunk_title(dataset: &DatasetRef, chunk: u64) -> String {
    format!("chunk {} of {}", chunk + 1, dataset.chunks())
}
