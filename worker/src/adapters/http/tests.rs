//! A service on the wire.

use domain::output::{Answer, CallError, CallErrorKind, TokenUsage};
use serde_json::{Value, json};

use crate::adapters::stub::{KEY, Reply, Stub, ask, item, open};
use crate::providers::Api;

fn config(request: Value) -> Value {
    json!({
        "type": "http",
        "request": request,
        "response": {
            "answer": "$.result.text", "error": "$.error", "finish_reason": "$.why", "model": "$.by",
            "usage": {"input_tokens": "$.tokens[0]", "output_tokens": "$.tokens[1]"},
        },
    })
}

async fn answer(reply: Reply) -> Result<Answer, CallError> {
    ask(Api::Http, config(json!({})), reply).await.0
}

#[tokio::test]
async fn a_request_is_made_of_templates_and_its_answer_found_by_paths() {
    let request = json!({
        "path": "/chat/turns", "query": {"id": "{{ id }} &"}, "headers": {"X-Kind": "a", "X-Team": "other"},
        "body": {"question": "Q: {{ prompt }}", "all": "{{ input }}", "model": "{{ model }}", "stream": false},
    });
    let body = json!({
        "result": {"text": "four"}, "error": null, "why": "end", "by": "m-1", "tokens": [7, 2],
    });
    let (answer, request) = ask(Api::Http, config(request), Reply::json(200, body)).await;
    let request = request.unwrap();
    let head = &request.head;
    assert!(
        head.starts_with("POST /base/v1/chat/turns?api-version=1&id=1+%26 HTTP/1.1\r\n"),
        "{head}"
    );
    assert!(
        request.has_header("authorization", &format!("Bearer {KEY}")),
        "{head}"
    );
    assert!(request.has_header("x-kind", "a"), "{head}");
    // What the provider table says goes before what the experiment says.
    assert!(request.has_header("x-team", "evaluations"), "{head}");
    assert!(!head.contains("other"), "{head}");
    assert!(
        request.has_header("content-type", "application/json"),
        "{head}"
    );
    assert_eq!(
        request.body,
        json!({"question": "Q: 2+2?", "all": {"prompt": "2+2?"}, "model": "m", "stream": false})
    );
    let answer = answer.unwrap();
    assert!(answer.latency_ms.is_some_and(|latency| latency > 0.0));
    let expected = Answer {
        latency_ms: answer.latency_ms,
        usage: TokenUsage::counted(Some(7), Some(2)),
        finish_reason: Some("end".to_owned()),
        model: Some("m-1".to_owned()),
        ..Answer::of(json!("four"))
    };
    assert_eq!(answer, expected);
}

#[tokio::test]
async fn a_get_has_no_body() {
    let request = json!({"method": "GET", "query": {"q": "{{ prompt }}"}});
    let reply = Reply::json(200, json!({"result": {"text": {"n": 4}}}));
    let (answer, request) = ask(Api::Http, config(request), reply).await;
    let head = request.unwrap().head;
    assert!(
        head.starts_with("GET /base/v1?api-version=1&q=2%2B2%3F HTTP/1.1\r\n"),
        "{head}"
    );
    assert!(!head.contains("content-length"), "{head}");
    assert_eq!(answer.unwrap().value, json!({"n": 4}));
}

#[tokio::test]
async fn each_status_is_a_kind_of_failure() {
    use CallErrorKind::{BadRequest, ProviderUnavailable, RateLimited, Refused};
    for (status, kind) in [
        (429, RateLimited),
        (503, ProviderUnavailable),
        (401, Refused),
        (404, Refused),
        (422, BadRequest),
    ] {
        let body = json!({"message": format!("the key {KEY} is bad")});
        let reply = Reply::json(status, body).with_header("Retry-After", "7");
        let error = answer(reply).await.unwrap_err();
        assert_eq!((error.kind, error.status), (kind, Some(status)));
        assert_eq!(error.retry_after_ms, kind.is_retryable().then_some(7000));
        assert_eq!(
            error.message,
            format!("provider `stub` answered {status}: the key [secret] is bad")
        );
    }
}

#[tokio::test]
async fn what_holds_no_answer_is_none() {
    for (reply, said) in [
        (
            Reply::json(200, json!({})),
            "answered nothing at `$.result.text`",
        ),
        (
            Reply::json(200, json!({"result": {"text": null}})),
            "answered nothing at `$.result.text`",
        ),
        (
            Reply::json(200, json!({"result": {"text": "x"}, "error": {"code": 3}})),
            "reports a failure: {\"code\":3}",
        ),
        (
            Reply::text(200, "text/html", "<h1>"),
            "answered what is not JSON",
        ),
        (
            Reply::text(204, "text/plain", ""),
            "answered what is not JSON",
        ),
        (
            Reply::text(200, "application/json", &"x".repeat((16 << 20) + 1)),
            "answered with more than 16 MiB",
        ),
    ] {
        let error = answer(reply).await.unwrap_err();
        assert_eq!(error.kind, CallErrorKind::BadAnswer, "{said}");
        let said = format!("provider `stub` {said}");
        assert!(error.message.starts_with(&said), "{}", error.message);
    }
}

#[tokio::test]
async fn a_broken_connection_and_silence_are_told_apart() {
    let cut = Reply::CutShort {
        content_type: "application/json",
        body: "{".to_owned(),
    };
    assert_eq!(
        answer(cut).await.unwrap_err().kind,
        CallErrorKind::Connection
    );
    let mut config = config(json!({}));
    config["timeout"] = json!("200ms");
    let error = ask(Api::Http, config, Reply::Silence).await.0.unwrap_err();
    assert_eq!(error.kind, CallErrorKind::Timeout);
}

#[tokio::test]
async fn a_key_is_sent_to_no_other_address() {
    let elsewhere = Stub::start(Reply::json(200, json!({}))).await;
    let reply = Reply::json(307, json!({})).with_header("Location", &elsewhere.base_url());
    let error = answer(reply).await.unwrap_err();
    assert_eq!(
        (error.kind, error.status),
        (CallErrorKind::Refused, Some(307))
    );
    assert!(elsewhere.requests().is_empty());
    let stub = Stub::start(Reply::Silence).await;
    // The rules of experiments refuse these already; the worker does not lean on that.
    for path in ["../v2", "x/../../../v2", "%2e%2e/v2"] {
        let error = open(&stub, Api::Http, config(json!({"path": path})), "m").await;
        let error = error.err().unwrap();
        assert_eq!(error.kind, CallErrorKind::Refused, "{path}");
        assert!(error.message.contains("leads out"), "{}", error.message);
    }
}

#[tokio::test]
async fn only_a_provider_of_the_kind_is_asked() {
    let stub = Stub::start(Reply::Silence).await;
    let error = open(&stub, Api::OpenAi, config(json!({})), "m")
        .await
        .err()
        .unwrap();
    assert_eq!(error.kind, CallErrorKind::Refused);
    assert!(
        error.message.ends_with("is `openai`: it speaks `http`"),
        "{}",
        error.message
    );
}

#[tokio::test]
async fn calls_are_equal_only_when_all_that_is_sent_and_read_is() {
    let stub = Stub::start(Reply::Silence).await;
    let key = async |config: Value| {
        let adapter = open(&stub, Api::Http, config, "m").await.unwrap();
        adapter.cache_key(&item(), 0)
    };
    let base = key(config(json!({"body": "{{ prompt }}"}))).await;
    assert_eq!(base, key(config(json!({"body": "{{ prompt }}"}))).await);
    let mut elsewhere = config(json!({"body": "{{ prompt }}"}));
    elsewhere["response"]["answer"] = json!("$.other");
    for other in [
        config(json!({"body": "{{ prompt }}!"})),
        config(json!({"body": "{{ prompt }}", "path": "x"})),
        elsewhere,
    ] {
        assert_ne!(base, key(other.clone()).await, "{other}");
    }
}
