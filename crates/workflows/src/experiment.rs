//! One model over one dataset: load, generate and score in chunks, emit.

use std::collections::VecDeque;

use domain::config::RetryConfig;
use domain::dataset::{self, DatasetRef};
use domain::progress::{Generated, Progress, Stage};
use domain::summary::Status;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use temporalio_common::error::{ApplicationFailure, IncomingError};
use temporalio_macros::{workflow, workflow_methods};
use temporalio_workflow::{
    ActivityExecutionError, ContinueAsNewOptions, MemoValue, WaitConditionOptions,
    WorkflowCancellationToken, WorkflowContext, WorkflowContextView, WorkflowResult,
    WorkflowTermination, join, join_all,
};

use crate::activities::{Emit, ExperimentActivities, Generate, Load, RunRef, ScoreChunk};
use crate::options::{cancelled_by, described, even_if_cancelled, patient, working};
use crate::{failure, memo};

/// Chunks scored at once: enough to keep up with generation, since scoring is mostly computing.
const SCORING_LANES: usize = 2;

/// What a run is started with.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct RunInput {
    pub run: RunRef,
    pub model: String,
    pub concurrency_limit: u32,
    pub retry: RetryConfig,
    /// How far an earlier part of the same run has come.
    #[serde(default)]
    pub resumed: Resumed,
}

/// What one part of a long run hands to the next.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct Resumed {
    pub started_at: Option<Timestamp>,
    /// With a dataset, loading is done.
    pub progress: Progress,
    /// Every chunk before this one is done.
    pub next_chunk: u64,
}

/// How a run ended.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct RunOutcome {
    pub status: Status,
    pub progress: Progress,
}

/// Runs one model over a dataset.
#[workflow]
pub struct ExperimentWorkflow {
    input: RunInput,
    progress: Progress,
    next_chunk: u64,
    /// Chunks whose outputs are there, as far as they will ever be.
    to_score: VecDeque<ChunkToScore>,
    /// Lanes that may still add to `to_score`.
    generating: usize,
    /// Why no further chunk is begun.
    stop: Option<Stop>,
}

struct ChunkToScore {
    chunk: u64,
    /// What GenerateOutput has reported; none when it ended without a report.
    generated: Option<Generated>,
}

/// Why a run begins no further chunk.
#[derive(Clone, Debug)]
enum Stop {
    /// The history is long enough; the rest belongs to the next part.
    ContinueAsNew,
    Cancelled,
    Failed(String),
}

#[workflow_methods]
impl ExperimentWorkflow {
    #[init]
    fn new(_ctx: &WorkflowContextView, input: RunInput) -> Self {
        Self {
            progress: input.resumed.progress.clone(),
            next_chunk: input.resumed.next_chunk,
            input,
            to_score: VecDeque::new(),
            generating: 0,
            stop: None,
        }
    }

    #[run(name = "ExperimentWorkflow")]
    pub async fn run(ctx: &mut WorkflowContext<Self>) -> WorkflowResult<RunOutcome> {
        let input = ctx.state(|run| run.input.clone());
        let started_at = input.resumed.started_at.unwrap_or_else(|| now(ctx));
        match load(ctx, &input).await {
            Ok(dataset) => evaluate(ctx, &input, &dataset).await?,
            Err(error) => ctx.state_mut(|run| run.stop(Stop::from(&error))),
        }
        let (status, reason) = match ctx.state(|run| run.stop.clone()) {
            None => (Status::Completed, None),
            Some(Stop::Cancelled) => (Status::Cancelled, None),
            Some(Stop::Failed(reason)) => (Status::Failed, Some(reason)),
            Some(Stop::ContinueAsNew) => return continue_as_new(ctx, input, started_at),
        };
        emit(ctx, &input, status, reason.clone(), started_at).await?;
        match (status, reason) {
            (Status::Cancelled, _) => Err(WorkflowTermination::cancelled()),
            (Status::Failed, reason) => Err(run_failed(reason.unwrap_or_default())),
            (status, _) => Ok(RunOutcome {
                status,
                progress: ctx.state(|run| run.progress.clone()),
            }),
        }
    }

    #[query(name = "progress")]
    pub fn progress(&self, _ctx: &WorkflowContextView) -> Progress {
        self.progress.clone()
    }
}

impl ExperimentWorkflow {
    /// Begins no further chunk. The first reason stands, but any other goes before the length of the history.
    fn stop(&mut self, stop: Stop) {
        match &self.stop {
            None | Some(Stop::ContinueAsNew) => self.stop = Some(stop),
            Some(Stop::Cancelled | Stop::Failed(_)) => {}
        }
    }
}

/// Checks and stores the dataset, unless that is done.
async fn load(
    ctx: &WorkflowContext<ExperimentWorkflow>,
    input: &RunInput,
) -> Result<DatasetRef, ActivityExecutionError> {
    if let Some(dataset) = ctx.state(|run| run.progress.dataset.clone()) {
        return Ok(dataset);
    }
    enter(ctx, Stage::Loading);
    let load = Load {
        spec: input.run.spec.clone(),
    };
    let dataset = ctx
        .execute_activity(ExperimentActivities::load_dataset, load, patient())
        .await?;
    ctx.state_mut(|run| run.progress.dataset = Some(dataset.clone()));
    Ok(dataset)
}

/// Walks the chunks in lanes; scoring of one chunk goes on beside generation of the next.
async fn evaluate(
    ctx: &WorkflowContext<ExperimentWorkflow>,
    input: &RunInput,
    dataset: &DatasetRef,
) -> WorkflowResult<()> {
    enter(ctx, Stage::Evaluating);
    let shares = dataset::shares(dataset, input.concurrency_limit);
    ctx.state_mut(|run| run.generating = shares.len());
    let calls = ctx.cancellation_token().child_token();
    let generators = shares.into_iter().map(|concurrency| {
        let calls = calls.clone();
        async move {
            let generated = generate_chunks(ctx, input, dataset, concurrency, &calls).await;
            ctx.state_mut(|run| run.generating -= 1);
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
            concurrency,
        };
        let options = described(working(&input.retry), chunk_title(dataset, chunk));
        let options = cancelled_by(options, calls);
        let outcome = ctx
            .execute_activity(ExperimentActivities::generate_output, generate, options)
            .await;
        ctx.state_mut(|run| {
            run.to_score.push_back(ChunkToScore {
                chunk,
                generated: outcome.as_ref().ok().copied(),
            });
            if let Ok(generated) = &outcome {
                run.progress.generated.add(*generated);
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
        if run.next_chunk >= dataset.chunks() {
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
        let chunk = run.next_chunk;
        run.next_chunk += 1;
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
        let uncancelled = WaitConditionOptions::builder()
            .cancellation_token(WorkflowCancellationToken::new())
            .build();
        ctx.wait_condition_with_options(
            |run| !run.to_score.is_empty() || run.generating == 0,
            uncancelled,
        )
        .await?;
        let Some(ChunkToScore { chunk, generated }) = ctx.state_mut(|run| run.to_score.pop_front())
        else {
            return Ok(());
        };
        let score = ScoreChunk {
            run: input.run.clone(),
            dataset: dataset.clone(),
            chunk,
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

/// Writes the summary and delivers, whatever the end.
async fn emit(
    ctx: &WorkflowContext<ExperimentWorkflow>,
    input: &RunInput,
    status: Status,
    reason: Option<String>,
    started_at: Timestamp,
) -> WorkflowResult<()> {
    ctx.state_mut(|run| {
        let items = run
            .progress
            .dataset
            .as_ref()
            .map_or(0, |dataset| dataset.count);
        run.progress.states.skipped += items.saturating_sub(run.progress.states.total());
    });
    enter(ctx, Stage::Emitting);
    let mut progress = ctx.state(|run| run.progress.clone());
    progress.stage = Stage::Done;
    let emit = Emit {
        run: input.run.clone(),
        status,
        reason,
        started_at,
        progress,
    };
    let options = even_if_cancelled(patient());
    ctx.execute_activity(ExperimentActivities::emit_results, emit, options)
        .await?;
    enter(ctx, Stage::Done);
    Ok(())
}

fn continue_as_new(
    ctx: &WorkflowContext<ExperimentWorkflow>,
    input: RunInput,
    started_at: Timestamp,
) -> WorkflowResult<RunOutcome> {
    let resumed = ctx.state(|run| Resumed {
        started_at: Some(started_at),
        progress: run.progress.clone(),
        next_chunk: run.next_chunk,
    });
    match ctx.continue_as_new(
        RunInput { resumed, ..input },
        ContinueAsNewOptions::default(),
    )? {}
}

fn enter(ctx: &WorkflowContext<ExperimentWorkflow>, stage: Stage) {
    ctx.state_mut(|run| run.progress.stage = stage);
    // A progress that cannot be written as JSON does not exist; the next chunk would report it.
    let _ = publish(ctx);
}

/// Puts the progress where it can be read without a worker.
fn publish(ctx: &WorkflowContext<ExperimentWorkflow>) -> WorkflowResult<()> {
    let progress = ctx.state(|run| run.progress.clone());
    ctx.upsert_memo([(memo::PROGRESS, Some(MemoValue::new(progress)))])?;
    Ok(())
}

fn chunk_title(dataset: &DatasetRef, chunk: u64) -> String {
    format!("chunk {} of {}", chunk + 1, dataset.chunks())
}

/// The time of the current workflow task, which is the same when replayed.
pub(crate) fn now<W>(ctx: &WorkflowContext<W>) -> Timestamp {
    ctx.workflow_time()
        .and_then(|time| Timestamp::try_from(time).ok())
        .unwrap_or(Timestamp::UNIX_EPOCH)
}

pub(crate) fn run_failed(reason: String) -> WorkflowTermination {
    ApplicationFailure::builder(reason)
        .type_name(failure::RUN_FAILED.to_owned())
        .non_retryable(true)
        .build()
        .into()
}

impl From<&ActivityExecutionError> for Stop {
    fn from(error: &ActivityExecutionError) -> Self {
        match error.as_cancelled() {
            Some(_) => Self::Cancelled,
            None => Self::Failed(reason(error)),
        }
    }
}

/// The innermost message: that of the activity, not that an activity failed.
pub(crate) fn reason(error: &ActivityExecutionError) -> String {
    match error.cause() {
        Some(IncomingError::Application(failure)) => failure.source_error().to_string(),
        Some(cause) => cause.failure().message.clone(),
        None => error.to_string(),
    }
}
