//! The handler that tells what an experiment is carried out by, as it would be posted to carry it out again.

use axum::Json;
use axum::extract::State;
use domain::config::{DatasetConfig, ExperimentConfig, InlineDataset, ModelConfig};
use domain::experiment::ExperimentId;
use domain::schedule::ScheduleId;
use domain::spec::ExperimentSpec;
use workflows::ids;

use crate::error::ApiError;
use crate::experiments::outline::missing;
use crate::responses::{Anytime, Missing};
use crate::scope::ExperimentPath;
use crate::state::AppState;

/// Get the configuration of an experiment.
///
/// As it holds in the latest round, with what retries, rescorings and deliveries have changed. It can be posted again as the
/// `config` of another experiment: it has the items that came with the request, and each model has its adapter.
#[utoipa::path(
    get,
    path = "/v1/experiments/{experiment_id}/config",
    tag = "experiments",
    params(("experiment_id" = String, Path, description = "Id of the experiment.")),
    responses(
        (status = 200, description = "The configuration.", body = ExperimentConfig),
        Missing, Anytime,
    )
)]
pub(crate) async fn get_experiment_config(
    State(state): State<AppState>,
    ExperimentPath(id): ExperimentPath,
) -> Result<Json<ExperimentConfig>, ApiError> {
    let none = || ApiError::not_found("configuration of the experiment", &id);
    let (sha256, schedule) = latest(&state, &id).await?;
    let sha256 = sha256.ok_or_else(none)?;
    let read = match (state.store.spec(&id, &sha256).await, schedule) {
        // What a schedule has started takes its specification over with its first step.
        (Err(artifacts::Error::NotFound(_)), Some(schedule)) => {
            state.store.scheduled_spec(&schedule, &sha256).await
        }
        (read, _) => read,
    };
    match read {
        Err(artifacts::Error::NotFound(_)) => Err(none()),
        read => config(&state, read?).await.map(Json),
    }
}

/// The hash of the specification of the latest round, by Temporal or else by the archive, none when it is not on record; and
/// the schedule that has started the experiment.
async fn latest(
    state: &AppState,
    id: &ExperimentId,
) -> Result<(Option<String>, Option<ScheduleId>), ApiError> {
    let workflow_id = ids::experiment_workflow(id);
    let execution = state.workflows.describe(&workflow_id).await?;
    if let Some(memo) = execution.and_then(|execution| execution.experiment) {
        return Ok((memo.spec_sha256, memo.schedule_id));
    }
    let summaries = state.store.summaries(id).await?;
    let latest = summaries.into_iter().max_by_key(|summary| summary.round);
    let latest = latest.ok_or_else(|| missing(id))?;
    Ok((latest.spec_sha256, latest.schedule_id))
}

/// The configuration that a specification was made of.
pub(super) async fn config(
    state: &AppState,
    spec: ExperimentSpec,
) -> Result<ExperimentConfig, ApiError> {
    let dataset = match spec.dataset.config() {
        Ok(dataset) => dataset,
        Err(upload) => DatasetConfig::Inline(InlineDataset {
            items: state.store.upload(&upload.sha256).await?,
        }),
    };
    let models = spec.models.into_iter().map(|model| ModelConfig {
        name: model.name,
        adapter: Some(model.adapter),
    });
    Ok(ExperimentConfig {
        dataset,
        models: models.collect(),
        adapter: None,
        scorers: spec.scorers,
        sinks: spec.sinks,
        execution: spec.execution,
        retry: spec.retry,
        tags: spec.tags,
    })
}
