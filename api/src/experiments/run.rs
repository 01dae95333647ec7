//! The run of one model as it is shown.

use api_types::experiments::{ModelRun, Pause, WaitingOn};
use artifacts::run::Run;
use domain::dataset::DatasetRef;
use domain::experiment::ExperimentId;
use domain::progress::{Generated, Progress, Stage};
use domain::result::StateCounts;
use domain::summary::{RunSummary, ScorerSummary, Status};
use jiff::Timestamp;
use workflows::ids;
use workflows::memo::ExperimentMemo;

use crate::error::ApiError;
use crate::execution::Execution;
use crate::experiments::waiting;
use crate::state::AppState;

/// Where a run stands in its experiment.
pub(super) struct Place {
    run: Run,
    model: String,
    workflow_id: String,
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
    pub(super) fn workflow_id(&self) -> &str {
        &self.workflow_id
    }

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
    Ok(show(&place, seen, execution.status))
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
        return Ok(show(
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
        return Ok(show(place, seen, status));
    };
    let waiting_on = waiting::on_run(state, &place.run.experiment, &execution).await?;
    let mut seen = ended(state, place, execution).await?;
    seen.waiting_on = waiting_on;
    Ok(show(place, seen, status))
}

/// That a run will begin paused, when it will.
fn inherited_pause(place: &Place, parent: &Execution) -> Option<WaitingOn> {
    let progress = parent.progress.as_ref()?;
    let id = place.run.experiment.as_ref();
    let pause = progress.pause.as_ref()?;
    Some(waiting::paused(pause, progress.limits.as_ref(), id))
}

/// What is to be seen of a workflow: when it has ended, with what is archived of it.
async fn ended(state: &AppState, place: &Place, execution: Execution) -> Result<Seen, ApiError> {
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

/// A run as it is shown; `experiment` is the status of the whole.
pub(super) fn show(place: &Place, seen: Seen, experiment: Status) -> ModelRun {
    let mut run = queued(place, status(&seen, experiment));
    run.reason = seen.reason;
    if let Some(inherited) = seen.inherited {
        enter_steering(&mut run, &inherited);
    }
    if let Some(execution) = seen.execution {
        run.started_at = Some(execution.started_at);
        run.ended_at = execution.ended_at;
        run.generated = under_way(&execution);
        enter_progress(&mut run, execution.progress.unwrap_or_default());
    }
    if let Some(summary) = seen.archived {
        run.reason = summary.reason;
        run.started_at = Some(summary.started_at);
        run.ended_at = run.ended_at.or(Some(summary.ended_at));
        run.deliveries = summary.deliveries;
        run.generated = Generated::default();
        enter_progress(&mut run, summary.progress);
    }
    run.items_done = run.generated.answered + run.generated.failed;
    match run.status {
        Status::Paused => run.waiting_on = seen.waiting_on,
        Status::Running => {
            run.waiting_on = seen.waiting_on;
            run.eta_seconds = eta(&run, Timestamp::now());
        }
        _ => run.pause = None,
    }
    run
}

/// A run of which nothing is known but its place.
fn queued(place: &Place, status: Status) -> ModelRun {
    ModelRun {
        model: place.model.clone(),
        workflow_id: place.workflow_id.clone(),
        status,
        reason: None,
        stage: Stage::Queued,
        waiting_on: None,
        started_at: None,
        ended_at: None,
        dataset: None,
        items_done: 0,
        generated: Generated::default(),
        states: StateCounts::default(),
        scorers: Vec::new(),
        eta_seconds: None,
        deliveries: Vec::new(),
        limits: None,
        pause: None,
        round: place.run.round,
    }
}

/// What has been generated is added to what is under way; all else is as the progress says.
fn enter_progress(run: &mut ModelRun, progress: Progress) {
    enter_steering(run, &progress);
    run.stage = progress.stage;
    run.dataset = progress.dataset;
    run.generated.add(progress.generated);
    run.generated.add(progress.held);
    run.states = progress.states;
    run.scorers = progress
        .aggregates
        .iter()
        .map(ScorerSummary::from)
        .collect();
}

fn enter_steering(run: &mut ModelRun, progress: &Progress) {
    run.limits = progress.limits.or(run.limits);
    run.pause = progress.pause.clone().map(Pause::from);
}

/// A run of which nothing is to be seen has not begun; when the experiment has ended, it never will.
fn status(seen: &Seen, experiment: Status) -> Status {
    let live = seen.execution.as_ref().map(|execution| execution.status);
    let archived = seen.archived.as_ref().map(|summary| summary.status);
    let ended = live.filter(|status| status.is_final()).or(archived);
    let progress = match &seen.execution {
        Some(execution) => execution.progress.as_ref(),
        None => seen.inherited.as_ref(),
    };
    let is_paused = progress.is_some_and(|progress| progress.pause.is_some());
    match (ended, experiment) {
        (Some(ended), _) => ended,
        (None, Status::Failed | Status::Cancelled) => experiment,
        (None, experiment) if experiment.is_final() => Status::Terminated,
        (None, _) if is_paused => Status::Paused,
        (None, _) => live.unwrap_or(Status::Running),
    }
}

/// What the heartbeats of the chunks under way say; nothing is under way in a workflow that has ended.
fn under_way(execution: &Execution) -> Generated {
    let mut under_way = Generated::default();
    if !execution.status.is_final() {
        let chunks = execution
            .activities
            .iter()
            .filter_map(|activity| activity.progress.as_ref());
        chunks.for_each(|chunk| under_way.add(chunk.generated));
    }
    under_way
}

/// Seconds until all items are done, at the pace so far.
fn eta(run: &ModelRun, now: Timestamp) -> Option<f64> {
    let done = run.items_done;
    let left = run.dataset.as_ref()?.count.checked_sub(done)?;
    let seconds = now.duration_since(run.started_at?).as_secs_f64();
    (done > 0 && seconds > 0.0).then(|| seconds * left as f64 / done as f64)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_eta_follows_from_the_pace_so_far() {
        let id = "e".parse().unwrap();
        let mut run = queued(&Place::new(&id, 0, 0, "m", 1), Status::Running);
        let now = Timestamp::from_second(1_000).unwrap();
        let eta_of = |run: &ModelRun, done| {
            eta(
                &ModelRun {
                    items_done: done,
                    ..run.clone()
                },
                now,
            )
        };
        assert_eq!(eta_of(&run, 50), None);
        run.dataset = Some(DatasetRef::new("d".to_owned(), 100));
        assert_eq!(eta_of(&run, 50), None);
        run.started_at = Timestamp::from_second(900).ok();
        assert_eq!(eta_of(&run, 50), Some(100.0));
        assert_eq!(eta_of(&run, 100), Some(0.0));
        assert_eq!(eta_of(&run, 0), None);
    }

    #[test]
    fn a_run_that_was_never_started_ends_with_its_experiment() {
        let seen = Seen::default();
        assert_eq!(status(&seen, Status::Running), Status::Running);
        assert_eq!(status(&seen, Status::Terminated), Status::Terminated);
        assert_eq!(status(&seen, Status::TimedOut), Status::Terminated);
        assert_eq!(status(&seen, Status::Cancelled), Status::Cancelled);
    }
}
