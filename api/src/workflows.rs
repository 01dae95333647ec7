//! Handlers of `/v1/workflows`: what Temporal knows, for those who look after the service.

use api_types::workflows::{PendingActivity, Workflow, WorkflowHistory};
use axum::Json;
use axum::extract::State;
use base64::Engine;
use base64::engine::general_purpose::STANDARD_NO_PAD;
use serde::{Deserialize, Serialize};
use utoipa::IntoParams;
use workflows::ids;

use crate::error::ApiError;
use crate::execution::{Activity, Execution, Page};
use crate::extract::page::{self, PageSize};
use crate::extract::{Id, Query};
use crate::page_token;
use crate::responses::{Anytime, BadPageToken, BadQuery, Missing};
use crate::scope::Scope;
use crate::state::AppState;

const DEFAULT_SIZE: u32 = 100;
const LARGEST_SIZE: u32 = 1000;

/// Get a workflow.
///
/// The latest run of an experiment's workflow, or of one of its models', as Temporal sees it.
#[utoipa::path(
    get,
    path = "/v1/workflows/{workflow_id}",
    tag = "workflows",
    params(("workflow_id" = String, Path, description = "Id of the workflow, such as an experiment's id.")),
    responses(
        (status = 200, description = "The workflow.", body = Workflow),
        Missing, Anytime,
    )
)]
pub(crate) async fn get_workflow(
    State(state): State<AppState>,
    scope: Scope,
    Id(id): Id,
) -> Result<Json<Workflow>, ApiError> {
    Ok(Json(shown(described(&state, &scope, &id).await?)))
}

#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct HistoryQuery {
    /// Events on a page; more than 1000 is taken for 1000.
    #[param(value_type = Option<u32>, nullable = false, minimum = 1, default = 100)]
    page_size: Option<PageSize>,
    /// The `next_page_token` of the page before.
    #[param(nullable = false)]
    page_token: Option<String>,
}

/// Where the next page begins; a later run of the same workflow does not get in between.
#[derive(Debug, Serialize, Deserialize)]
struct Position {
    run_id: String,
    /// Temporal's own token.
    token: String,
    /// How many events of Temporal's page were given already: its pages do not keep to a size.
    given: usize,
}

/// Get the history of a workflow.
///
/// What has happened in the latest run of the workflow, oldest event first. Payloads are left out.
#[utoipa::path(
    get,
    path = "/v1/workflows/{workflow_id}/history",
    tag = "workflows",
    params(("workflow_id" = String, Path, description = "Id of the workflow, such as an experiment's id."), HistoryQuery),
    responses(
        (status = 200, description = "A page of the history.", body = WorkflowHistory),
        BadPageToken, Missing, BadQuery, Anytime,
    )
)]
pub(crate) async fn get_workflow_history(
    State(state): State<AppState>,
    scope: Scope,
    Id(id): Id,
    Query(query): Query<HistoryQuery>,
) -> Result<Json<WorkflowHistory>, ApiError> {
    let filters = format!("history of {id}");
    let position: Option<Position> = page::decode(query.page_token.as_deref(), &filters)?;
    // Asked for every page: a token that was made up must not lead to workflows that are not ours.
    let latest = described(&state, &scope, &id).await?;
    let position = position.unwrap_or_else(|| Position {
        run_id: latest.run_id,
        token: String::new(),
        given: 0,
    });
    let size = PageSize::or_default(query.page_size, DEFAULT_SIZE, LARGEST_SIZE);
    let token = STANDARD_NO_PAD
        .decode(&position.token)
        .map_err(|_| ApiError::BadPageToken)?;
    let page = Page { size, token };
    let whole = scope.workflow(&id)?;
    let history = state
        .workflows
        .history(&whole, &position.run_id, page)
        .await?;
    let end = position.given.saturating_add(size as usize);
    let next = match (history.events.len() > end, history.next.as_slice()) {
        (true, _) => Some((position.token, end)),
        (false, []) => None,
        (false, next) => Some((STANDARD_NO_PAD.encode(next), 0)),
    };
    let run_id = position.run_id;
    let events = history
        .events
        .into_iter()
        .skip(position.given)
        .take(size as usize)
        .collect();
    Ok(Json(WorkflowHistory {
        events,
        next_page_token: next.map(|(token, given)| {
            page_token::encode(
                &filters,
                Position {
                    run_id,
                    token,
                    given,
                },
            )
        }),
    }))
}

async fn described(state: &AppState, scope: &Scope, id: &str) -> Result<Execution, ApiError> {
    // Ids that are not ours are not asked for, whatever else runs in the namespace.
    let whole = scope.workflow(id)?;
    let execution = state.workflows.describe(&whole).await?;
    execution.ok_or_else(|| ApiError::not_found("workflow", id))
}

fn shown(execution: Execution) -> Workflow {
    Workflow {
        workflow_id: ids::shown(&execution.workflow_id).to_owned(),
        run_id: execution.run_id,
        workflow_type: execution.workflow_type,
        status: execution.status,
        task_queue: execution.task_queue,
        started_at: execution.started_at,
        ended_at: execution.ended_at,
        history_length: execution.history_length,
        history_size_bytes: execution.history_size_bytes,
        pending_activities: execution.activities.into_iter().map(pending).collect(),
        pending_children: execution
            .children
            .iter()
            .map(|child| ids::shown(child).to_owned())
            .collect(),
    }
}

fn pending(activity: Activity) -> PendingActivity {
    PendingActivity {
        activity_id: activity.id,
        activity_type: activity.kind,
        state: activity.state,
        attempt: activity.attempt,
        last_started_at: activity.last_started_at,
        last_heartbeat_at: activity.last_heartbeat_at,
        next_attempt_at: activity.next_attempt_at,
        last_failure: activity.last_failure.map(|failure| failure.message),
        last_worker: activity.last_worker,
    }
}
