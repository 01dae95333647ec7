//! Handlers that tell an experiment again when it changes: by one answer that waits, or by events.

use std::convert::Infallible;
use std::time::Duration;

use api_types::experiments::Experiment;
use axum::Extension;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::sse::{Event, KeepAlive, Sse};
use axum::response::{IntoResponse, Response};
use domain::interval::Interval;
use futures::{Stream, StreamExt, stream};
use serde::Deserialize;
use tokio::time::timeout;
use utoipa::IntoParams;

use crate::entity_tag::{EntityTag, json};
use crate::error::ApiError;
use crate::extract::Query;
use crate::layers::TimeLimit;
use crate::looking::Looks;
use crate::responses::{Anytime, BadQuery, Missing};
use crate::scope::ExperimentPath;
use crate::state::AppState;
use crate::watching::{Sight, Watch};

/// The longest wait that may be asked for.
const LONGEST_WAIT: Duration = Duration::from_secs(30);

/// So long before a request would be ended it is answered.
const IN_TIME: Duration = Duration::from_millis(500);

/// How often a stream without news says that it lives.
const KEEP_ALIVE: Duration = Duration::from_secs(15);

#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct GetQuery {
    /// Answer only when the experiment has ended, or, with `If-None-Match`, when it has changed; but after so long at the
    /// latest. At most `30s`.
    #[serde(default)]
    #[param(value_type = Option<Interval>, nullable = false)]
    wait: Option<Interval>,
}

/// Get an experiment.
///
/// Its status, how far each model has come, the scores so far, and why nothing moves when nothing does. Answered
/// without a worker, and also long after the workflow is gone from Temporal. With the `ETag` of an earlier answer in
/// `If-None-Match`, one that has not changed is answered with 304; estimates of the time left do not count as a change.
#[utoipa::path(
    get,
    path = "/v1/experiments/{experiment_id}",
    tag = "experiments",
    params(
        ("experiment_id" = String, Path, description = "Id of the experiment."),
        GetQuery,
        ("If-None-Match" = Option<String>, Header, nullable = false, description = "Tags of answers that are known."),
    ),
    responses(
        (status = 200, description = "The experiment.", body = Experiment,
            headers(("ETag" = String, description = "Changes when the experiment does."))),
        (status = 304, description = "It is as it was known."),
        BadQuery, Missing, Anytime,
    )
)]
pub(crate) async fn get_experiment(
    State(state): State<AppState>,
    Extension(limit): Extension<TimeLimit>,
    ExperimentPath(id): ExperimentPath,
    Query(query): Query<GetQuery>,
    headers: HeaderMap,
) -> Result<Response, ApiError> {
    let Some(wait) = query.wait.map(Interval::as_duration) else {
        let told = Looks::look(&state, &id).await?;
        return Ok(answer(&told.tag, &headers, || told.json));
    };
    if wait > LONGEST_WAIT {
        return Err(ApiError::invalid("/wait", "it is longer than `30s`"));
    }
    let mut watch = state.watches.watch(&state, &id);
    let first = watch.now().await?;
    let is_conditional = headers.contains_key(header::IF_NONE_MATCH);
    let is_it = |sight: &Sight| match is_conditional {
        true => !sight.tag.is_known(&headers),
        false => sight.experiment.status.is_final(),
    };
    let wait = wait.min(limit.0.saturating_sub(IN_TIME));
    let sight = match timeout(wait, watch.until(is_it)).await {
        Ok(sight) => sight?,
        Err(_) => watch.now().await.unwrap_or(first),
    };
    Ok(answer(&sight.tag, &headers, || {
        json(&sight.experiment).into()
    }))
}

fn answer(tag: &EntityTag, headers: &HeaderMap, json: impl FnOnce() -> Bytes) -> Response {
    let told = [
        (header::ETAG, tag.header()),
        // To be kept, and asked for each time.
        (
            header::CACHE_CONTROL,
            HeaderValue::from_static("private, no-cache"),
        ),
    ];
    let content_type = HeaderValue::from_static("application/json");
    match tag.is_known(headers) {
        true => (StatusCode::NOT_MODIFIED, told).into_response(),
        false => (told, [(header::CONTENT_TYPE, content_type)], json()).into_response(),
    }
}

/// Follow an experiment.
///
/// Server-sent events: the experiment as it stands, at once and within a second of every change, until it has ended, which
/// is the last event. Each event is the whole experiment, so none has to be caught up with: with the `Last-Event-ID` of
/// the newest one, the stream begins with the next change. When there will be none, the answer is 204, at which browsers
/// stop asking.
#[utoipa::path(
    get,
    path = "/v1/experiments/{experiment_id}/events",
    tag = "experiments",
    params(
        ("experiment_id" = String, Path, description = "Id of the experiment."),
        ("Last-Event-ID" = Option<String>, Header, nullable = false, description = "The id of the last event that was received."),
    ),
    responses(
        (status = 200, description = "Events named `experiment`; the data of each is an `Experiment` as JSON.", body = String, content_type = "text/event-stream"),
        (status = 204, description = "The last event was received."),
        Missing, Anytime,
    )
)]
pub(crate) async fn watch_experiment(
    State(state): State<AppState>,
    ExperimentPath(id): ExperimentPath,
    headers: HeaderMap,
) -> Result<Response, ApiError> {
    let mut watch = state.watches.watch(&state, &id);
    let first = watch.until(|_| true).await?;
    let received = headers.get("last-event-id");
    let is_received = received.is_some_and(|id| id.as_bytes() == first.tag.to_string().as_bytes());
    if is_received && first.experiment.status.is_final() {
        return Ok(StatusCode::NO_CONTENT.into_response());
    }
    let first = (!is_received).then_some(first);
    let events = stream::iter(first).chain(changes(watch)).map(event);
    let keep_alive = KeepAlive::new().interval(KEEP_ALIVE);
    Ok(Sse::new(events).keep_alive(keep_alive).into_response())
}

fn changes(watch: Watch) -> impl Stream<Item = Sight> {
    stream::unfold(watch, async |mut watch| {
        let sight = watch.changed().await?;
        Some((sight, watch))
    })
}

fn event(sight: Sight) -> Result<Event, Infallible> {
    let event = Event::default()
        .event("experiment")
        .id(sight.tag.to_string());
    Ok(event
        .json_data(&*sight.experiment)
        .unwrap_or_else(|_| Event::default().comment("an experiment that is no JSON")))
}
