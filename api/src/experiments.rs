//! Handlers of `/v1/experiments`.

pub(crate) mod again;
mod archive;
pub(crate) mod breakdown;
pub(crate) mod configuration;
pub(crate) mod control;
pub(crate) mod create;
mod estimate;
pub(crate) mod identity;
pub(crate) mod ledger;
pub(crate) mod limits;
pub(crate) mod list;
mod outline;
pub(crate) mod plan;
mod queues;
pub(crate) mod results;
mod round;
mod run;
pub(crate) mod runs;
pub(crate) mod show;
mod shown;
pub(crate) mod starting;
mod summary;
mod waiting;
pub(crate) mod watch;

use api_types::experiments::{CreateExperiment, Experiment, ExperimentCheck, ExperimentSummary};
use axum::Json;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use opentelemetry::trace::FutureExt;

use crate::error::ApiError;
use crate::experiments::create::{CreateQuery, Creation};
use crate::extract::{JsonBody, Query};
use crate::responses::{Anytime, BadBody, Missing, Taken};
use crate::scope::{ExperimentPath, Scope};
use crate::state::AppState;

/// Create an experiment.
///
/// Answers as soon as the experiment is durable; follow it with `GET /v1/experiments/{experiment_id}`. To be able to
/// repeat a request whose answer was lost, choose an `experiment_id` (the repetition is a conflict) or send an
/// `Idempotency-Key` (the repetition is answered with the experiment that is there). With `validate_only=true`
/// everything is checked and nothing is started; for items in the request, the answer tells what it may take.
#[utoipa::path(
    post,
    path = "/v1/experiments",
    tag = "experiments",
    params(
        CreateQuery,
        ("Idempotency-Key" = Option<String>, Header, nullable = false, min_length = 1, max_length = 255,
            description = "Text of your choice, new for every experiment, such as a UUID. The same key with another body is refused. Has no effect beside an `experiment_id`."),
    ),
    request_body = CreateExperiment,
    responses(
        (status = 201, description = "Created: the experiment is durable and runs as soon as a worker takes it up.",
            body = Experiment, headers(("Location" = String, description = "The path of the experiment."))),
        // Generators that know one answer take the one of the lowest status for it: an exact one is before a range.
        (status = "2XX", description = "200: only checked, as asked with `validate_only`; it could be created.", body = ExperimentCheck),
        BadBody, Taken, Anytime,
    )
)]
pub(crate) async fn create_experiment(
    State(state): State<AppState>,
    scope: Scope,
    Query(query): Query<CreateQuery>,
    headers: HeaderMap,
    JsonBody(body): JsonBody,
) -> Result<Response, ApiError> {
    // Ten thousand items and fifty expressions take longer than a thread that serves others may be kept.
    let checking = state.clone();
    let check = move || Creation::check(&checking, body, &headers, scope);
    let mut creation = tokio::task::spawn_blocking(check)
        .await
        .map_err(ApiError::internal)??;
    creation.settle_file(&state).await?;
    if query.validate_only {
        return Ok(Json(creation.outcome(&state).await?).into_response());
    }
    // To its end, also when the client has left: what is started is archived.
    let experiment = tokio::spawn(creation.carry_out(state).with_current_context())
        .await
        .map_err(ApiError::internal)??;
    let location = [(header::LOCATION, experiment.links.itself.clone())];
    Ok((StatusCode::CREATED, location, Json(experiment)).into_response())
}

/// Get the summary of an experiment.
///
/// The scores by model and scorer with their uncertainty, and how many items they cover. While the experiment runs,
/// of the chunks that are scored.
#[utoipa::path(
    get,
    path = "/v1/experiments/{experiment_id}/summary",
    tag = "results",
    params(("experiment_id" = String, Path, description = "Id of the experiment.")),
    responses(
        (status = 200, description = "The summary.", body = ExperimentSummary),
        Missing, Anytime,
    )
)]
pub(crate) async fn get_summary(
    State(state): State<AppState>,
    ExperimentPath(id): ExperimentPath,
) -> Result<Json<ExperimentSummary>, ApiError> {
    let experiment = show::experiment(&state, &id).await?;
    Ok(Json(summary::of(experiment)))
}
