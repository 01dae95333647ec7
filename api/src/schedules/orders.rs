//! Handlers that tell a schedule what to do: to wait, to go on, to start experiments out of turn.

use api_types::schedules::{BackfillSchedule, NoteSchedule, Schedule, TriggerSchedule};
use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use domain::schedule::ScheduleId;

use crate::error::ApiError;
use crate::extract::{Id, JsonBody, OptionalJsonBody};
use crate::responses::{Anytime, BadBody, Missing};
use crate::schedules::{checks, described, missing, parsed};
use crate::scheduling::ScheduleOrder;
use crate::settling::settled;
use crate::state::AppState;

type Accepted = (StatusCode, Json<Schedule>);

/// Pause a schedule.
///
/// Nothing is started until it is resumed, but by `trigger` and `backfill`. Experiments that run go on.
#[utoipa::path(
    post,
    path = "/v1/schedules/{schedule_id}/pause",
    tag = "schedules",
    params(("schedule_id" = String, Path, description = "Id of the schedule.")),
    request_body = NoteSchedule,
    responses(
        (status = 202, description = "The schedule, which is paused.", body = Schedule),
        BadBody, Missing, Anytime,
    )
)]
pub(crate) async fn pause_schedule(
    State(state): State<AppState>,
    Id(id): Id,
    OptionalJsonBody(body): OptionalJsonBody,
) -> Result<Accepted, ApiError> {
    let NoteSchedule { note } = state.schemas.schedule_note.read(body)?;
    let note = note.unwrap_or_else(|| "paused through the API".to_owned());
    let is_paused = |_: &Schedule, now: &Schedule| now.paused;
    order(&state, &id, ScheduleOrder::Pause(note), is_paused).await
}

/// Resume a schedule.
///
/// Times that passed meanwhile are not made up for; `backfill` does that.
#[utoipa::path(
    post,
    path = "/v1/schedules/{schedule_id}/resume",
    tag = "schedules",
    params(("schedule_id" = String, Path, description = "Id of the schedule.")),
    request_body = NoteSchedule,
    responses(
        (status = 202, description = "The schedule, which goes on.", body = Schedule),
        BadBody, Missing, Anytime,
    )
)]
pub(crate) async fn resume_schedule(
    State(state): State<AppState>,
    Id(id): Id,
    OptionalJsonBody(body): OptionalJsonBody,
) -> Result<Accepted, ApiError> {
    let NoteSchedule { note } = state.schemas.schedule_note.read(body)?;
    let note = note.unwrap_or_else(|| "resumed through the API".to_owned());
    let goes_on = |_: &Schedule, now: &Schedule| !now.paused;
    order(&state, &id, ScheduleOrder::Resume(note), goes_on).await
}

/// Start an experiment of a schedule now.
///
/// Also while the schedule is paused. Whether it is started while another one runs is a matter of the overlap policy. The
/// time in its id is that of the request, in seconds: a second request in the same second starts nothing.
#[utoipa::path(
    post,
    path = "/v1/schedules/{schedule_id}/trigger",
    tag = "schedules",
    params(("schedule_id" = String, Path, description = "Id of the schedule.")),
    request_body = TriggerSchedule,
    responses(
        (status = 202, description = "The schedule, whose `recent` begins with the experiment as soon as it is started.", body = Schedule),
        BadBody, Missing, Anytime,
    )
)]
pub(crate) async fn trigger_schedule(
    State(state): State<AppState>,
    Id(id): Id,
    OptionalJsonBody(body): OptionalJsonBody,
) -> Result<Accepted, ApiError> {
    let TriggerSchedule { overlap_policy } = state.schemas.trigger.read(body)?;
    let trigger = ScheduleOrder::Trigger(overlap_policy);
    order(&state, &id, trigger, has_acted).await
}

/// Make up for times that have passed.
///
/// As if all times of the schedule from `start_time` to `end_time` came now, at once: with the overlap policy `skip` one
/// experiment is started, with `buffer_all` one after another, with `allow_all` all together. A time for which there is an
/// experiment already is not done again.
#[utoipa::path(
    post,
    path = "/v1/schedules/{schedule_id}/backfill",
    tag = "schedules",
    params(("schedule_id" = String, Path, description = "Id of the schedule.")),
    request_body = BackfillSchedule,
    responses(
        (status = 202, description = "The schedule, which starts what is to be made up for.", body = Schedule),
        BadBody, Missing, Anytime,
    )
)]
pub(crate) async fn backfill_schedule(
    State(state): State<AppState>,
    Id(id): Id,
    JsonBody(body): JsonBody,
) -> Result<Accepted, ApiError> {
    let request: BackfillSchedule = state.schemas.backfill.read(body)?;
    let faults = checks::backfill(&request);
    if !faults.is_empty() {
        return Err(ApiError::Invalid(faults));
    }
    let backfill = ScheduleOrder::Backfill {
        start: request.start_time,
        end: request.end_time,
        overlap_policy: request.overlap_policy,
    };
    // A range without a time has no effect to wait for.
    order(&state, &id, backfill, |_, _| true).await
}

fn has_acted(before: &Schedule, now: &Schedule) -> bool {
    now.counts != before.counts
}

/// Tells a schedule something, and gives it as it stands when that has an effect.
async fn order(
    state: &AppState,
    id: &str,
    order: ScheduleOrder,
    shows_effect: impl Fn(&Schedule, &Schedule) -> bool,
) -> Result<Accepted, ApiError> {
    let id: ScheduleId = parsed(id)?;
    let before = described(state, &id).await?.schedule;
    if !state.workflows.order_schedule(&id, order).await? {
        return Err(missing(&id));
    }
    let look = || described(state, &id);
    let now = settled(look, |now| shows_effect(&before, &now.schedule)).await?;
    Ok((StatusCode::ACCEPTED, Json(now.schedule)))
}
