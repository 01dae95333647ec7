//! Handlers that stop experiments: for a while, soon, or at once. Each may be repeated without harm.

use api_types::control::{PauseExperiment, TerminateExperiment};
use api_types::experiments::Experiment;
use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use domain::experiment::ExperimentId;
use domain::summary::Status;
use workflows::experiment::PauseCommand;
use workflows::ids;

use crate::error::ApiError;
use crate::execution::Command;
use crate::experiments::{outline, show};
use crate::extract::{Id, OptionalJsonBody};
use crate::responses::{Anytime, BadBody, Missing, Over};
use crate::settling;
use crate::state::AppState;

type Accepted = (StatusCode, Json<Experiment>);

/// Cancel an experiment.
///
/// No further model call is begun; what was recorded is scored, summarised and delivered, and then the status is
/// `cancelled`. To cancel an experiment that has ended changes nothing.
#[utoipa::path(
    post,
    path = "/v1/experiments/{experiment_id}/cancel",
    tag = "experiments",
    params(("experiment_id" = String, Path, description = "Id of the experiment.")),
    responses(
        (status = 202, description = "The experiment, which ends soon or has ended.", body = Experiment),
        Missing, Anytime,
    )
)]
pub(crate) async fn cancel_experiment(
    State(state): State<AppState>,
    Id(id): Id,
) -> Result<Accepted, ApiError> {
    let id = outline::id(&id)?;
    let experiment = show::experiment(&state, &id).await?;
    if experiment.status.is_final() {
        return Ok((StatusCode::ACCEPTED, Json(experiment)));
    }
    state
        .workflows
        .cancel(&ids::experiment_workflow(&id))
        .await?;
    let experiment = show::experiment(&state, &id).await?;
    Ok((StatusCode::ACCEPTED, Json(experiment)))
}

/// Terminate an experiment.
///
/// Ends it at once, without a worker. Nothing is summarised or delivered; what was recorded stays, and can be scored and
/// summarised with `rescore`. To terminate an experiment that has ended changes nothing.
#[utoipa::path(
    post,
    path = "/v1/experiments/{experiment_id}/terminate",
    tag = "experiments",
    params(("experiment_id" = String, Path, description = "Id of the experiment.")),
    request_body = TerminateExperiment,
    responses(
        (status = 202, description = "The experiment, which has ended.", body = Experiment),
        BadBody, Missing, Anytime,
    )
)]
pub(crate) async fn terminate_experiment(
    State(state): State<AppState>,
    Id(id): Id,
    OptionalJsonBody(body): OptionalJsonBody,
) -> Result<Accepted, ApiError> {
    let request: TerminateExperiment = state.schemas.terminate.read(body)?;
    let id = outline::id(&id)?;
    let experiment = show::experiment(&state, &id).await?;
    if experiment.status.is_final() {
        return Ok((StatusCode::ACCEPTED, Json(experiment)));
    }
    let reason = request.reason.as_deref();
    state
        .workflows
        .terminate(
            &ids::experiment_workflow(&id),
            None,
            reason.unwrap_or("asked for through the API"),
        )
        .await?;
    accepted(&state, &id, |experiment| experiment.status.is_final()).await
}

/// Pause an experiment.
///
/// No further model call is begun until it is resumed; calls in flight are taken as they end. Runs of models that have not
/// begun are paused as well. To pause what is paused changes nothing.
#[utoipa::path(
    post,
    path = "/v1/experiments/{experiment_id}/pause",
    tag = "experiments",
    params(("experiment_id" = String, Path, description = "Id of the experiment.")),
    request_body = PauseExperiment,
    responses(
        (status = 202, description = "The experiment, which is paused as soon as a worker has heard of it.", body = Experiment),
        BadBody, Missing, Over, Anytime,
    )
)]
pub(crate) async fn pause_experiment(
    State(state): State<AppState>,
    Id(id): Id,
    OptionalJsonBody(body): OptionalJsonBody,
) -> Result<Accepted, ApiError> {
    let PauseExperiment { reason } = state.schemas.pause.read(body)?;
    let id = outline::id(&id)?;
    tell(&state, &id, Command::Pause(PauseCommand { reason })).await?;
    accepted(&state, &id, |experiment| {
        experiment.status != Status::Running
    })
    .await
}

/// Resume an experiment.
///
/// It goes on where it was; no call whose answer is recorded is made again. A run that is paused because its budget is
/// spent is paused again, unless the budget was raised. To resume what runs changes nothing.
#[utoipa::path(
    post,
    path = "/v1/experiments/{experiment_id}/resume",
    tag = "experiments",
    params(("experiment_id" = String, Path, description = "Id of the experiment.")),
    responses(
        (status = 202, description = "The experiment, which goes on as soon as a worker has heard of it.", body = Experiment),
        Missing, Over, Anytime,
    )
)]
pub(crate) async fn resume_experiment(
    State(state): State<AppState>,
    Id(id): Id,
) -> Result<Accepted, ApiError> {
    let id = outline::id(&id)?;
    tell(&state, &id, Command::Resume).await?;
    accepted(&state, &id, |experiment| {
        experiment.status != Status::Paused
    })
    .await
}

/// Tells an experiment something; one that has ended hears nothing any more.
pub(super) async fn tell(
    state: &AppState,
    id: &ExperimentId,
    command: Command,
) -> Result<(), ApiError> {
    let workflow_id = ids::experiment_workflow(id);
    let execution = state.workflows.describe(&workflow_id).await?;
    match execution.map(|execution| execution.status) {
        Some(status) if !status.is_final() => state.workflows.command(&workflow_id, command).await,
        Some(_) => Err(ApiError::Ended(id.to_string())),
        // What Temporal has forgotten has ended; what never was is missing.
        None => {
            show::experiment(state, id).await?;
            Err(ApiError::Ended(id.to_string()))
        }
    }
}

/// The experiment as soon as it shows the effect, or as it stands when that takes long, as without a worker.
pub(super) async fn settled(
    state: &AppState,
    id: &ExperimentId,
    shows_effect: impl Fn(&Experiment) -> bool,
) -> Result<Experiment, ApiError> {
    settling::settled(|| show::experiment(state, id), shows_effect).await
}

async fn accepted(
    state: &AppState,
    id: &ExperimentId,
    shows_effect: impl Fn(&Experiment) -> bool,
) -> Result<Accepted, ApiError> {
    let experiment = settled(state, id, shows_effect).await?;
    Ok((StatusCode::ACCEPTED, Json(experiment)))
}
