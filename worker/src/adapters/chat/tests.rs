//! Each protocol on the wire: what is sent, and what is made of the answers.

mod anthropic;
mod gemini;
mod ollama;
mod openai;
mod structured;

use domain::output::{Answer, CallError, CallErrorKind};
use serde_json::{Value, json};

use crate::adapters::stub::{KEY, Reply, Request, Stub, ask, item, open};
use crate::providers::Api;

/// A `chat` adapter with more fields.
fn chat(more: Value) -> Value {
    let mut config = json!({"type": "chat"});
    config
        .as_object_mut()
        .unwrap()
        .extend(more.as_object().unwrap().clone());
    config
}

/// What is sent and answered without further fields.
async fn plain(api: Api, reply: Reply) -> (Result<Answer, CallError>, Request) {
    let (answer, request) = ask(api, chat(json!({})), reply).await;
    (answer, request.unwrap())
}

/// The failures that every protocol reports in the same way, but for the body.
async fn fails_as_all_do(api: Api, error: Value) {
    for (status, kind) in [
        (429, CallErrorKind::RateLimited),
        (503, CallErrorKind::ProviderUnavailable),
        (529, CallErrorKind::ProviderUnavailable),
        (401, CallErrorKind::Refused),
        (404, CallErrorKind::Refused),
        (400, CallErrorKind::BadRequest),
    ] {
        let reply = Reply::json(status, error.clone()).with_header("Retry-After", "7");
        let error = plain(api, reply).await.0.unwrap_err();
        assert_eq!((error.kind, error.status), (kind, Some(status)));
        let waits = kind.is_retryable().then_some(7000);
        assert_eq!(error.retry_after_ms, waits, "{status}");
        assert_eq!(
            error.message,
            format!("provider `stub` answered {status}: the key [secret] is bad")
        );
    }
    for reply in [
        Reply::text(200, "application/json", "{\"a\": ["),
        Reply::text(200, "text/html", "<h1>Hello</h1>"),
        Reply::json(200, json!({"odd": true})),
    ] {
        let error = plain(api, reply).await.0.unwrap_err();
        assert_eq!(error.kind, CallErrorKind::BadAnswer, "{}", error.message);
        assert!(
            error.message.starts_with("provider `stub` "),
            "{}",
            error.message
        );
    }
}

/// A field that a protocol has no words for ends the run with a reason.
async fn refuses(api: Api, more: Value, what: &str) {
    let stub = Stub::start(Reply::Silence).await;
    let error = open(&stub, api, chat(more), "m").await.err().unwrap();
    assert_eq!(error.kind, CallErrorKind::Refused);
    assert!(error.message.contains(what), "{}", error.message);
}
