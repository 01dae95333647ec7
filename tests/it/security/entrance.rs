//! Nobody gets in unknown, and nobody gets further than they may, whatever the operation.

use std::process::Command;

use harness::{Stack, programs, temporal};
use reqwest::Method;
use serde_json::{Value, json};

use crate::operations::key;

/// What is open to everybody, by name.
const OPEN: [&str; 4] = ["/healthz", "/readyz", "/openapi.json", "/docs/"];

/// An API that knows these keys.
pub(super) async fn guarded(entries: &[String]) -> Stack {
    let mut stack = Stack::prepare(temporal::shared().await).await;
    know(&mut stack, entries);
    stack.start_api().await;
    stack
}

/// Has the API know these keys from its next start on.
pub(super) fn know(stack: &mut Stack, entries: &[String]) {
    let file = stack.folder().join("keys.toml");
    std::fs::write(&file, entries.concat()).unwrap();
    stack.set("API_KEYS", file.to_str().unwrap());
}

/// Every operation of the document: its method, and a path with something in place of the parameters.
fn operations(document: &Value) -> Vec<(Method, String)> {
    let mut operations = Vec::new();
    for (path, item) in document["paths"].as_object().unwrap() {
        let path: String = path
            .split('/')
            .map(|part| match part.starts_with('{') {
                true => "/any",
                false => part,
            })
            .map(|part| part.trim_start_matches('/'))
            .collect::<Vec<_>>()
            .join("/");
        for method in item.as_object().unwrap().keys() {
            if let Ok(method) = method.to_uppercase().parse::<Method>()
                && ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE"].contains(&method.as_str())
            {
                operations.push((method, path.clone()));
            }
        }
    }
    operations
}

#[tokio::test]
async fn every_operation_asks_who_is_there_and_what_they_may() {
    let (reader, reading) = key("reader", "read");
    let (writer, writing) = key("writer", "write");
    let stack = guarded(&[reading, writing]).await;
    let document = stack.api().get("/openapi.json").await.expect(200);
    let send = async |method: &Method, path: &str, key: Option<&str>| {
        let mut request = stack.api().request(method.clone(), path);
        if *method != Method::GET {
            request = request.json(&json!({}));
        }
        if let Some(key) = key {
            request = request.bearer_auth(key);
        }
        stack.api().send(request).await
    };
    let operations = operations(&document);
    assert!(operations.len() > 15, "{operations:?}");
    for (method, path) in &operations {
        for wrong in [None, Some("aie_wrong"), Some("")] {
            let refused = send(method, path, wrong).await;
            assert_eq!(refused.status, 401, "{method} {path}: {}", refused.text);
            assert_eq!(refused.problem()["code"], "unauthenticated");
            assert!(refused.header("www-authenticate").starts_with("Bearer "));
        }
        let by_reader = send(method, path, Some(&reader)).await.status;
        let by_writer = send(method, path, Some(&writer)).await.status;
        assert!(![401, 403].contains(&by_writer), "{method} {path}");
        match *method == Method::GET {
            true => assert!(![401, 403].contains(&by_reader), "{method} {path}"),
            false => assert_eq!(by_reader, 403, "{method} {path}"),
        }
    }
    for path in ["/v1", "/none", "/metrics", "/v1/../healthz", "//healthz"] {
        let refused = send(&Method::GET, path, None).await;
        // The client shortens a path with dots in it, so that it may come to what is open.
        let is_open = path.contains("..");
        assert_eq!(refused.status, if is_open { 200 } else { 401 }, "{path}");
    }
    for path in OPEN {
        let told = send(&Method::GET, path, None).await;
        assert_eq!(told.status, 200, "{path}: {}", told.text);
    }
    let logs = stack.logs();
    assert!(!logs.contains(&reader) && !logs.contains(&writer));
}

#[test]
fn a_service_that_asks_nobody_is_not_reached_from_other_machines() {
    for address in ["0.0.0.0:0", "[::]:0"] {
        let output = Command::new(programs::path(programs::API))
            .args(["--listen", address])
            .env_clear()
            .output()
            .unwrap();
        assert_eq!(output.status.code(), Some(2), "{output:?}");
        let told = String::from_utf8_lossy(&output.stderr);
        assert!(told.contains("ALLOW_UNAUTHENTICATED"), "{told}");
    }
}

#[tokio::test]
async fn every_answer_tells_browsers_what_they_must_not_do() {
    let (_, entry) = key("k", "read");
    let stack = guarded(&[entry]).await;
    for path in [
        "/healthz",
        "/docs/",
        "/openapi.json",
        "/v1/experiments",
        "/",
    ] {
        let answer = stack.api().get(path).await;
        assert_eq!(answer.header("x-content-type-options"), "nosniff", "{path}");
        assert_eq!(answer.header("referrer-policy"), "no-referrer", "{path}");
        let policy = answer.header("content-security-policy");
        assert!(
            policy.contains("frame-ancestors 'none'"),
            "{path}: {policy}"
        );
        assert!(policy.starts_with("default-src '"), "{path}: {policy}");
        let scripts = policy.split(';').find(|part| part.contains("script-src"));
        let scripts = scripts.unwrap_or("");
        assert!(!scripts.contains("unsafe"), "{path}: {policy}");
    }
}
