//! Whatever is wrong with a request is said in a problem document, at its place, and starts nothing.

use harness::{Answer, Stack, experiments, malformed, temporal};
use reqwest::Method;
use reqwest::header::CONTENT_TYPE;
use serde_json::{Value, json};

use crate::SOON;

async fn post_text(stack: &Stack, content_type: &str, body: impl Into<String>) -> Answer {
    let request = stack.api().request(Method::POST, "/v1/experiments");
    let request = request.header(CONTENT_TYPE, content_type).body(body.into());
    stack.api().send(request).await
}

#[tokio::test]
async fn a_body_that_cannot_be_read_is_refused() {
    let stack = Stack::start().await;
    let valid = experiments::valid().to_string();
    let huge = format!("{{\"experiment_name\": \"{}\"}}", "x".repeat(64 << 20));
    let deep = "[".repeat(100_000);
    let cases = [
        ("application/json", "{oops".to_owned(), 400, "malformed"),
        ("application/json", String::new(), 400, "malformed"),
        (
            "application/json",
            valid[..valid.len() / 2].to_owned(),
            400,
            "malformed",
        ),
        (
            "application/json",
            format!("{valid} and more"),
            400,
            "malformed",
        ),
        ("application/json", deep, 400, "malformed"),
        (
            "application/json",
            "\"\\ud800\"".to_owned(),
            400,
            "malformed",
        ),
        ("application/json", huge, 413, "too_large"),
        ("text/plain", valid.clone(), 415, "unsupported_media_type"),
        (
            "application/x-www-form-urlencoded",
            "a=b".to_owned(),
            415,
            "unsupported_media_type",
        ),
        (
            "application/yaml",
            "experiment_name: a".to_owned(),
            415,
            "unsupported_media_type",
        ),
    ];
    for (content_type, body, status, code) in cases {
        let shown: String = body.chars().take(60).collect();
        let answer = post_text(&stack, content_type, body).await;
        assert_eq!(
            answer.status, status,
            "{content_type} {shown}: {}",
            answer.text
        );
        assert_eq!(answer.problem()["code"], code, "{content_type} {shown}");
    }
    let request = stack
        .api()
        .request(Method::POST, "/v1/experiments")
        .body(valid);
    let untyped = stack.api().send(request).await;
    assert_eq!(untyped.status, 415, "{}", untyped.text);
}

/// A change of a valid request, and where its fault is.
fn faults() -> Vec<(&'static str, Value, &'static str)> {
    let long = |length: usize| json!("x".repeat(length));
    vec![
        ("/experiment_name", json!(5), "/experiment_name"),
        ("/experiment_name", json!(null), "/experiment_name"),
        ("/experiment_name", json!(" "), "/experiment_name"),
        ("/experiment_name", long(201), "/experiment_name"),
        ("/experiment_id", json!("a/b"), "/experiment_id"),
        ("/experiment_id", json!(".."), "/experiment_id"),
        ("/experiment_id", json!("a~0"), "/experiment_id"),
        ("/experiment_id", long(101), "/experiment_id"),
        ("/config", json!([]), "/config"),
        ("/config/unknown", json!(1), "/config/unknown"),
        ("/config/dataset/type", json!("xml"), "/config/dataset/type"),
        (
            "/config/dataset",
            json!({"type": "jsonl", "path": "../x.jsonl"}),
            "/config/dataset/path",
        ),
        (
            "/config/dataset",
            json!({"type": "jsonl", "path": "/etc/passwd"}),
            "/config/dataset/path",
        ),
        (
            "/config/dataset",
            json!({"type": "csv", "path": "a/../../b.csv"}),
            "/config/dataset/path",
        ),
        (
            "/config/dataset",
            json!({"type": "csv", "path": "a\\b.csv"}),
            "/config/dataset/path",
        ),
        (
            "/config/dataset",
            json!({"type": "csv", "path": ""}),
            "/config/dataset/path",
        ),
        (
            "/config/dataset",
            json!({"type": "csv", "path": "a.csv", "limit": 0}),
            "/config/dataset/limit",
        ),
        (
            "/config/dataset",
            json!({"type": "jsonl"}),
            "/config/dataset",
        ),
        (
            "/config/dataset",
            json!({"type": "jsonl", "path": "a", "url": "https://example.com/a"}),
            "/config/dataset/url",
        ),
        (
            "/config/dataset",
            json!({"type": "csv", "url": "ftp://example.com/a.csv"}),
            "/config/dataset/url",
        ),
        (
            "/config/dataset",
            json!({"type": "csv", "url": "https://me:secret@example.com/a.csv"}),
            "/config/dataset/url",
        ),
        (
            "/config/dataset",
            json!({"type": "parquet", "path": "a.parquet.gz"}),
            "/config/dataset/path",
        ),
        (
            "/config/dataset",
            json!({"type": "csv", "path": "a.csv", "sample": {"size": 0}}),
            "/config/dataset/sample/size",
        ),
        (
            "/config/dataset",
            json!({"type": "csv", "path": "a.csv", "sample": {"size": 1, "seed": -1}}),
            "/config/dataset/sample/seed",
        ),
        (
            "/config/dataset",
            json!({"type": "index_csv", "path": "../index.csv"}),
            "/config/dataset/path",
        ),
        (
            "/config/dataset",
            json!({"type": "index_csv", "path": "index.csv", "filters": {"entity": "a"}}),
            "/config/dataset/filters/entity",
        ),
        (
            "/config/dataset",
            json!({"type": "index_csv", "path": "index.csv", "actual_suffix": "../a"}),
            "/config/dataset/actual_suffix",
        ),
        (
            "/config/dataset/items/1/id",
            json!("1"),
            "/config/dataset/items/1/id",
        ),
        (
            "/config/dataset/items/0/id",
            json!(1),
            "/config/dataset/items/0/id",
        ),
        (
            "/config/dataset/items/0/id",
            long(257),
            "/config/dataset/items/0/id",
        ),
        (
            "/config/dataset/items/0/input",
            json!("text"),
            "/config/dataset/items/0/input",
        ),
        (
            "/config/dataset/items/0/inputs",
            json!({}),
            "/config/dataset/items/0/inputs",
        ),
        (
            "/config/dataset/items/0/tags",
            json!("tag"),
            "/config/dataset/items/0/tags",
        ),
        ("/config/dataset/items", json!([]), "/config/dataset/items"),
        (
            "/config/adapter/type",
            json!("telepathy"),
            "/config/adapter/type",
        ),
        (
            "/config/adapter/provider",
            json!(""),
            "/config/adapter/provider",
        ),
        (
            "/config/adapter/api_key",
            json!("sk-1"),
            "/config/adapter/api_key",
        ),
        (
            "/config/adapter/prompt",
            json!("{{ prompt"),
            "/config/adapter/prompt",
        ),
        (
            "/config/adapter/prompt",
            json!("{{ nothing_like_it }}"),
            "/config/adapter/prompt",
        ),
        (
            "/config/adapter/system",
            json!("{% if %}"),
            "/config/adapter/system",
        ),
        (
            "/config/adapter/temperature",
            json!(2.1),
            "/config/adapter/temperature",
        ),
        (
            "/config/adapter/temperature",
            json!("hot"),
            "/config/adapter/temperature",
        ),
        (
            "/config/adapter/max_tokens",
            json!(0),
            "/config/adapter/max_tokens",
        ),
        (
            "/config/adapter/max_tokens",
            json!(1.5),
            "/config/adapter/max_tokens",
        ),
        (
            "/config/adapter/max_tokens",
            json!(5_000_000_000_u64),
            "/config/adapter/max_tokens",
        ),
        ("/config/adapter/seed", json!(-1), "/config/adapter/seed"),
        ("/config/adapter/stop", json!("END"), "/config/adapter/stop"),
        (
            "/config/adapter/response_format",
            json!({"type": "xml"}),
            "/config/adapter/response_format/type",
        ),
        (
            "/config/adapter/response_format",
            json!({"type": "json_schema", "name": "a b", "schema": {}}),
            "/config/adapter/response_format/name",
        ),
        (
            "/config/adapter/response_format",
            json!({"type": "json_schema", "name": "a", "schema": {"type": "strin"}}),
            "/config/adapter/response_format/schema",
        ),
        (
            "/config/adapter/tools",
            json!([{"name": "f", "parameters": {"type": "objekt"}}]),
            "/config/adapter/tools/0/parameters",
        ),
        (
            "/config/adapter/tool_choice",
            json!("f"),
            "/config/adapter/tool_choice",
        ),
        (
            "/config/adapter",
            json!({"type": "chat", "provider": "p", "timeout": "0s"}),
            "/config/adapter/timeout",
        ),
        (
            "/config/adapter",
            json!({"type": "http", "provider": "p", "response": {"answer": "answer"}}),
            "/config/adapter/response/answer",
        ),
        (
            "/config/adapter",
            json!({"type": "http", "provider": "p", "request": {"path": "../x"}, "response": {"answer": "$"}}),
            "/config/adapter/request/path",
        ),
        (
            "/config/adapter",
            json!({"type": "http", "provider": "p", "request": {"headers": {"Authorization": "x"}}, "response": {"answer": "$"}}),
            "/config/adapter/request/headers/Authorization",
        ),
        (
            "/config/adapter",
            json!({"type": "http", "provider": "p", "request": {"body": {"q": ["{{ oops"]}}, "response": {"answer": "$"}}),
            "/config/adapter/request/body/q/0",
        ),
        (
            "/config/adapter",
            json!({"type": "sse", "provider": "p", "events": {"text": {"path": "$"}, "complete": []}}),
            "/config/adapter/events/complete",
        ),
        (
            "/config/adapter",
            json!({"type": "sse", "provider": "p", "events": {"complete": [{"event": "end"}]}}),
            "/config/adapter/events",
        ),
        (
            "/config/adapter",
            json!({"type": "embeddings", "provider": "p", "text": "{{ oops"}),
            "/config/adapter/text",
        ),
        ("/config/models", json!([]), "/config/models"),
        ("/config/models/1/name", json!("a"), "/config/models/1/name"),
        ("/config/models/0/name", json!(""), "/config/models/0/name"),
        (
            "/config/models/0/adapter",
            json!({"type": "recorded", "path": "/x"}),
            "/config/models/0/adapter/path",
        ),
        ("/config/scorers", json!([]), "/config/scorers"),
        (
            "/config/scorers/0",
            json!({"type": "vibes"}),
            "/config/scorers/0/type",
        ),
        ("/config/scorers/0", json!({}), "/config/scorers/0"),
        (
            "/config/scorers/2/pattern",
            json!("("),
            "/config/scorers/2/pattern",
        ),
        (
            "/config/scorers/2/pattern",
            json!("(\\w{1000}){1000}"),
            "/config/scorers/2/pattern",
        ),
        (
            "/config/scorers/3/extract",
            json!("middle"),
            "/config/scorers/3/extract",
        ),
        (
            "/config/scorers/3/relative_tolerance",
            json!(-0.1),
            "/config/scorers/3/relative_tolerance",
        ),
        (
            "/config/scorers/4/schema",
            json!({"type": "strin"}),
            "/config/scorers/4/schema",
        ),
        (
            "/config/scorers/4/schema",
            json!({"$ref": "https://example.com/s"}),
            "/config/scorers/4/schema",
        ),
        (
            "/config/scorers/4",
            json!({"type": "exact_match", "name": "exact"}),
            "/config/scorers/4",
        ),
        (
            "/config/scorers/4/schema",
            json!({"not": {"$ref": "#"}}),
            "/config/scorers/4/schema",
        ),
        (
            "/config/scorers/0",
            json!({"type": "rouge", "variant": "rouge3"}),
            "/config/scorers/0/variant",
        ),
        (
            "/config/scorers/0",
            json!({"type": "http", "provider": "p", "path": "../x"}),
            "/config/scorers/0/path",
        ),
        (
            "/config/scorers/0",
            json!({"type": "http", "path": "score"}),
            "/config/scorers/0",
        ),
        (
            "/config/scorers/0",
            json!({"type": "tool_calls", "measure": "whatever"}),
            "/config/scorers/0/measure",
        ),
        (
            "/config/scorers/0",
            json!({"type": "tool_calls", "pass_threshold": 1.5}),
            "/config/scorers/0/pass_threshold",
        ),
        (
            "/config/scorers/0",
            json!({"type": "json_diff", "weights": {"/a": 0}}),
            "/config/scorers/0/weights/~1a",
        ),
        (
            "/config/scorers/0",
            json!({"type": "json_path", "assertions": [{"path": "a"}]}),
            "/config/scorers/0/assertions/0/path",
        ),
        (
            "/config/scorers/0",
            json!({"type": "latency", "pass_threshold": 0.5}),
            "/config/scorers/0/pass_threshold",
        ),
        (
            "/config/scorers/0",
            json!({"type": "composite", "scorers": [{"scorer": {"type": "token_usage"}}]}),
            "/config/scorers/0/scorers/0/scorer",
        ),
        (
            "/config/scorers/0",
            json!({"type": "llm_judge", "rubric": "r", "adapter": {"type": "openai", "provider": "p"}}),
            "/config/scorers/0/adapter/model",
        ),
        (
            "/config/scorers/0",
            json!({"type": "llm_judge", "rubric": "r", "adapter": {"type": "openai", "provider": "p", "model": 1}}),
            "/config/scorers/0/adapter/model",
        ),
        (
            "/config/sinks/0",
            json!({"type": "carrier_pigeon"}),
            "/config/sinks/0/type",
        ),
        (
            "/config/sinks/1",
            json!({"type": "jsonl"}),
            "/config/sinks/1",
        ),
        (
            "/config/sinks/0",
            json!({"type": "junit", "rules": ["mean(nobody) >= 0.5"]}),
            "/config/sinks/0/rules/0",
        ),
        (
            "/config/sinks/0",
            json!({"type": "junit", "rules": ["margin(exact_match) >= 0"]}),
            "/config/sinks/0/rules/0",
        ),
        (
            "/config/sinks/0",
            json!({"type": "junit", "rules_only": true}),
            "/config/sinks/0/rules_only",
        ),
        (
            "/config/sinks/0",
            json!({"type": "html", "worst_items": 51}),
            "/config/sinks/0/worst_items",
        ),
        (
            "/config/execution/concurrency_limit",
            json!(0),
            "/config/execution/concurrency_limit",
        ),
        (
            "/config/execution/concurrency_limit",
            json!(10_001),
            "/config/execution/concurrency_limit",
        ),
        (
            "/config/execution/samples",
            json!(101),
            "/config/execution/samples",
        ),
        (
            "/config/execution/call_timeout",
            json!("0s"),
            "/config/execution/call_timeout",
        ),
        (
            "/config/execution/call_timeout",
            json!(30),
            "/config/execution/call_timeout",
        ),
        (
            "/config/execution/max_parallel_models",
            json!(0),
            "/config/execution/max_parallel_models",
        ),
        (
            "/config/retry/maximum_attempts",
            json!(0),
            "/config/retry/maximum_attempts",
        ),
        (
            "/config/retry/maximum_attempts",
            json!(101),
            "/config/retry/maximum_attempts",
        ),
        (
            "/config/retry/initial_interval",
            json!("2m"),
            "/config/retry/maximum_interval",
        ),
        (
            "/config/retry/initial_interval",
            json!("a while"),
            "/config/retry/initial_interval",
        ),
        (
            "/config/retry/backoff_coefficient",
            json!(0.9),
            "/config/retry/backoff_coefficient",
        ),
        (
            "/config/retry/maximum_interval",
            json!("1000h"),
            "/config/retry/maximum_interval",
        ),
    ]
}

/// Sets a place that may not be there yet.
fn put(body: &mut Value, pointer: &str, value: Value) {
    if let Some(place) = body.pointer_mut(pointer) {
        *place = value;
        return;
    }
    let (owner, key) = pointer.rsplit_once('/').unwrap();
    body.pointer_mut(owner).unwrap()[key] = value;
}

#[tokio::test]
async fn every_fault_is_named_at_its_place() {
    let stack = Stack::start().await;
    for (place, value, pointer) in faults() {
        let mut body = malformed::full();
        put(&mut body, place, value.clone());
        let shown: String = value.to_string().chars().take(80).collect();
        let answer = stack.api().post("/v1/experiments", &body).await;
        assert_eq!(answer.status, 422, "{place} = {shown}: {}", answer.text);
        assert_eq!(answer.problem()["code"], "invalid");
        let pointers = answer.pointers();
        assert!(
            pointers.iter().any(|named| named == pointer),
            "{place} = {shown}: {pointers:?}"
        );
        assert!(
            !answer.text.contains("src/"),
            "an internal message: {}",
            answer.text
        );
    }
    // The request itself is good.
    let path = "/v1/experiments?validate_only=true";
    let good = stack.api().post(path, &malformed::full()).await;
    assert_eq!(good.status, 200, "{}", good.text);
    let temporal = temporal::shared().await;
    assert_eq!(temporal.workflows_on(&stack.task_queue).await, 0);
}

#[tokio::test]
async fn all_faults_are_named_at_once() {
    let stack = Stack::start().await;
    let mut body = malformed::full();
    body["config"]["scorers"][2]["pattern"] = json!("(");
    body["config"]["adapter"]["prompt"] = json!("{{ oops");
    body["config"]["models"][1]["name"] = json!("a");
    let answer = stack.api().post("/v1/experiments", &body).await;
    let mut pointers = answer.pointers();
    pointers.sort();
    assert_eq!(
        pointers,
        [
            "/config/adapter/prompt",
            "/config/models/1/name",
            "/config/scorers/2/pattern"
        ]
    );
}

#[tokio::test]
async fn what_is_not_there_or_cannot_be_done_is_a_problem_too() {
    let stack = Stack::start().await;
    let id = stack.api().create(&experiments::valid()).await;
    stack.api().completed(&id, SOON).await;
    let results = format!("/v1/experiments/{id}/results");
    let cases = [
        (Method::GET, "/nowhere".to_owned(), 404, "not_found"),
        (Method::GET, "/v1".to_owned(), 404, "not_found"),
        (Method::GET, "/v2/experiments".to_owned(), 404, "not_found"),
        (
            Method::GET,
            "/v1/experiments/%2e%2e%2fetc".to_owned(),
            404,
            "not_found",
        ),
        (
            Method::GET,
            "/v1/experiments/%ff".to_owned(),
            404,
            "not_found",
        ),
        (
            Method::GET,
            "/v1/experiments/a%00b".to_owned(),
            404,
            "not_found",
        ),
        (
            Method::GET,
            format!("/v1/experiments/{}", "x".repeat(500)),
            404,
            "not_found",
        ),
        (
            Method::GET,
            "/v1/workflows/%20".to_owned(),
            404,
            "not_found",
        ),
        (
            Method::DELETE,
            "/v1/experiments".to_owned(),
            405,
            "method_not_allowed",
        ),
        (
            Method::PUT,
            format!("/v1/experiments/{id}"),
            405,
            "method_not_allowed",
        ),
        (
            Method::GET,
            format!("/v1/experiments/{id}/cancel"),
            405,
            "method_not_allowed",
        ),
        (Method::POST, results.clone(), 405, "method_not_allowed"),
        (
            Method::GET,
            format!("{results}?page_token=nonsense"),
            400,
            "bad_page_token",
        ),
        (
            Method::GET,
            format!("{results}?page_token=e30"),
            400,
            "bad_page_token",
        ),
        (
            Method::GET,
            "/v1/experiments?page_token=nonsense".to_owned(),
            400,
            "bad_page_token",
        ),
        (
            Method::GET,
            format!("/v1/workflows/{id}/history?page_token=x"),
            400,
            "bad_page_token",
        ),
        (
            Method::GET,
            format!("{results}?page_size=0"),
            422,
            "invalid",
        ),
        (
            Method::GET,
            format!("{results}?page_size=many"),
            422,
            "invalid",
        ),
        (
            Method::GET,
            "/v1/experiments?page_size=-1".to_owned(),
            422,
            "invalid",
        ),
        (Method::GET, format!("{results}?state=lost"), 422, "invalid"),
        (Method::GET, format!("{results}?colour=red"), 422, "invalid"),
        (
            Method::GET,
            "/v1/experiments?status=lost".to_owned(),
            422,
            "invalid",
        ),
    ];
    for (method, path, status, code) in cases {
        let request = stack.api().request(method.clone(), &path);
        let answer = stack.api().send(request).await;
        assert_eq!(answer.status, status, "{method} {path}: {}", answer.text);
        assert_eq!(answer.problem()["code"], code, "{method} {path}");
        if status == 405 {
            assert!(
                !answer.header("allow").is_empty(),
                "{method} {path}: no `allow`"
            );
        }
        if code == "invalid" {
            assert!(
                !answer.pointers().is_empty(),
                "{method} {path}: {}",
                answer.text
            );
        }
    }
}

#[tokio::test]
async fn a_page_token_is_good_for_its_own_list_only() {
    let stack = Stack::start().await;
    let items =
        (0..10).map(|i| json!({"id": i.to_string(), "input": {}, "expected": "1", "output": "1"}));
    let body = experiments::recorded(items.collect(), json!([{"type": "exact_match"}]));
    let id = stack.api().create(&body).await;
    stack.api().completed(&id, SOON).await;
    let path = format!("/v1/experiments/{id}/results?page_size=3");
    let page = stack.api().get(&path).await.expect(200);
    let token = page["next_page_token"].as_str().unwrap();
    let other = stack
        .api()
        .get(&format!("{path}&state=ok&page_token={token}"))
        .await;
    assert_eq!(other.status, 400, "{}", other.text);
    assert_eq!(other.problem()["code"], "bad_page_token");
    let another = stack.api().create(&body).await;
    stack.api().completed(&another, SOON).await;
    let path_of_another = format!("/v1/experiments/{another}/results?page_size=3");
    let of_another = stack
        .api()
        .get(&format!("{path_of_another}&page_token={token}"))
        .await;
    assert_eq!(of_another.status, 400, "{}", of_another.text);
    let broken = stack
        .api()
        .get(&format!("{path}&page_token={}", &token[1..]))
        .await;
    assert_eq!(broken.status, 400, "{}", broken.text);
}
