//! Handlers that tell what there is to name in an experiment.

pub(crate) mod catalog;
pub(crate) mod trial;

use std::collections::BTreeMap;

use api_types::discovery::{
    AdapterList, PricedModel, Provider, ProviderList, ScorerList, TaskQueue, Webhook, WebhookList,
};
use axum::Json;
use axum::extract::State;

use crate::error::ApiError;
use crate::execution::TaskKind;
use crate::extract::Id;
use crate::responses::{Anytime, Missing};
use crate::state::AppState;

/// The longest name that Temporal gives a task queue, in bytes.
const LONGEST_QUEUE: usize = 1000;

/// List the types of scorers.
///
/// With what each computes, what its scores may be, and the JSON Schema of its configuration.
#[utoipa::path(
    get,
    path = "/v1/scorers",
    tag = "discovery",
    responses((status = 200, description = "All of them.", body = ScorerList), Anytime)
)]
pub(crate) async fn list_scorers(State(state): State<AppState>) -> Json<ScorerList> {
    Json(ScorerList {
        scorers: state.catalog.scorers.clone(),
    })
}

/// List the types of adapters.
///
/// With the JSON Schema of the configuration of each.
#[utoipa::path(
    get,
    path = "/v1/adapters",
    tag = "discovery",
    responses((status = 200, description = "All of them.", body = AdapterList), Anytime)
)]
pub(crate) async fn list_adapters(State(state): State<AppState>) -> Json<AdapterList> {
    Json(AdapterList {
        adapters: state.catalog.adapters.clone(),
    })
}

/// List the providers.
///
/// Those that workers have announced when they started, and whether a worker is there now. Neither addresses in full nor
/// keys are told: workers keep them to themselves.
#[utoipa::path(
    get,
    path = "/v1/providers",
    tag = "discovery",
    responses((status = 200, description = "All of them.", body = ProviderList), Anytime)
)]
pub(crate) async fn list_providers(
    State(state): State<AppState>,
) -> Result<Json<ProviderList>, ApiError> {
    let queue = state.workflows.task_queue().to_owned();
    let mut providers = BTreeMap::new();
    for (equipment, announced_at) in state.store.equipments(&queue).await? {
        for known in equipment.providers {
            // The latest announcement of a name comes first, and holds.
            providers
                .entry(known.name.clone())
                .or_insert_with(|| Provider {
                    name: known.name,
                    api: known.api,
                    host: known.host,
                    ready: known.ready,
                    models: PricedModel::all(known.prices),
                    announced_at,
                });
        }
    }
    Ok(Json(ProviderList {
        providers: providers.into_values().collect(),
        task_queue: task_queue(&state, queue).await?,
    }))
}

/// List the webhooks.
///
/// Those that workers have announced when they started. An experiment names one as the `endpoint` of a `webhook` sink; what
/// became of its messages is in `deliveries` of the experiment, and `emit` sends them again.
#[utoipa::path(
    get,
    path = "/v1/webhooks",
    tag = "discovery",
    responses((status = 200, description = "All of them.", body = WebhookList), Anytime)
)]
pub(crate) async fn list_webhooks(
    State(state): State<AppState>,
) -> Result<Json<WebhookList>, ApiError> {
    let mut webhooks = BTreeMap::new();
    for (equipment, announced_at) in state.store.equipments(state.workflows.task_queue()).await? {
        for name in equipment.webhooks {
            webhooks
                .entry(name.clone())
                .or_insert(Webhook { name, announced_at });
        }
    }
    Ok(Json(WebhookList {
        webhooks: webhooks.into_values().collect(),
    }))
}

/// Get a task queue.
///
/// Whether anyone works on it: ask before naming it in an adapter or a scorer of the type `activity`. A queue comes to be by
/// its name alone, so any name has an answer.
#[utoipa::path(
    get,
    path = "/v1/task-queues/{task_queue}",
    tag = "discovery",
    params(("task_queue" = String, Path, description = "Name of the task queue.")),
    responses((status = 200, description = "The task queue.", body = TaskQueue), Missing, Anytime)
)]
pub(crate) async fn get_task_queue(
    State(state): State<AppState>,
    Id(name): Id,
) -> Result<Json<TaskQueue>, ApiError> {
    // Names of Temporal's own begin so.
    if name.is_empty() || name.len() > LONGEST_QUEUE || name.starts_with("/_") {
        return Err(ApiError::not_found("task queue", name));
    }
    task_queue(&state, name).await.map(Json)
}

async fn task_queue(state: &AppState, name: String) -> Result<TaskQueue, ApiError> {
    let activities = state.workflows.last_poll(&name, TaskKind::Activity).await?;
    let workflows = state.workflows.last_poll(&name, TaskKind::Workflow).await?;
    Ok(TaskQueue {
        name,
        live: activities.is_some(),
        activities_polled_at: activities,
        workflows_polled_at: workflows,
    })
}
