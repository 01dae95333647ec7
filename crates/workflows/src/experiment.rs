//! One model over one dataset: load, generate and score in stretches of chunks, emit.
//!
//! `walk` holds how far a run has come and decides what is begun next; `lanes` begins it; `scoring` judges what is there;
//! `steering` takes commands; `spending` keeps to budgets; `stop` says why nothing more is begun.

mod chunk_by_chunk;
mod lanes;
mod scoring;
mod spending;
mod steering;
mod stop;
mod walk;

use domain::config::RetryConfig;
use domain::dataset::DatasetRef;
use domain::limits::{LimitsChange, RunLimits};
use domain::progress::{Pause, Progress, Stage};
use domain::summary::Status;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use temporalio_macros::{workflow, workflow_methods};
use temporalio_workflow::{
    ActivityExecutionError, ContinueAsNewOptions, MemoValue, SyncWorkflowContext, WorkflowContext,
    WorkflowContextView, WorkflowResult, WorkflowTermination,
};

use self::stop::Stop;
pub(crate) use self::stop::{reason, run_failed};
use self::walk::{Held, Walk};
use crate::activities::{Emit, ExperimentActivities, Load, RunRef};
use crate::memo;
use crate::options::{even_if_cancelled, patient};

/// Stretches scored at once: enough to keep up with generation, since scoring is mostly computing.
const SCORING_LANES: usize = 2;

/// Marks the histories of runs that walk in stretches; those without it walk chunk by chunk.
const IN_STRETCHES: &str = "in-stretches";

/// What a run is started with.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct RunInput {
    pub run: RunRef,
    pub model: String,
    pub concurrency_limit: u32,
    pub retry: RetryConfig,
    /// The limits in full; a run of an older API has its concurrency only.
    #[serde(default)]
    pub limits: Option<RunLimits>,
    #[serde(default)]
    pub work: Work,
    /// How far an earlier part of the same run has come.
    #[serde(default)]
    pub resumed: Resumed,
}

/// What a round of a run is for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Work {
    /// Ask for the outputs that are not there, score all.
    #[default]
    Generate,
    /// Score the outputs that are there.
    Score,
    /// Deliver the results that are there.
    Emit,
}

/// What one part of a long run hands to the next, and what a parent hands to a run that begins.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct Resumed {
    pub started_at: Option<Timestamp>,
    /// With a dataset, loading is done.
    pub progress: Progress,
    /// Every chunk before this one is done, or in a stretch that is held.
    pub next_chunk: u64,
    /// Stretches that are begun and not complete.
    #[serde(default)]
    pub held: Vec<Held>,
}

/// How a run ended.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct RunOutcome {
    pub status: Status,
    pub progress: Progress,
}

/// Asks a run to begin nothing until it is resumed.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct PauseCommand {
    #[serde(default)]
    pub reason: Option<String>,
}

/// Runs one model over a dataset.
#[workflow]
pub struct ExperimentWorkflow {
    input: RunInput,
    progress: Progress,
    /// Why no further stretch is begun.
    stop: Option<Stop>,
    walk: Walk,
    old: chunk_by_chunk::Walk,
    /// Whether the run walks in stretches, which is what commands are for.
    in_stretches: bool,
}

#[workflow_methods]
impl ExperimentWorkflow {
    #[init]
    fn new(ctx: &WorkflowContextView, mut input: RunInput) -> Self {
        input.run.spec = input.run.spec.begun(ctx.workflow_id());
        let limits = input
            .limits
            .unwrap_or_else(|| RunLimits::of_concurrency(input.concurrency_limit));
        let mut progress = input.resumed.progress.clone();
        let limits = *progress.limits.get_or_insert(limits);
        Self {
            walk: Walk::new(&input.resumed, limits),
            old: chunk_by_chunk::Walk::from(input.resumed.next_chunk),
            progress,
            input,
            stop: None,
            in_stretches: true,
        }
    }

    #[run(name = "ExperimentWorkflow")]
    pub async fn run(ctx: &mut WorkflowContext<Self>) -> WorkflowResult<RunOutcome> {
        let input = ctx.state(|run| run.input.clone());
        let started_at = input.resumed.started_at.unwrap_or_else(|| now(ctx));
        if input.work == Work::Emit {
            return emit_again(ctx, &input, started_at).await;
        }
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
        end(ctx, status, reason)
    }

    #[query(name = "progress")]
    pub fn progress(&self, _ctx: &WorkflowContextView) -> Progress {
        self.progress.clone()
    }

    /// Begins nothing until it is resumed; calls in flight are ended. To pause a paused run changes nothing.
    #[signal(name = "pause")]
    pub fn pause(&mut self, ctx: &mut SyncWorkflowContext<Self>, command: PauseCommand) {
        let since = time_of(ctx.workflow_time());
        if self.pauses(since, command.reason) {
            tell(ctx, self.progress.clone());
        }
    }

    /// Goes on where it was. To resume a run that is not paused changes nothing.
    #[signal(name = "resume")]
    pub fn resume(&mut self, ctx: &mut SyncWorkflowContext<Self>) {
        if self.resumes() {
            tell(ctx, self.progress.clone());
        }
    }

    /// Sets other limits, which hold at once. Raising a budget that has paused the run resumes it.
    #[signal(name = "change_limits")]
    pub fn change_limits(&mut self, ctx: &mut SyncWorkflowContext<Self>, change: LimitsChange) {
        if self.changes_limits(&change) {
            tell(ctx, self.progress.clone());
        }
    }
}

impl ExperimentWorkflow {
    /// Begins no further stretch. The first reason stands, but any other goes before the length of the history.
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

async fn evaluate(
    ctx: &WorkflowContext<ExperimentWorkflow>,
    input: &RunInput,
    dataset: &DatasetRef,
) -> WorkflowResult<()> {
    if ctx.patched(IN_STRETCHES) {
        return lanes::evaluate(ctx, input, dataset).await;
    }
    ctx.state_mut(|run| run.in_stretches = false);
    chunk_by_chunk::evaluate(ctx, input, dataset).await
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
        let items = run.progress.dataset.as_ref().map_or(0, DatasetRef::outputs);
        run.progress.states.skipped += items.saturating_sub(run.progress.states.total());
        run.progress.pause = None;
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
        again: false,
    };
    let options = even_if_cancelled(patient());
    ctx.execute_activity(ExperimentActivities::emit_results, emit, options)
        .await?;
    enter(ctx, Stage::Done);
    Ok(())
}

/// Delivers once more what a run that has ended left, and ends as it did.
async fn emit_again(
    ctx: &WorkflowContext<ExperimentWorkflow>,
    input: &RunInput,
    started_at: Timestamp,
) -> WorkflowResult<RunOutcome> {
    enter(ctx, Stage::Emitting);
    let emit = Emit {
        run: input.run.clone(),
        status: Status::Completed,
        reason: None,
        started_at,
        progress: ctx.state(|run| run.progress.clone()),
        again: true,
    };
    let emitted = ctx
        .execute_activity(ExperimentActivities::emit_results, emit, patient())
        .await?;
    enter(ctx, Stage::Done);
    let status = emitted.status.unwrap_or(Status::Completed);
    end(ctx, status, emitted.reason)
}

fn end(
    ctx: &WorkflowContext<ExperimentWorkflow>,
    status: Status,
    reason: Option<String>,
) -> WorkflowResult<RunOutcome> {
    match status {
        Status::Cancelled => Err(WorkflowTermination::cancelled()),
        Status::Failed => Err(run_failed(reason.unwrap_or_default())),
        status => Ok(RunOutcome {
            status,
            progress: ctx.state(|run| run.progress.clone()),
        }),
    }
}

fn continue_as_new(
    ctx: &WorkflowContext<ExperimentWorkflow>,
    input: RunInput,
    started_at: Timestamp,
) -> WorkflowResult<RunOutcome> {
    let resumed = ctx.state(|run| Resumed {
        started_at: Some(started_at),
        progress: run.progress.clone(),
        next_chunk: match run.in_stretches {
            true => run.walk.next_chunk,
            false => run.old.next_chunk,
        },
        held: run.walk.held.iter().cloned().collect(),
    });
    match ctx.continue_as_new(
        RunInput { resumed, ..input },
        ContinueAsNewOptions::default(),
    )? {}
}

fn enter(ctx: &WorkflowContext<ExperimentWorkflow>, stage: Stage) {
    ctx.state_mut(|run| run.progress.stage = stage);
    // A progress that cannot be written as JSON does not exist; the next stretch would report it.
    let _ = publish(ctx);
}

/// Puts the progress where it can be read without a worker.
fn publish(ctx: &WorkflowContext<ExperimentWorkflow>) -> WorkflowResult<()> {
    let progress = ctx.state(|run| run.progress.clone());
    ctx.upsert_memo([(memo::PROGRESS, Some(MemoValue::new(progress)))])?;
    Ok(())
}

/// The same from the handler of a command.
pub(crate) fn tell<W>(ctx: &SyncWorkflowContext<W>, progress: Progress) {
    // A progress that cannot be written as JSON does not exist; the next stretch would report it.
    let _ = ctx.upsert_memo([(memo::PROGRESS, Some(MemoValue::new(progress)))]);
}

/// The time of the current workflow task, which is the same when replayed.
pub(crate) fn now<W>(ctx: &WorkflowContext<W>) -> Timestamp {
    time_of(ctx.workflow_time())
}

pub(crate) fn time_of(time: Option<std::time::SystemTime>) -> Timestamp {
    time.and_then(|time| Timestamp::try_from(time).ok())
        .unwrap_or(Timestamp::UNIX_EPOCH)
}

/// The pause that a run is handed at its beginning, and the limits.
pub(crate) fn begun_with(limits: RunLimits, pause: Option<Pause>, dataset: DatasetRef) -> Resumed {
    Resumed {
        progress: Progress {
            dataset: Some(dataset),
            limits: Some(limits),
            pause,
            ..Progress::default()
        },
        ..Resumed::default()
    }
}
