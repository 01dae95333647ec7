//! Work that a worker does for one request: a standalone activity, which belongs to no workflow.

use std::time::Duration;

use temporalio_client::errors::{ActivityResultError, StartActivityError};
use temporalio_client::tonic::{Code, Status};
use temporalio_client::{ActivityStartOptions, Client};
use temporalio_common::RetryPolicy;
use workflows::activities::{TestWebhook, WebhookTest, WebhookTested};

use crate::error::{ApiError, BoxError};
use crate::temporal::call::{failed, while_alive};

/// How long a worker may let the request wait, and how long it may take then.
const SCHEDULE_TO_START: Duration = Duration::from_secs(3);
const START_TO_CLOSE: Duration = Duration::from_secs(6);

pub(super) async fn test_webhook(
    client: &Client,
    task_queue: &str,
    test: WebhookTest,
) -> Result<WebhookTested, ApiError> {
    let options = ActivityStartOptions::with_start_to_close_timeout(
        task_queue,
        test.message_id.clone(),
        START_TO_CLOSE,
    )
    .schedule_to_start_timeout(SCHEDULE_TO_START)
    .retry_policy(RetryPolicy::builder().maximum_attempts(1).build())
    .summary(format!("A test of the webhook {}", test.webhook))
    .build();
    let started = while_alive(client, client.start_activity(TestWebhook, test, options)).await?;
    let handle = started.map_err(|error| match error {
        StartActivityError::Rpc(status) => unsent(status),
        error => ApiError::internal(error),
    })?;
    let result = while_alive(client, handle.result()).await?;
    result.map_err(|error| match error {
        ActivityResultError::Rpc(status) | ActivityResultError::NotFound(status) => unsent(status),
        // Nobody took it in time, or whoever did is gone or does not know it.
        error => no_worker(error.to_string()),
    })
}

fn unsent(status: Status) -> ApiError {
    match status.code() {
        Code::Unimplemented => ApiError::Unavailable {
            dependency: "a Temporal server that knows standalone activities",
            source: status.into(),
        },
        _ => failed(status),
    }
}

fn no_worker(source: impl Into<BoxError>) -> ApiError {
    ApiError::Unavailable {
        dependency: "a worker that sends the message",
        source: source.into(),
    }
}
