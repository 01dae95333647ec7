//! Handlers of `/v1/schedules`: experiments that are started again and again, at times that Temporal keeps.

mod change;
mod checks;
mod create;
mod list;
mod orders;

use api_types::schedules::{CreateSchedule, Schedule, ScheduleList, UpdateSchedule};
use axum::Json;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use domain::schedule::ScheduleId;

pub(crate) use self::orders::*;
use crate::error::ApiError;
use crate::extract::{JsonBody, Query};
use crate::responses::{Anytime, BadBody, BadPageToken, BadQuery, Missing, Taken};
use crate::schedules::create::Creation;
use crate::schedules::list::ListQuery;
use crate::scheduling::Scheduled;
use crate::scope::{SchedulePath, Scope};
use crate::state::AppState;

/// Create a schedule.
///
/// At the times of `spec`, an experiment is started that does what `config` says. Its id is `<schedule id>-<time>`, such
/// as `nightly-2026-11-27T03:00:00Z`, and it is like any other experiment, with the `schedule_id` in addition. To be able to
/// repeat a request whose answer was lost, choose a `schedule_id` (the repetition is a conflict) or send an
/// `Idempotency-Key` (the repetition is answered with the schedule that is there).
#[utoipa::path(
    post,
    path = "/v1/schedules",
    tag = "schedules",
    params(
        ("Idempotency-Key" = Option<String>, Header, nullable = false, max_length = 255,
            description = "Text of your choice, new for every schedule, such as a UUID. The same key with another body is refused. Has no effect beside a `schedule_id`."),
    ),
    request_body = CreateSchedule,
    responses(
        (status = 201, description = "Created.", body = Schedule,
            headers(("Location" = String, description = "The path of the schedule."))),
        BadBody, Taken, Anytime,
    )
)]
pub(crate) async fn create_schedule(
    State(state): State<AppState>,
    scope: Scope,
    headers: HeaderMap,
    JsonBody(body): JsonBody,
) -> Result<Response, ApiError> {
    let checking = state.clone();
    let check = move || Creation::check(&checking, body, &headers, &scope);
    let creation = tokio::task::spawn_blocking(check)
        .await
        .map_err(ApiError::internal)??;
    let schedule = creation.carry_out(state).await?;
    let location = [(header::LOCATION, schedule.links.itself.clone())];
    Ok((StatusCode::CREATED, location, Json(schedule)).into_response())
}

/// List schedules.
///
/// The latest created first. A schedule may take a moment to appear after it was created. A page may have fewer entries than
/// asked for, or none, and still not be the last: the last page has no `next_page_token`.
#[utoipa::path(
    get,
    path = "/v1/schedules",
    tag = "schedules",
    params(ListQuery),
    responses(
        (status = 200, description = "A page of schedules.", body = ScheduleList),
        BadPageToken, BadQuery, Anytime,
    )
)]
pub(crate) async fn list_schedules(
    State(state): State<AppState>,
    scope: Scope,
    Query(query): Query<ListQuery>,
) -> Result<Json<ScheduleList>, ApiError> {
    list::list(&state, &scope, query).await.map(Json)
}

/// Get a schedule.
///
/// With the times that come next, and the experiments that it has started last.
#[utoipa::path(
    get,
    path = "/v1/schedules/{schedule_id}",
    tag = "schedules",
    params(("schedule_id" = String, Path, description = "Id of the schedule.")),
    responses(
        (status = 200, description = "The schedule.", body = Schedule),
        Missing, Anytime,
    )
)]
pub(crate) async fn get_schedule(
    State(state): State<AppState>,
    SchedulePath(id): SchedulePath,
) -> Result<Json<Schedule>, ApiError> {
    let there = described(&state, &id).await?;
    Ok(Json(there.schedule))
}

/// Change a schedule.
///
/// What is given takes the place of what was there, each part as a whole. Experiments that run go on as they were
/// started.
#[utoipa::path(
    patch,
    path = "/v1/schedules/{schedule_id}",
    tag = "schedules",
    params(("schedule_id" = String, Path, description = "Id of the schedule.")),
    request_body = UpdateSchedule,
    responses(
        (status = 200, description = "The schedule, as changed.", body = Schedule),
        BadBody, Missing, Anytime,
    )
)]
pub(crate) async fn update_schedule(
    State(state): State<AppState>,
    SchedulePath(id): SchedulePath,
    JsonBody(body): JsonBody,
) -> Result<Json<Schedule>, ApiError> {
    let request: UpdateSchedule = state.schemas.schedule_update.read(body)?;
    change::carry_out(&state, &id, request).await.map(Json)
}

/// Delete a schedule.
///
/// Nothing more is started. The experiments that it has started stay, and those that run go on.
#[utoipa::path(
    delete,
    path = "/v1/schedules/{schedule_id}",
    tag = "schedules",
    params(("schedule_id" = String, Path, description = "Id of the schedule.")),
    responses(
        (status = 204, description = "Deleted."),
        Missing, Anytime,
    )
)]
pub(crate) async fn delete_schedule(
    State(state): State<AppState>,
    SchedulePath(id): SchedulePath,
) -> Result<StatusCode, ApiError> {
    described(&state, &id).await?;
    match state.workflows.delete_schedule(&id).await? {
        true => Ok(StatusCode::NO_CONTENT),
        false => Err(missing(&id)),
    }
}

fn missing(id: impl ToString) -> ApiError {
    ApiError::not_found("schedule", id)
}

/// A schedule that is there.
async fn described(state: &AppState, id: &ScheduleId) -> Result<Scheduled, ApiError> {
    let there = state.workflows.describe_schedule(id).await?;
    there.ok_or_else(|| missing(id))
}
