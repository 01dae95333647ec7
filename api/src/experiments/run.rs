//! The run of one model: where it stands in its experiment, and what Temporal and the archive know of it.

use api_types::experiments::{ModelRun, WaitingOn};
use artifacts::run::Run;
use domain::dataset::DatasetRef;
use domain::experiment::ExperimentId;
use domain::progress::{Progress, Stage};
use domain::summary::{RunSummary, Status};
use workflows::ids;
use workflows::memo::ExperimentMemo;

use crate::error::ApiError;
use crate::execution::Execution;
use crate::experiments::{shown, waiting};
use crate::state::AppState;

/// Where a run stands in its experiment.
pub(super) struct Place {
    pub(super) run: Run,
    pub(super) model: String,
    pub(super) workflow_id: String,
}

impl Place {
    /// The places of all runs, in the order of the models.
    pub(super) fn all(id: &ExperimentId, memo: &ExperimentMemo) -> impl Iterator<Item = Self> {
        let count = memo.models.len();
        (0..)
            .zip(&memo.models)
            .map(move |(index, model)| Self::new(id, index, memo.round, model, count))
    }

    /// The place of one run of an experiment with `models` models.
    pub(super) fn new(
        id: &ExperimentId,
        index: u32,
        round: u32,
        model: &str,
        models: usize,
    ) -> Self {
        Self {
            run: Run {
                experiment: id.clone(),
                index,
                round,
            },
            model: model.to_owned(),
            workflow_id: ids::run_workflow(id, index, models),
        }
    }
}

impl Place {
    /// The dataset of a run that has ended.
    pub(super) async fn archived_dataset(
        &self,
        state: &AppState,
    ) -> Result<Option<DatasetRef>, ApiError> {
        let summary = state.store.summary(&self.run).await?;
        Ok(summary.and_then(|summary| summary.progress.dataset))
    }
}

/// What there is to see of a run.
#[derive(Default)]
pub(super) struct Seen {
    pub(super) execution: Option<Execution>,
    pub(super) archived: Option<RunSummary>,
    pub(super) waiting_on: Option<WaitingOn>,
    /// Why it ended, when the archive does not know.
    pub(super) reason: Option<String>,
    /// What holds for it while it has not begun: the limits and the pause of the whole.
    pub(super) inherited: Option<Progress>,
}

/// The only run of an experiment, whose workflow is the experiment's.
pub(super) async fn alone(
    state: &AppState,
    id: &ExperimentId,
    memo: &ExperimentMemo,
    execution: &Execution,
    waiting_on: Option<WaitingOn>,
) -> Result<ModelRun, ApiError> {
    let place = Place::new(id, 0, memo.round, &memo.models[0], 1);
    let mut seen = ended(state, &place, execution.clone()).await?;
    seen.waiting_on = waiting_on;
    Ok(shown::of(&place, seen, execution.status))
}

/// One of several runs. While its parent has not started it, it waits for what its parent waits for.
pub(super) async fn child(
    state: &AppState,
    place: &Place,
    parent: &Execution,
    parent_waits: Option<&WaitingOn>,
) -> Result<ModelRun, ApiError> {
    let status = parent.status;
    // Of what has ended the archive says all, without a question to Temporal.
    if status.is_final()
        && let Some(summary) = archived(state, place).await
    {
        return Ok(shown::of(
            place,
            Seen {
                archived: Some(summary),
                ..Seen::default()
            },
            status,
        ));
    }
    let execution = state.workflows.describe(&place.workflow_id).await?;
    // One of an earlier round has nothing to say of this one.
    let of_this_round = execution.filter(|execution| execution.started_at >= parent.started_at);
    let Some(execution) = of_this_round else {
        let seen = Seen {
            archived: archived(state, place).await,
            waiting_on: inherited_pause(place, parent).or_else(|| parent_waits.cloned()),
            inherited: parent.progress.clone(),
            ..Seen::default()
        };
        return Ok(shown::of(place, seen, status));
    };
    let waiting_on = waiting::on_run(state, &place.run.experiment, &execution).await?;
    let mut seen = ended(state, place, execution).await?;
    seen.waiting_on = waiting_on;
    Ok(shown::of(place, seen, status))
}

/// That a run will begin paused, when it will.
fn inherited_pause(place: &Place, parent: &Execution) -> Option<WaitingOn> {
    let progress = parent.progress.as_ref()?;
    let id = place.run.experiment.as_ref();
    let pause = progress.pause.as_ref()?;
    Some(waiting::paused(pause, progress.limits.as_ref(), id))
}

/// What is to be seen of a workflow: when it has ended, with what is archived of it.
async fn ended(
    state: &AppState,
    place: &Place,
    mut execution: Execution,
) -> Result<Seen, ApiError> {
    if delivers_again(&execution)
        && let Some(summary) = archived(state, place).await
    {
        execution.progress = Some(Progress {
            stage: Stage::Emitting,
            ..summary.progress
        });
    }
    let archived = match execution.status.is_final() {
        true => archived(state, place).await,
        false => None,
    };
    let reason = match (&archived, execution.status) {
        (None, Status::Failed | Status::Terminated | Status::TimedOut) => {
            last_words(state, &execution).await?
        }
        _ => None,
    };
    Ok(Seen {
        execution: Some(execution),
        archived,
        reason,
        ..Seen::default()
    })
}

/// Whether a workflow only delivers what an earlier one has left, of which it says nothing itself.
fn delivers_again(execution: &Execution) -> bool {
    let progress = execution.progress.as_ref();
    !execution.status.is_final()
        && progress.is_some_and(|it| it.stage == Stage::Emitting && it.dataset.is_none())
}

/// What is archived of a run. A store that does not answer hides some of a run, not the run.
async fn archived(state: &AppState, place: &Place) -> Option<RunSummary> {
    match state.store.summary(&place.run).await {
        Ok(summary) => summary,
        Err(error) => {
            tracing::warn!(
                experiment.id = %place.run.experiment,
                run.index = place.run.index,
                error = %error,
                "the summary of a run cannot be read",
            );
            None
        }
    }
}

/// Why a workflow without an archived summary ended.
pub(super) async fn last_words(
    state: &AppState,
    execution: &Execution,
) -> Result<Option<String>, ApiError> {
    let said = state
        .workflows
        .last_words(&execution.workflow_id, &execution.run_id);
    Ok(said.await?.or_else(|| match execution.status {
        Status::Terminated => Some("the workflow was terminated".to_owned()),
        Status::TimedOut => Some("the workflow has run out of its time".to_owned()),
        _ => None,
    }))
}
