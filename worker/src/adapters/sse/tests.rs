//! A stream on the wire.

use domain::output::{Answer, CallError, CallErrorKind, TokenUsage};
use serde_json::{Value, json};

use crate::adapters::stub::{KEY, Reply, ask};
use crate::providers::Api;

const EVENTS: &str = "text/event-stream; charset=utf-8";

fn config() -> Value {
    json!({
        "type": "sse",
        "request": {"path": "stream", "body": {"q": "{{ prompt }}"}},
        "events": {
            "text": {"event": "delta", "path": "$.text"},
            "complete": [{"event": "done"}, {"data": "[DONE]"}],
            "error": {"event": "error", "path": "$.message"},
            "tool_call": {"event": "tool", "name": "$.name", "arguments": "$.arguments"},
            "usage": {"input_tokens": "$.usage.in", "output_tokens": "$.usage.out"},
        },
    })
}

async fn answer(events: &str) -> Result<Answer, CallError> {
    ask(Api::Http, config(), Reply::text(200, EVENTS, events))
        .await
        .0
}

#[tokio::test]
async fn an_answer_is_put_together_of_events() {
    let events = ": hello\n\nid: 1\n\nevent: delta\ndata: {\"text\":\ndata: \"fo\"}\n\n\
                  event: tool\r\ndata: {\"name\": \"f\", \"arguments\": {\"a\": 1}}\r\n\r\n\
                  event: delta\ndata: {\"text\": \"ur\", \"usage\": {\"in\": 3, \"out\": 2}}\n\nevent: done\n\n";
    let reply = Reply::text(200, EVENTS, events);
    let (answer, request) = ask(Api::Http, config(), reply).await;
    let request = request.unwrap();
    let head = &request.head;
    assert!(
        head.starts_with("POST /base/v1/stream?api-version=1 HTTP/1.1\r\n"),
        "{head}"
    );
    assert!(request.has_header("accept", "text/event-stream"), "{head}");
    assert!(
        request.has_header("authorization", &format!("Bearer {KEY}")),
        "{head}"
    );
    assert_eq!(request.body, json!({"q": "2+2?"}));
    let answer = answer.unwrap();
    assert_eq!(answer.value, json!("four"));
    assert_eq!(answer.tool_calls[0].name, "f");
    assert_eq!(answer.usage, TokenUsage::counted(Some(3), Some(2)));
    let (first, whole) = (answer.first_text_ms.unwrap(), answer.latency_ms.unwrap());
    assert!(0.0 < first && first <= whole, "{first} {whole}");
}

#[tokio::test]
async fn a_stream_is_done_by_its_data_and_what_follows_is_not_read() {
    let events = "event: delta\ndata: {\"text\": \"4\"}\n\ndata: [DONE]\n\nevent: delta\ndata: {\"text\": \"5\"}\n\n";
    assert_eq!(answer(events).await.unwrap().value, json!("4"));
}

#[tokio::test]
async fn a_stream_cut_short_is_a_broken_connection_and_never_an_answer() {
    let piece = "event: delta\ndata: {\"text\": \"fo\"}\n\n";
    // Also when the last event lacks nothing but the empty line after it.
    for events in [
        piece.to_owned(),
        format!("{piece}event: done\n"),
        String::new(),
    ] {
        let error = answer(&events).await.unwrap_err();
        assert_eq!(error.kind, CallErrorKind::Connection);
        assert_eq!(
            error.message,
            "provider `stub` ended its stream before the answer was complete"
        );
        let cut = Reply::CutShort {
            content_type: "text/event-stream",
            body: events,
        };
        let error = ask(Api::Http, config(), cut).await.0.unwrap_err();
        assert_eq!(error.kind, CallErrorKind::Connection, "{}", error.message);
    }
}

#[tokio::test]
async fn a_failure_in_the_midst_of_a_stream_is_told_without_secrets() {
    let events = format!(
        "event: delta\ndata: {{\"text\": \"fo\"}}\n\nevent: error\ndata: {{\"message\": \"{KEY} is bad\"}}\n\n"
    );
    let error = answer(&events).await.unwrap_err();
    assert_eq!(error.kind, CallErrorKind::BadAnswer);
    assert_eq!(
        error.message,
        "provider `stub` reports a failure: [secret] is bad"
    );
}

#[tokio::test]
async fn what_is_no_stream_or_holds_no_answer_is_none() {
    for (reply, said) in [
        (
            Reply::json(200, json!({"text": "four"})),
            "answered with content type `application/json` and no events",
        ),
        (
            Reply::text(200, EVENTS, "event: done\n\n"),
            "completed its stream without an answer",
        ),
        (
            Reply::text(200, EVENTS, &format!("data: {}\n\n", "x".repeat(16 << 20))),
            "answered with more than 16 MiB",
        ),
    ] {
        let error = ask(Api::Http, config(), reply).await.0.unwrap_err();
        assert_eq!(error.kind, CallErrorKind::BadAnswer, "{said}");
        assert_eq!(error.message, format!("provider `stub` {said}"));
    }
    let error = ask(Api::Http, config(), Reply::json(429, json!({})))
        .await
        .0
        .unwrap_err();
    assert_eq!(error.kind, CallErrorKind::RateLimited);
}

#[tokio::test]
async fn the_time_limit_holds_for_the_whole_stream() {
    let mut config = config();
    config["timeout"] = json!("200ms");
    let events = "event: delta\ndata: {\"text\": \"fo\"}\n\n".to_owned();
    let error = ask(Api::Http, config, Reply::Stalls(events))
        .await
        .0
        .unwrap_err();
    assert_eq!(error.kind, CallErrorKind::Timeout);
}
