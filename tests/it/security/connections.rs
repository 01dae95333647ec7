//! Clients that hold on to connections, or say more than they may, harm nobody but themselves.

use std::time::Duration;

use harness::raw::Raw;
use harness::{Stack, experiments, temporal};
use serde_json::Value;

const SHORT: &str = "300ms";

async fn stack(settings: &[(&str, &str)]) -> Stack {
    let mut stack = Stack::prepare(temporal::shared().await).await;
    for (name, value) in settings {
        stack.set(name, value);
    }
    stack.start_api().await;
    stack
}

#[tokio::test]
async fn headers_that_never_end_close_the_connection() {
    let stack = stack(&[("STALL_TIMEOUT", SHORT)]).await;
    for begun in [
        "",
        "GET /v1/experi",
        "GET /healthz HTTP/1.1\r\nhost: a\r\nx: ",
    ] {
        let mut raw = Raw::connect(stack.api().base()).await;
        raw.send(begun).await;
        assert_eq!(raw.to_end().await, "", "{begun}");
    }
    // The next request on a connection is no different, though the wait for it may be long.
    let mut raw = Raw::connect(stack.api().base()).await;
    raw.send("GET /healthz HTTP/1.1\r\nhost: a\r\n\r\n").await;
    raw.until("{\"status\":\"ok\"}").await;
    raw.send("GET /healthz HTTP/1.1\r\n").await;
    let heard = raw.to_end().await;
    assert_eq!(heard.matches("HTTP/1.1 ").count(), 1, "{heard}");
}

#[tokio::test]
async fn a_body_that_never_ends_is_refused() {
    let stack = stack(&[("STALL_TIMEOUT", SHORT)]).await;
    for length in ["content-length: 100", "transfer-encoding: chunked"] {
        let mut raw = Raw::connect(stack.api().base()).await;
        let head = format!(
            "POST /v1/experiments HTTP/1.1\r\nhost: a\r\ncontent-type: application/json\r\n{length}\r\n\r\n"
        );
        raw.send(head).await;
        let heard = raw.to_end().await;
        assert!(heard.starts_with("HTTP/1.1 408 "), "{length}: {heard}");
        assert!(heard.contains("\"code\":\"stalled\""), "{length}: {heard}");
    }
}

#[tokio::test]
async fn headers_that_are_too_many_or_too_large_are_refused() {
    let stack = stack(&[]).await;
    let large = format!("x: {}\r\n", "y".repeat(40_000));
    let many = "x: y\r\n".repeat(200);
    for (headers, status) in [(large, 431), (many, 431)] {
        let mut raw = Raw::connect(stack.api().base()).await;
        raw.send(format!("GET /healthz HTTP/1.1\r\nhost: a\r\n{headers}\r\n"))
            .await;
        let heard = raw.to_end().await;
        assert!(heard.starts_with(&format!("HTTP/1.1 {status} ")), "{heard}");
        is_problem(&heard, "headers_too_large");
    }
    let mut raw = Raw::connect(stack.api().base()).await;
    raw.send(format!(
        "GET /{} HTTP/1.1\r\nhost: a\r\n\r\n",
        "y".repeat(70_000)
    ))
    .await;
    let heard = raw.to_end().await;
    assert!(heard.starts_with("HTTP/1.1 4"), "{heard}");
    is_problem(&heard, "headers_too_large");
}

/// An answer to what is no request is a problem document like any other.
fn is_problem(heard: &str, code: &str) {
    let (head, body) = heard.split_once("\r\n\r\n").unwrap();
    assert!(head.contains("application/problem+json"), "{heard}");
    let problem: Value = serde_json::from_str(body).unwrap();
    assert_eq!(problem["code"], code, "{heard}");
    assert!(
        head.contains(problem["request_id"].as_str().unwrap()),
        "{heard}"
    );
}

#[tokio::test]
async fn what_is_no_request_is_told_so() {
    let stack = stack(&[]).await;
    for sent in ["nonsense\r\n\r\n", "GET / HTTP/1.1\r\na b: c\r\n\r\n"] {
        let mut raw = Raw::connect(stack.api().base()).await;
        // The connection is as good as new after an answer.
        raw.send("GET /healthz HTTP/1.1\r\nhost: a\r\n\r\n").await;
        raw.until("200 OK").await;
        raw.send(sent).await;
        let heard = raw.to_end().await;
        let refused = heard.find("HTTP/1.1 400 ").map(|start| &heard[start..]);
        is_problem(refused.unwrap_or_else(|| panic!("{heard}")), "malformed");
    }
}

/// A connection on which an experiment that does not end is watched.
async fn watch(stack: &Stack, id: &str) -> Raw {
    let mut raw = Raw::connect(stack.api().base()).await;
    raw.send(format!(
        "GET /v1/experiments/{id}/events HTTP/1.1\r\nhost: a\r\n\r\n"
    ))
    .await;
    raw.until("event: experiment").await;
    raw
}

#[tokio::test]
async fn watchers_keep_nobody_else_out() {
    let stack = stack(&[("MAX_WATCHERS", "2"), ("MAX_REQUESTS", "1")]).await;
    // Without a worker it goes on for ever.
    let id = stack.api().create(&experiments::valid()).await;
    let _watchers = (watch(&stack, &id).await, watch(&stack, &id).await);
    for path in [
        format!("/v1/experiments/{id}/events"),
        format!("/v1/experiments/{id}?wait=1s"),
    ] {
        let refused = stack.api().get(&path).await;
        assert_eq!(refused.status, 503, "{}", refused.text);
        assert_eq!(refused.problem()["code"], "busy");
        assert_eq!(refused.header("retry-after"), "1");
    }
    stack.api().experiment(&id).await;
    stack.api().create(&experiments::valid()).await;
}

#[tokio::test]
async fn connections_beyond_the_limit_wait_for_a_place() {
    // One for the client of the harness, and one more.
    let stack = stack(&[("MAX_CONNECTIONS", "2")]).await;
    let id = stack.api().create(&experiments::valid()).await;
    let watcher = watch(&stack, &id).await;
    let mut third = Raw::connect(stack.api().base()).await;
    third.send("GET /healthz HTTP/1.1\r\nhost: a\r\n\r\n").await;
    assert!(!third.hears_within(Duration::from_millis(300)).await);
    drop(watcher);
    third.until("HTTP/1.1 200 ").await;
}
