//! A cancelled experiment ends soon, asks nothing any more, and keeps what it has.

use std::time::Duration;

use harness::experiments::{self, ids};
use harness::{ModelServer, Reply, Stack};
use serde_json::{Value, json};

use crate::SOON;

const WITHIN: Duration = Duration::from_secs(15);

async fn running(server: &ModelServer, stack: &Stack, models: Value) -> String {
    let mut body = experiments::asked_file(stack, 1000, 10);
    body["config"]["models"] = models;
    let id = stack.api().create(&body).await;
    server.has_delivered(200, SOON).await;
    id
}

async fn slow() -> ModelServer {
    ModelServer::start(Duration::from_millis(100), |call| {
        Reply::Text(call.prompt.clone())
    })
    .await
}

async fn cancel(stack: &Stack, id: &str) {
    let path = format!("/v1/experiments/{id}/cancel");
    let answer = stack.api().post_empty(&path).await;
    assert_eq!(answer.expect(202)["id"], id);
}

async fn asks_nothing_more(server: &ModelServer) {
    let calls = server.calls();
    server.left_alone(SOON).await;
    assert_eq!(server.calls(), calls, "calls after the cancellation");
}

#[tokio::test]
async fn a_cancelled_run_ends_soon_and_keeps_what_it_has() {
    let server = slow().await;
    let stack = Stack::with_model(&server).await;
    let id = running(&server, &stack, json!([{"name": "echo"}])).await;
    cancel(&stack, &id).await;
    let cancelled = stack.api().ended(&id, WITHIN).await;
    assert_eq!(cancelled["status"], "cancelled");
    assert_eq!(cancelled["models"][0]["status"], "cancelled");
    asks_nothing_more(&server).await;

    let summary = stack.api().summary(&id).await;
    assert_eq!(summary["status"], "cancelled");
    let model = &summary["models"][0];
    let count = |state: &str| model["states"][state].as_u64().unwrap();
    assert!(count("ok") >= 100, "{summary}");
    assert!(count("skipped") > 0, "{summary}");
    assert_eq!(count("ok") + count("skipped"), 1000, "{summary}");
    assert_eq!(model["scorers"][0]["count"], count("ok"));
    assert_eq!(model["scorers"][0]["mean"], 1.0);

    let results = stack.api().results(&id, "state=ok&page_size=500").await;
    assert_eq!(results.len() as u64, count("ok"));
    let mut unique = ids(&results);
    unique.sort_unstable();
    unique.dedup();
    assert_eq!(unique.len(), results.len());
    // What the provider has answered, and what could not be recorded any more.
    assert!(
        server.calls() <= count("ok") + 2 * 10,
        "{} calls, {summary}",
        server.calls()
    );
}

#[tokio::test]
async fn to_cancel_several_models_cancels_each() {
    let server = slow().await;
    let stack = Stack::with_model(&server).await;
    let models = json!([{"name": "a"}, {"name": "b"}, {"name": "c"}]);
    let id = running(&server, &stack, models).await;
    cancel(&stack, &id).await;
    let cancelled = stack.api().ended(&id, WITHIN).await;
    assert_eq!(cancelled["status"], "cancelled");
    for run in cancelled["models"].as_array().unwrap() {
        assert_eq!(run["status"], "cancelled", "{run}");
    }
    asks_nothing_more(&server).await;
    let summary = stack.api().summary(&id).await;
    for model in summary["models"].as_array().unwrap() {
        let states = model["states"].as_object().unwrap();
        let total: u64 = states.values().filter_map(Value::as_u64).sum();
        assert_eq!(total, 1000, "{model}");
    }
}

#[tokio::test]
async fn an_experiment_that_has_ended_is_not_changed_by_a_cancellation() {
    let stack = Stack::start().await;
    let id = stack.api().create(&experiments::valid()).await;
    let completed = stack.api().completed(&id, SOON).await;
    let path = format!("/v1/experiments/{id}/cancel");
    let answer = stack.api().post_empty(&path).await;
    assert_eq!(answer.expect(202), completed);
    assert_eq!(stack.api().experiment(&id).await, completed);
}
