//! An experiment as it is shown: put together from what Temporal says of its workflows and what is archived of its runs.

use api_types::experiments::{Experiment, ModelRun, WaitingOn};
use domain::dataset::DatasetRef;
use domain::experiment::ExperimentId;
use domain::summary::Status;
use futures::{StreamExt, TryStreamExt, stream};
use jiff::Timestamp;
use workflows::ids;
use workflows::memo::ExperimentMemo;

use crate::error::ApiError;
use crate::execution::Execution;
use crate::experiments::outline::{Outline, links, reasons};
use crate::experiments::run::{self, Place, Seen};
use crate::experiments::{archive, shown, waiting};
use crate::state::AppState;

/// Runs that are asked for at once.
const RUNS_AT_ONCE: usize = 16;

/// An experiment as it stands.
pub(crate) async fn experiment(
    state: &AppState,
    id: &ExperimentId,
) -> Result<Experiment, ApiError> {
    let execution = state
        .workflows
        .describe(&ids::experiment_workflow(id))
        .await?;
    let known = execution.and_then(|mut execution| Some((execution.experiment.take()?, execution)));
    match known {
        Some((memo, execution)) => live(state, id, memo, execution).await,
        None => archive::experiment(state, id).await,
    }
}

/// The outline of an experiment, without a question about each of its runs.
pub(super) async fn outline(state: &AppState, id: &ExperimentId) -> Result<Outline, ApiError> {
    let execution = state
        .workflows
        .describe(&ids::experiment_workflow(id))
        .await?;
    let known = execution.and_then(|mut execution| Some((execution.experiment.take()?, execution)));
    match known {
        Some((memo, execution)) => Ok(Outline {
            dataset: dataset(state, id, &memo, &execution).await?,
            models: memo.models,
            round: memo.round,
            spec_sha256: memo.spec_sha256,
            is_final: execution.status.is_final(),
        }),
        None => archive::outline(state, id).await,
    }
}

/// The dataset of an experiment, from the first of its runs that tells: a run that delivers again says nothing of it, but
/// its summary does.
async fn dataset(
    state: &AppState,
    id: &ExperimentId,
    memo: &ExperimentMemo,
    execution: &Execution,
) -> Result<Option<DatasetRef>, ApiError> {
    let of = |execution: &Execution| execution.progress.as_ref()?.dataset.clone();
    if let Some(dataset) = of(execution) {
        return Ok(Some(dataset));
    }
    for place in Place::all(id, memo) {
        if let Some(dataset) = place.archived_dataset(state).await? {
            return Ok(Some(dataset));
        }
        let run = match memo.models.len() {
            1 => None,
            _ => state.workflows.describe(&place.workflow_id).await?,
        };
        if let Some(dataset) = run.as_ref().and_then(of) {
            return Ok(Some(dataset));
        }
    }
    Ok(None)
}

/// An experiment that was created just now: everything about it is known already.
pub(super) fn created(
    state: &AppState,
    id: &ExperimentId,
    memo: ExperimentMemo,
    created_at: Timestamp,
) -> Experiment {
    let places = Place::all(id, &memo);
    let runs = places
        .map(|place| shown::of(&place, Seen::default(), Status::Running))
        .collect();
    Experiment {
        id: id.to_string(),
        experiment_name: memo.experiment_name,
        status: Status::Running,
        reason: None,
        waiting_on: None,
        created_at,
        ended_at: None,
        tags: memo.tags,
        schedule_id: None,
        models: runs,
        links: links(state, id, memo.trace_id.as_deref()),
    }
}

async fn live(
    state: &AppState,
    id: &ExperimentId,
    memo: ExperimentMemo,
    execution: Execution,
) -> Result<Experiment, ApiError> {
    let status = execution.status;
    let is_alone = memo.models.len() == 1;
    let own_waiting = match is_alone {
        true => waiting::on_run(state, id, &execution).await?,
        false => waiting::on(state, &execution).await?,
    };
    let runs = match is_alone {
        true => vec![run::alone(state, id, &memo, &execution, own_waiting.clone()).await?],
        false => children(state, id, &memo, &execution, own_waiting.as_ref()).await?,
    };
    let status = as_a_whole(status, &runs);
    let reason = reason(state, &execution, &runs).await?;
    Ok(Experiment {
        id: id.to_string(),
        experiment_name: memo.experiment_name,
        status,
        reason,
        waiting_on: own_waiting.or_else(|| waits_as_a_whole(&runs)),
        created_at: memo.created_at.unwrap_or(execution.started_at),
        ended_at: execution.ended_at,
        tags: memo.tags,
        schedule_id: memo.schedule_id.map(|id| id.to_string()),
        models: runs,
        links: links(state, id, memo.trace_id.as_deref()),
    })
}

async fn children(
    state: &AppState,
    id: &ExperimentId,
    memo: &ExperimentMemo,
    parent: &Execution,
    parent_waits: Option<&WaitingOn>,
) -> Result<Vec<ModelRun>, ApiError> {
    let runs = Place::all(id, memo)
        .map(|place| async move { run::child(state, &place, parent, parent_waits).await });
    stream::iter(runs)
        .buffered(RUNS_AT_ONCE)
        .try_collect()
        .await
}

/// Why an experiment ended before its time: as its runs say, or else its workflow.
async fn reason(
    state: &AppState,
    execution: &Execution,
    runs: &[ModelRun],
) -> Result<Option<String>, ApiError> {
    match (execution.status, runs) {
        (Status::Running | Status::Paused | Status::Completed, _) => Ok(None),
        (_, [run]) => Ok(run.reason.clone()),
        (Status::Failed, runs) if runs.iter().any(|run| run.reason.is_some()) => Ok(reasons(runs)),
        (Status::Cancelled, _) => Ok(None),
        (Status::Failed | Status::Terminated | Status::TimedOut, _) => {
            run::last_words(state, execution).await
        }
    }
}

/// An experiment is paused when every run is that has not ended.
fn as_a_whole(status: Status, runs: &[ModelRun]) -> Status {
    let mut left = runs.iter().filter(|run| !run.status.is_final()).peekable();
    let any_left = left.peek().is_some();
    match (
        status,
        any_left && left.all(|run| run.status == Status::Paused),
    ) {
        (Status::Running, true) => Status::Paused,
        (status, _) => status,
    }
}

/// An experiment waits when no run that has begun and not ended moves. Runs that are paused count, begun or not.
fn waits_as_a_whole(runs: &[ModelRun]) -> Option<WaitingOn> {
    let begun = |run: &&ModelRun| {
        let counts = run.started_at.is_some() || run.status == Status::Paused;
        counts && !run.status.is_final()
    };
    let waits: Option<Vec<&WaitingOn>> = runs
        .iter()
        .filter(begun)
        .map(|run| run.waiting_on.as_ref())
        .collect();
    waits?.first().copied().cloned()
}
