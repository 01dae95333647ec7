//! Handlers that begin another round of an experiment that has ended.

use api_types::control::{EmitExperiment, RescoreExperiment, RetryExperiment};
use api_types::experiments::Experiment;
use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use domain::experiment::ExperimentId;
use workflows::experiment::Work;

use crate::error::ApiError;
use crate::experiments::round::{self, Changes};
use crate::extract::OptionalJsonBody;
use crate::responses::{Anytime, BadBody, Missing, NoRound};
use crate::scope::ExperimentPath;
use crate::state::AppState;

type Accepted = (StatusCode, Json<Experiment>);

/// Retry an experiment.
///
/// Begins another round of an experiment that has ended: items without an answer are asked again, also with other settings;
/// those with an answer are not. All are scored anew. Requests that race begin one round.
#[utoipa::path(
    post,
    path = "/v1/experiments/{experiment_id}/retry",
    tag = "experiments",
    params(("experiment_id" = String, Path, description = "Id of the experiment.")),
    request_body = RetryExperiment,
    responses(
        (status = 202, description = "The experiment, which runs again.", body = Experiment),
        BadBody, Missing, NoRound, Anytime,
    )
)]
pub(crate) async fn retry_experiment(
    State(state): State<AppState>,
    ExperimentPath(id): ExperimentPath,
    OptionalJsonBody(body): OptionalJsonBody,
) -> Result<Accepted, ApiError> {
    let request: RetryExperiment = state.schemas.retry.read(body)?;
    let config = request.config.unwrap_or_default();
    let changes = Changes {
        adapter: config.adapter,
        scorers: config.scorers,
        sinks: None,
        execution: config.execution,
        retry: config.retry,
    };
    let experiment = round::begin(&state, &id, Work::Generate, changes).await?;
    Ok((StatusCode::ACCEPTED, Json(experiment)))
}

/// Rescore an experiment.
///
/// Begins another round of an experiment that has ended: the answers that are there are scored, also by other scorers,
/// summarised and delivered. No model call is made.
#[utoipa::path(
    post,
    path = "/v1/experiments/{experiment_id}/rescore",
    tag = "experiments",
    params(("experiment_id" = String, Path, description = "Id of the experiment.")),
    request_body = RescoreExperiment,
    responses(
        (status = 202, description = "The experiment, which runs again.", body = Experiment),
        BadBody, Missing, NoRound, Anytime,
    )
)]
pub(crate) async fn rescore_experiment(
    State(state): State<AppState>,
    ExperimentPath(id): ExperimentPath,
    OptionalJsonBody(body): OptionalJsonBody,
) -> Result<Accepted, ApiError> {
    let request: RescoreExperiment = state.schemas.rescore.read(body)?;
    let changes = Changes {
        scorers: request.scorers,
        ..Changes::default()
    };
    begin_at_the_top(&state, &id, Work::Score, changes).await
}

/// Deliver the results of an experiment again.
///
/// For an experiment that has ended: its results are delivered once more, also to other sinks. Scores, summary and status
/// stay as they are.
#[utoipa::path(
    post,
    path = "/v1/experiments/{experiment_id}/emit",
    tag = "experiments",
    params(("experiment_id" = String, Path, description = "Id of the experiment.")),
    request_body = EmitExperiment,
    responses(
        (status = 202, description = "The experiment, which delivers and then ends as it had.", body = Experiment),
        BadBody, Missing, NoRound, Anytime,
    )
)]
pub(crate) async fn emit_experiment(
    State(state): State<AppState>,
    ExperimentPath(id): ExperimentPath,
    OptionalJsonBody(body): OptionalJsonBody,
) -> Result<Accepted, ApiError> {
    let request: EmitExperiment = state.schemas.emit.read(body)?;
    let changes = Changes {
        sinks: request.sinks,
        ..Changes::default()
    };
    begin_at_the_top(&state, &id, Work::Emit, changes).await
}

/// Begins a round whose changes stand at the top of the body, and not under `config`.
async fn begin_at_the_top(
    state: &AppState,
    id: &ExperimentId,
    work: Work,
    changes: Changes,
) -> Result<Accepted, ApiError> {
    let begun = round::begin(state, id, work, changes).await;
    let experiment = begun.map_err(|error| match error {
        ApiError::Invalid(mut faults) => {
            for fault in &mut faults {
                if let Some(pointer) = fault.pointer.strip_prefix("/config") {
                    fault.pointer = pointer.to_owned();
                }
            }
            ApiError::Invalid(faults)
        }
        error => error,
    })?;
    Ok((StatusCode::ACCEPTED, Json(experiment)))
}
