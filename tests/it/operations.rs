//! What those who run the service see of it: health, readiness, the document, how it starts and stops.

use std::process::Command;

use harness::{Stack, eventually, programs, temporal, tools};
use reqwest::Method;
use serde_json::Value;

use crate::SOON;

#[tokio::test]
async fn the_api_tells_its_health_and_shows_its_document() {
    let stack = Stack::start().await;
    assert_eq!(stack.api().get("/healthz").await.status, 200);
    let ready = stack.api().get("/readyz").await;
    assert_eq!(ready.status, 200, "{}", ready.text);
    let served = stack.api().get("/openapi.json").await.expect(200);
    assert_eq!(served["openapi"], "3.1.0");
    let path = programs::repository().join("openapi/openapi.json");
    let text = std::fs::read_to_string(&path).unwrap();
    let checked_in: Value = serde_json::from_str(&text).unwrap();
    assert_eq!(
        served, checked_in,
        "the checked-in document is not the one that is served"
    );
    let docs = stack.api().get("/docs/").await;
    assert_eq!(docs.status, 200);
    assert!(
        !docs.text.contains("https://unpkg"),
        "the page loads from elsewhere"
    );
}

#[tokio::test]
async fn every_answer_carries_the_id_of_its_request() {
    let stack = Stack::start().await;
    let missing = stack.api().get("/v1/experiments/nothing").await;
    let id = missing.header("x-request-id");
    assert!(!id.is_empty());
    assert_eq!(missing.problem()["request_id"], id);
    assert!(
        stack.logs().contains(id),
        "the log does not know the request"
    );
}

/// A key and its entry, as the program makes them.
pub(crate) fn key(name: &str, role: &str) -> (String, String) {
    key_with(&["--name", name, "--role", role])
}

/// The same with other arguments.
pub(crate) fn key_with(arguments: &[&str]) -> (String, String) {
    let mut command = Command::new(programs::path(programs::API));
    let made = command.arg("key").args(arguments).output().unwrap();
    assert!(made.status.success(), "{made:?}");
    let told = String::from_utf8(made.stderr).unwrap();
    let key = told
        .split_whitespace()
        .find(|word| word.starts_with("aie_"));
    let entry = String::from_utf8(made.stdout).unwrap();
    (key.unwrap().to_owned(), entry)
}

#[tokio::test]
async fn keys_are_changed_while_the_api_runs() {
    let mut stack = Stack::prepare(temporal::shared().await).await;
    let (old, old_entry) = key("old", "write");
    let (new, new_entry) = key("new", "read");
    let file = stack.folder().join("keys.toml");
    std::fs::write(&file, &old_entry).unwrap();
    stack.set("API_KEYS", file.to_str().unwrap());
    stack.start_api().await;
    let list = async |key: &str| {
        let request = stack.api().request(Method::GET, "/v1/experiments");
        stack.api().send(request.bearer_auth(key)).await.status
    };
    assert_eq!((list(&old).await, list(&new).await), (200, 401));
    std::fs::write(&file, &new_entry).unwrap();
    eventually("the new key is known", SOON, async || {
        match (list(&old).await, list(&new).await) {
            (401, 200) => Ok(()),
            other => Err(format!("{other:?}")),
        }
    })
    .await;
    // What cannot be read changes nothing.
    std::fs::write(&file, "keys = 3").unwrap();
    eventually("the log tells of it", SOON, async || {
        match stack.logs().contains("those known before hold") {
            true => Ok(()),
            false => Err("it does not".to_owned()),
        }
    })
    .await;
    assert_eq!(list(&new).await, 200);
    let logs = stack.logs();
    assert!(
        !logs.contains(&old) && !logs.contains(&new),
        "a key is in the log"
    );
    assert!(
        logs.contains("\"request.caller\":\"new\"") || logs.contains("new"),
        "{logs}"
    );
}

#[tokio::test]
async fn the_api_stops_when_it_is_told_to() {
    let mut stack = Stack::start().await;
    let mut api = stack.take_api();
    api.stop(SOON).await;
}

#[tokio::test]
async fn an_idle_worker_stops_when_it_is_told_to() {
    let mut stack = Stack::start().await;
    let id = stack.api().create(&harness::experiments::valid()).await;
    stack.api().completed(&id, SOON).await;
    let mut worker = stack.take_worker();
    worker.stop(SOON).await;
}

#[tokio::test]
async fn a_worker_that_starts_before_temporal_waits_for_it() {
    let temporal = temporal::TemporalServer::private().await;
    let mut stack = Stack::prepare(&temporal).await;
    stack.start_worker();
    stack.start_api().await;
    temporal.start().await;
    let api = stack.api().clone();
    eventually("the API is ready", SOON, async || {
        match api.get("/readyz").await {
            ready if ready.status == 200 => Ok(()),
            other => Err(other.text),
        }
    })
    .await;
    let id = api.create(&harness::experiments::valid()).await;
    api.completed(&id, SOON).await;
}

#[test]
fn bad_configuration_is_told_before_anything_starts() {
    for (program, argument, value) in [
        (programs::API, "--listen", "nowhere"),
        (programs::API, "--artifacts", "gopher://host/x"),
        (programs::WORKER, "--artifacts", "gopher://host/x"),
        (programs::WORKER, "--providers", "/no/such/file.toml"),
        (programs::WORKER, "--max-activities", "0"),
    ] {
        let output = Command::new(programs::path(program))
            .args([argument, value])
            .env("TEMPORAL_HOST", format!("127.0.0.1:{}", tools::free_port()))
            .output()
            .unwrap();
        assert!(!output.status.success(), "{program} {argument} {value}");
        let told = String::from_utf8_lossy(&output.stderr);
        assert!(told.contains(value), "{program} {argument} {value}: {told}");
    }
}
