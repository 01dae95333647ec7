//! A test message to a webhook. Its address and its secret are in the workers' table, so one of them sends it.

use api_types::discovery::WebhookTestResult;
use axum::Json;
use axum::extract::State;
use uuid::Uuid;
use workflows::activities::WebhookTest;

use crate::error::ApiError;
use crate::extract::Id;
use crate::responses::{Anytime, Missing};
use crate::state::AppState;

/// Test a webhook.
///
/// A worker sends it one signed message of the type `webhook.test`, at once and once only, and its answer is told: within ten
/// seconds, or else no worker is there to send it (code `unavailable`).
#[utoipa::path(
    post,
    path = "/v1/webhooks/{webhook}/test",
    tag = "discovery",
    params(("webhook" = String, Path, description = "Name of the webhook.")),
    responses(
        (status = 200, description = "What came of the message.", body = WebhookTestResult),
        Missing, Anytime,
    )
)]
pub(crate) async fn test_webhook(
    State(state): State<AppState>,
    Id(webhook): Id,
) -> Result<Json<WebhookTestResult>, ApiError> {
    let equipments = state.store.equipments(state.workflows.task_queue()).await?;
    let is_known = equipments
        .iter()
        .any(|(equipment, _)| equipment.webhooks.contains(&webhook));
    if !is_known {
        return Err(ApiError::not_found("webhook", webhook));
    }
    let test = WebhookTest {
        webhook: webhook.clone(),
        message_id: format!("msg_test_{}", Uuid::new_v4().simple()),
    };
    let message_id = test.message_id.clone();
    let tested = state.workflows.test_webhook(test).await?;
    Ok(Json(WebhookTestResult {
        webhook,
        delivered: tested.error.is_none(),
        message_id,
        status: tested.status,
        duration_ms: tested.duration_ms,
        error: tested.error,
    }))
}
