//! Lists of experiments, and how many there are.

mod archived;
mod known;

use api_types::experiments::{ExperimentCounts, ExperimentList};
use axum::Json;
use axum::extract::State;
use domain::fault::Fault;
use domain::schedule::ScheduleId;
use domain::summary::Status;
use domain::tag::Tag;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use utoipa::IntoParams;

use crate::error::ApiError;
use crate::execution::{ExperimentFilter, Which};
use crate::extract::Query;
use crate::extract::page::PageSize;
use crate::responses::{Anytime, BadPageToken, BadQuery, NotSetUp};
use crate::scope::Scope;
use crate::state::AppState;

const DEFAULT_SIZE: u32 = 20;
const LARGEST_SIZE: u32 = 100;

#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct ListQuery {
    /// Experiments on a page; more than 100 is taken for 100.
    #[param(value_type = Option<u32>, nullable = false, minimum = 1, default = 20)]
    page_size: Option<PageSize>,
    /// The `next_page_token` of the page before, with the same filters.
    #[param(nullable = false)]
    page_token: Option<String>,
    /// Only experiments of this status.
    #[param(inline = false, nullable = false)]
    status: Option<Status>,
    /// Only experiments of exactly this name.
    #[param(nullable = false)]
    name: Option<String>,
    /// Only experiments with this model.
    #[param(nullable = false)]
    model: Option<String>,
    /// Only experiments with this tag.
    #[param(value_type = Option<String>, nullable = false)]
    tag: Option<Tag>,
    /// Only experiments that this schedule has started.
    #[param(nullable = false)]
    schedule: Option<String>,
    /// Only experiments whose latest round began after this.
    #[param(nullable = false)]
    started_after: Option<Timestamp>,
    /// Only experiments whose latest round began before this.
    #[param(nullable = false)]
    started_before: Option<Timestamp>,
    /// List what the artifact store holds, in the order of the ids: experiments that have ended, also those that Temporal has
    /// forgotten.
    #[serde(default)]
    #[param(default = false)]
    archived: bool,
}

#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct CountQuery {
    /// Only experiments of exactly this name.
    #[param(nullable = false)]
    name: Option<String>,
    /// Only experiments with this model.
    #[param(nullable = false)]
    model: Option<String>,
    /// Only experiments with this tag.
    #[param(value_type = Option<String>, nullable = false)]
    tag: Option<Tag>,
    /// Only experiments that this schedule has started, without their further rounds.
    #[param(nullable = false)]
    schedule: Option<String>,
    /// Only experiments that began after this.
    #[param(nullable = false)]
    started_after: Option<Timestamp>,
    /// Only experiments that began before this.
    #[param(nullable = false)]
    started_before: Option<Timestamp>,
}

/// What a page token is good for.
#[derive(Debug, PartialEq, Serialize, Deserialize)]
struct Filters {
    list: String,
    #[serde(flatten)]
    filter: ExperimentFilter,
}

/// List experiments.
///
/// The latest begun first; a retry begins an experiment anew. An experiment may take a moment to appear after it was
/// created. With filters a page may have fewer entries than asked for, or none, and still not be the last: the last page
/// has no `next_page_token`. Filters by name, model and tag are quick where `ai-evolution setup` has been run; experiments
/// that were created before are not found by them then. With `archived=true` experiments are listed that Temporal has
/// forgotten, too.
#[utoipa::path(
    get,
    path = "/v1/experiments",
    tag = "experiments",
    params(ListQuery),
    responses(
        (status = 200, description = "A page of experiments.", body = ExperimentList),
        BadPageToken, BadQuery, Anytime,
    )
)]
pub(crate) async fn list_experiments(
    State(state): State<AppState>,
    scope: Scope,
    Query(query): Query<ListQuery>,
) -> Result<Json<ExperimentList>, ApiError> {
    let size = PageSize::or_default(query.page_size, DEFAULT_SIZE, LARGEST_SIZE);
    let filter = ExperimentFilter {
        status: query.status,
        name: query.name,
        model: query.model,
        tag: query.tag,
        schedule: of_schedule(&scope, query.schedule.as_deref())?,
        started_after: query.started_after,
        started_before: query.started_before,
    };
    check(&filter)?;
    let token = query.page_token.as_deref();
    let list = match query.archived {
        true => archived::list(&state, &scope, filter, size, token).await?,
        false => known::list(&state, &scope, filter, size, token).await?,
    };
    Ok(Json(list))
}

/// Count experiments.
///
/// By status, of those that Temporal knows; `running` counts those that are paused, too. Every round of an experiment counts
/// by itself. A caller without a tenant counts those of all tenants. Numbers follow a moment after what they are about. Filters by name, model and tag need the search attributes
/// that `ai-evolution setup` registers.
#[utoipa::path(
    get,
    path = "/v1/experiment-counts",
    tag = "experiments",
    params(CountQuery),
    responses(
        (status = 200, description = "How many there are.", body = ExperimentCounts),
        NotSetUp, BadQuery, Anytime,
    )
)]
pub(crate) async fn count_experiments(
    State(state): State<AppState>,
    scope: Scope,
    Query(query): Query<CountQuery>,
) -> Result<Json<ExperimentCounts>, ApiError> {
    let filter = ExperimentFilter {
        status: None,
        name: query.name,
        model: query.model,
        tag: query.tag,
        schedule: of_schedule(&scope, query.schedule.as_deref())?,
        started_after: query.started_after,
        started_before: query.started_before,
    };
    check(&filter)?;
    let which = Which {
        tenant: scope.tenant().cloned(),
        filter,
        until: Timestamp::now(),
    };
    let mut counts = ExperimentCounts::default();
    for (status, count) in state.workflows.count(&which).await? {
        counts.total += count;
        *match status {
            Status::Running | Status::Paused => &mut counts.running,
            Status::Completed => &mut counts.completed,
            Status::Failed => &mut counts.failed,
            Status::Cancelled => &mut counts.cancelled,
            Status::Terminated => &mut counts.terminated,
            Status::TimedOut => &mut counts.timed_out,
        } += count;
    }
    Ok(Json(counts))
}

/// The schedule that is asked for, as far as the caller can see it.
fn of_schedule(scope: &Scope, id: Option<&str>) -> Result<Option<ScheduleId>, ApiError> {
    let id = id.map(str::parse::<ScheduleId>).transpose();
    let id = id.map_err(|error| ApiError::invalid("/schedule", error.to_string()))?;
    Ok(id.map(|id| id.within(scope.tenant().cloned())))
}

/// Refuses what no experiment has.
fn check(filter: &ExperimentFilter) -> Result<(), ApiError> {
    let texts = [("/name", &filter.name), ("/model", &filter.model)];
    let faults = texts.into_iter().filter_map(|(pointer, text)| {
        let has_control = text.as_ref()?.contains(char::is_control);
        has_control.then(|| Fault::new(pointer, "there are no control characters in it"))
    });
    ApiError::check(faults.collect())
}
