//! What comes in as text stays text, and costs no more than it should.

use std::time::Duration;

use harness::raw::Raw;
use harness::{Stack, experiments, temporal};
use reqwest::Method;
use serde_json::json;

use crate::SOON;

async fn api() -> Stack {
    let mut stack = Stack::prepare(temporal::shared().await).await;
    stack.start_api().await;
    stack
}

#[tokio::test]
async fn no_id_and_no_name_becomes_a_header() {
    let stack = api().await;
    for path in [
        "/v1/experiments/a%0d%0aset-cookie:%20x=1",
        "/v1/experiments/a%0d%0a%0d%0a<script>",
        "/v1/workflows/a%0aset-cookie:%20x=1/history",
        "/v1/datasets/a%0d%0aset-cookie:%20x=1",
    ] {
        let answer = stack.api().get(path).await;
        assert_eq!(answer.status, 404, "{path}: {}", answer.text);
        assert_eq!(answer.header("set-cookie"), "", "{path}");
    }
    let mut named = experiments::valid();
    named["experiment_id"] = json!("a\r\nset-cookie: x=1");
    assert_eq!(
        stack.api().post("/v1/experiments", &named).await.pointers(),
        ["/experiment_id"]
    );
    let upload = json!({"name": "a\r\nset-cookie: x=1", "format": "jsonl", "bytes": 1, "sha256": "0".repeat(64)});
    assert_eq!(
        stack.api().post("/v1/datasets", &upload).await.pointers(),
        ["/name"]
    );
    // A header that is folded, or that a byte of control is in, is no header.
    for header in [
        "x-request-id: a\u{1}b",
        "idempotency-key: a\r\n b",
        "x y: z",
    ] {
        let mut raw = Raw::connect(stack.api().base()).await;
        raw.send(format!(
            "GET /healthz HTTP/1.1\r\nhost: a\r\n{header}\r\n\r\n"
        ))
        .await;
        let heard = raw.to_end().await;
        assert!(heard.starts_with("HTTP/1.1 400 "), "{header:?}: {heard}");
    }
}

#[tokio::test]
async fn one_request_is_not_smuggled_in_another() {
    let stack = api().await;
    for headers in [
        "content-length: 5\r\ncontent-length: 6",
        "content-length: 5\r\ntransfer-encoding: chunked",
        "transfer-encoding: chunked, identity",
        "content-length: +5",
    ] {
        let mut raw = Raw::connect(stack.api().base()).await;
        raw.send(format!(
            "POST /v1/experiments HTTP/1.1\r\nhost: a\r\n{headers}\r\n\r\n0\r\n\r\nGET /healthz HTTP/1.1\r\nhost: a\r\n\r\n"
        ))
        .await;
        let heard = raw.to_end().await;
        assert!(heard.starts_with("HTTP/1.1 4"), "{headers}: {heard}");
        assert_eq!(heard.matches("HTTP/1.1 ").count(), 1, "{headers}: {heard}");
    }
}

#[tokio::test]
async fn no_id_and_no_name_leads_to_another_place() {
    let stack = api().await;
    std::fs::write(stack.folder().join("secret"), "secret").unwrap();
    for id in [
        "..%2f..%2fsecret",
        "%2e%2e",
        "..",
        ".",
        "a%2f..%2fb",
        "%5c..%5csecret",
    ] {
        for path in [
            format!("/v1/experiments/{id}"),
            format!("/v1/experiments/{id}/results"),
            format!("/v1/experiments/{id}/summary"),
            format!("/v1/datasets/{id}"),
            format!("/v1/datasets/{id}/versions/{id}"),
        ] {
            // As it is: a client would shorten it.
            let mut raw = Raw::connect(stack.api().base()).await;
            raw.send(format!(
                "GET {path} HTTP/1.1\r\nhost: a\r\nconnection: close\r\n\r\n"
            ))
            .await;
            let heard = raw.to_end().await;
            assert!(heard.starts_with("HTTP/1.1 404 "), "{path}: {heard}");
        }
    }
    for name in ["../up", "/etc/passwd", "a/../../b", "..", "a\u{0}"] {
        let upload = json!({"name": name, "format": "jsonl", "bytes": 1, "sha256": "0".repeat(64)});
        let answer = stack.api().post("/v1/datasets", &upload).await;
        assert_eq!(answer.pointers(), ["/name"], "{name}");
        let mut body = experiments::valid();
        body["config"]["dataset"] = json!({"type": "jsonl", "path": name});
        let answer = stack.api().post("/v1/experiments", &body).await;
        assert_eq!(answer.pointers(), ["/config/dataset/path"], "{name}");
    }
}

#[tokio::test]
async fn numbers_beyond_all_bounds_are_faults() {
    let stack = api().await;
    let valid = experiments::asked(experiments::inline(experiments::echo_items(1)));
    for number in [
        "1e999",
        "-1e999",
        &"9".repeat(400),
        "1e-999999999",
        "18446744073709551616",
    ] {
        for (place, more) in [
            ("execution", format!("{{\"concurrency_limit\": {number}}}")),
            ("retry", format!("{{\"maximum_attempts\": {number}}}")),
        ] {
            let mut body = valid.clone();
            body["config"][place] = json!("here");
            let body = body.to_string().replace("\"here\"", &more);
            let request = stack.api().request(Method::POST, "/v1/experiments");
            let request = request.header("content-type", "application/json");
            let answer = stack.api().send(request.body(body)).await;
            assert!(
                [400, 422].contains(&answer.status),
                "{more}: {}",
                answer.text
            );
            answer.problem();
        }
    }
    for path in [
        format!("/v1/experiments?page_size={}", "9".repeat(400)),
        "/v1/experiments/e?wait=99999999999999999999h".to_owned(),
    ] {
        let answer = stack.api().get(&path).await;
        assert!(answer.status < 500, "{path}: {}", answer.text);
    }
}

#[tokio::test]
async fn patterns_and_templates_that_would_never_end_do() {
    let mut stack = api().await;
    stack.start_worker();
    let text = format!("{}!", "a".repeat(50_000));
    let items = json!([{"id": "1", "input": {"prompt": "?"}, "expected": "x", "output": text}]);
    let scorers = json!([
        {"type": "regex", "name": "nested", "pattern": "^(a+)+$"},
        {"type": "regex", "name": "either", "pattern": "^(a|aa)+$"},
    ]);
    let id = stack
        .api()
        .create(&experiments::recorded(items, scorers))
        .await;
    stack.api().completed(&id, SOON).await;
    let results = stack.api().results(&id, "").await;
    assert_eq!(results[0]["result"]["state"], "ok", "{results:?}");

    let mut body = experiments::valid();
    body["config"]["scorers"] = json!([{"type": "regex", "pattern": "((a{1000}){1000}){1000}"}]);
    let answer = stack.api().post("/v1/experiments", &body).await;
    assert_eq!(answer.pointers(), ["/config/scorers/0/pattern"]);

    let mut body = experiments::asked(experiments::inline(experiments::echo_items(1)));
    body["config"]["adapter"]["prompt"] =
        json!("{% for a in range(100000) %}{% for b in range(100000) %}x{% endfor %}{% endfor %}");
    let answer = stack.api().post("/v1/experiments", &body).await;
    match answer.status {
        201 => {
            let id = answer.json()["id"].as_str().unwrap().to_owned();
            stack.api().ended(&id, SOON).await;
            let results = stack.api().results(&id, "").await;
            assert_eq!(
                results[0]["result"]["state"], "generation_failed",
                "{results:?}"
            );
        }
        status => assert_eq!(status, 422, "{}", answer.text),
    }
    assert!(answer.took < Duration::from_secs(5), "{:?}", answer.took);
}
