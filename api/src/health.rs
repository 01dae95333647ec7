//! Whether the service lives and whether it can do its work. Outside the document: it is for machines that look after it.

use axum::Json;
use axum::extract::State;
use axum::http::header;
use axum::response::IntoResponse;
use futures::join;
use serde_json::{Value, json};

use crate::error::ApiError;
use crate::scope::Scope;
use crate::state::AppState;

/// Lives: asks nothing of anyone.
pub(crate) async fn live() -> Json<Value> {
    Json(json!({"status": "ok"}))
}

/// Can do its work: asks what requests need.
pub(crate) async fn ready(State(state): State<AppState>) -> Result<Json<Value>, ApiError> {
    let store = async { state.store.check().await.map_err(ApiError::from) };
    match join!(state.workflows.check(), store) {
        (Ok(()), Ok(())) => Ok(Json(well(&state).await)),
        (Err(temporal), Err(store)) => Err(ApiError::Unavailable {
            dependency: "Temporal and the artifact store",
            source: format!("{temporal:?}; {store:?}").into(),
        }),
        (Err(error), Ok(())) | (Ok(()), Err(error)) => Err(error),
    }
}

/// What was counted since the start, in the text format of Prometheus.
pub(crate) async fn metrics(
    State(state): State<AppState>,
    scope: Scope,
) -> Result<impl IntoResponse, ApiError> {
    scope.check_whole()?;
    let recorded = state.recorded.as_ref().ok_or(ApiError::NoRoute)?;
    let content_type = [(header::CONTENT_TYPE, runtime::metrics::CONTENT_TYPE)];
    Ok((content_type, recorded.render()))
}

/// That all is well, and what could be better: nothing that a request waits for.
async fn well(state: &AppState) -> Value {
    let missing = state.workflows.missing_attributes().await;
    match missing.unwrap_or_default().as_slice() {
        [] => json!({"status": "ok"}),
        missing => json!({
            "status": "ok",
            "missing_search_attributes": missing,
            "advice": "`ai-evolution setup` registers them; until then, lists that are filtered by name, model or tag are slow",
        }),
    }
}
