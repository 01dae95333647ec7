//! TestWebhook: a message that only says that it is a test, sent once, to learn what the receiver makes of it.

use std::time::{Duration, Instant};

use jiff::Timestamp;
use serde_json::json;
use workflows::activities::{WebhookTest, WebhookTested};

use crate::receivers::{self, Error, Receivers};

/// Whoever asks for the test waits for it.
const ANSWER_TIMEOUT: Duration = Duration::from_secs(5);

pub(crate) async fn test_webhook(receivers: &Receivers, test: &WebhookTest) -> WebhookTested {
    let began = Instant::now();
    let (status, error) = match send(receivers, test).await {
        Ok(status) => (Some(status), None),
        Err(error) => (status_of(&error), Some(error.to_string())),
    };
    WebhookTested {
        status,
        duration_ms: u64::try_from(began.elapsed().as_millis()).unwrap_or(u64::MAX),
        error,
    }
}

async fn send(receivers: &Receivers, test: &WebhookTest) -> Result<u16, Error> {
    let webhook = receivers.webhooks.get(&test.webhook)?;
    let body = json!({
        "type": "webhook.test",
        "timestamp": Timestamp::now(),
        "data": {"webhook": test.webhook},
    });
    let message = webhook.message(&receivers.http, &test.message_id, body.to_string())?;
    let answer = receivers::send(message.timeout(ANSWER_TIMEOUT)).await?;
    Ok(answer.status().as_u16())
}

fn status_of(error: &Error) -> Option<u16> {
    match error {
        Error::Refused { status, .. } => Some(status.as_u16()),
        Error::NotSetUp(_) | Error::NoAnswer(_) => None,
    }
}
