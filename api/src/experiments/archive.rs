//! An experiment that Temporal has forgotten, as its archived runs tell it.

use api_types::experiments::{Experiment, ModelRun};
use domain::experiment::ExperimentId;
use domain::summary::{RunSummary, Status};

use crate::error::ApiError;
use crate::experiments::outline::{Outline, links, missing, reasons};
use crate::experiments::run::{Place, Seen};
use crate::experiments::shown;
use crate::state::AppState;

/// What the archive knows of an experiment; an error when it knows nothing.
pub(super) async fn experiment(
    state: &AppState,
    id: &ExperimentId,
) -> Result<Experiment, ApiError> {
    let summaries = state.store.summaries(id).await?;
    let Some(first) = summaries.first() else {
        return Err(missing(id));
    };
    let tags = tags(state, id, first).await?;
    let experiment_name = first.experiment_name.clone();
    let created_at = summaries.iter().map(|summary| summary.started_at).min();
    let created_at = created_at.unwrap_or(first.started_at);
    let ended_at = summaries.iter().map(|summary| summary.ended_at).max();
    let schedule_id = first.schedule_id.clone();
    let latest = summaries.iter().max_by_key(|summary| summary.round);
    let trace_id = latest.and_then(|latest| latest.trace_id.clone());
    let status = status(&summaries);
    let models = summaries
        .iter()
        .map(|summary| summary.index as usize + 1)
        .max()
        .unwrap_or(1);
    let runs: Vec<ModelRun> = summaries
        .into_iter()
        .map(|summary| {
            let place = Place::new(id, summary.index, summary.round, &summary.model, models);
            let seen = Seen {
                archived: Some(summary),
                ..Seen::default()
            };
            shown::of(&place, seen, status)
        })
        .collect();
    let reason = match (status, runs.as_slice()) {
        (_, [run]) => run.reason.clone(),
        (Status::Failed, runs) => reasons(runs),
        _ => None,
    };
    Ok(Experiment {
        id: id.to_string(),
        experiment_name,
        status,
        reason,
        waiting_on: None,
        created_at,
        ended_at,
        tags,
        schedule_id: schedule_id.map(|id| id.to_string()),
        models: runs,
        links: links(state, id, trace_id.as_deref()),
    })
}

/// The tags of an experiment, as the specification of one of its runs has them.
pub(super) async fn tags(
    state: &AppState,
    id: &ExperimentId,
    run: &RunSummary,
) -> Result<Vec<String>, ApiError> {
    let Some(sha256) = &run.spec_sha256 else {
        return Ok(Vec::new());
    };
    match state.store.spec(id, sha256).await {
        Ok(spec) => Ok(spec.tags.into_iter().map(String::from).collect()),
        Err(artifacts::Error::NotFound(_)) => Ok(Vec::new()),
        Err(error) => Err(error.into()),
    }
}

/// The models of an archived experiment, by the indices of their runs.
pub(super) async fn outline(state: &AppState, id: &ExperimentId) -> Result<Outline, ApiError> {
    let summaries = state.store.summaries(id).await?;
    let Some(last) = summaries.last() else {
        return Err(missing(id));
    };
    let mut models = vec![String::new(); last.index as usize + 1];
    let round = last.round;
    let spec_sha256 = last.spec_sha256.clone();
    let dataset = summaries
        .iter()
        .find_map(|summary| summary.progress.dataset.clone());
    for summary in summaries {
        models[summary.index as usize] = summary.model;
    }
    Ok(Outline {
        models,
        dataset,
        round,
        spec_sha256,
        is_final: true,
    })
}

/// One run that failed makes the experiment failed, else one that was cancelled makes it cancelled.
fn status(summaries: &[RunSummary]) -> Status {
    let any = |status: Status| summaries.iter().any(|summary| summary.status == status);
    [Status::Failed, Status::Cancelled]
        .into_iter()
        .find(|status| any(*status))
        .unwrap_or(Status::Completed)
}
