//! A run can be held and let go on: it asks nothing meanwhile, loses nothing, and repeats nothing.

use std::time::Duration;

use harness::experiments::{self, ids};
use harness::{ModelServer, Reply, Stack, eventually};
use reqwest::Method;
use serde_json::{Value, json};

use crate::SOON;

const ITEMS: usize = 1000;

/// How soon a command must show.
const WITHIN: Duration = Duration::from_secs(15);

async fn slow() -> ModelServer {
    ModelServer::start(Duration::from_millis(50), |call| {
        Reply::Text(call.prompt.clone())
    })
    .await
}

/// Begins a run of 1,000 items and waits until some are answered.
async fn begin(server: &ModelServer, stack: &Stack, change: impl FnOnce(&mut Value)) -> String {
    stack.dataset("items.jsonl", &experiments::echo_lines(ITEMS));
    let mut body = experiments::asked(experiments::file("items.jsonl"));
    body["config"]["execution"] = json!({"concurrency_limit": 20});
    change(&mut body["config"]);
    let id = stack.api().create(&body).await;
    eventually("some are answered", SOON, async || {
        match server.delivered() {
            delivered if delivered >= 200 => Ok(()),
            delivered => Err(format!("{delivered} answers")),
        }
    })
    .await;
    id
}

async fn tell(stack: &Stack, id: &str, command: &str) -> Value {
    let path = format!("/v1/experiments/{id}/{command}");
    let request = stack.api().request(Method::POST, &path);
    stack.api().send(request).await.expect(202)
}

async fn pause(stack: &Stack, id: &str, reason: &str) -> Value {
    let path = format!("/v1/experiments/{id}/pause");
    let paused = stack.api().post(&path, &json!({"reason": reason})).await;
    paused.expect(202)
}

/// Nothing is in flight, and nothing is asked for a while; gives the number of calls so far.
async fn asks_nothing(server: &ModelServer) -> u64 {
    server.left_alone(SOON).await;
    server.calls()
}

async fn every_item_was_asked_once(server: &ModelServer, stack: &Stack, id: &str) {
    let completed = stack.api().completed(id, SOON).await;
    assert_eq!(completed["models"][0]["states"]["ok"], ITEMS);
    assert_eq!(completed["models"][0]["generated"]["calls"], ITEMS);
    assert_eq!(server.calls(), ITEMS as u64, "calls were repeated");
    let results = stack.api().results(id, "page_size=500").await;
    let mut unique = ids(&results);
    unique.sort_unstable();
    unique.dedup();
    assert_eq!(unique.len(), ITEMS);
}

#[tokio::test]
async fn a_paused_run_asks_nothing_and_goes_on_where_it_was() {
    let server = slow().await;
    let stack = Stack::with_model(&server).await;
    let id = begin(&server, &stack, |_| {}).await;
    let paused = pause(&stack, &id, "the bill is looked at").await;
    assert_eq!(paused["status"], "paused", "{paused}");
    assert_eq!(paused["models"][0]["pause"]["by"], "user");
    for waiting_on in [&paused["waiting_on"], &paused["models"][0]["waiting_on"]] {
        assert_eq!(waiting_on["reason"], "paused");
        let detail = "paused by a user: the bill is looked at";
        assert_eq!(waiting_on["detail"], detail);
    }
    let calls = asks_nothing(&server).await;
    assert!(calls < ITEMS as u64, "there is nothing left to pause");
    let still = stack.api().experiment(&id).await;
    assert_eq!(still["models"][0]["generated"]["calls"], calls, "{still}");
    let again = tell(&stack, &id, "pause").await;
    let reason = "the bill is looked at";
    assert_eq!(again["models"][0]["pause"]["reason"], reason);
    let is_listed = |list: &Value| {
        let mut listed = list["experiments"].as_array().unwrap().iter();
        listed.any(|experiment| experiment["id"] == id.as_str())
    };
    eventually("it is listed as paused", WITHIN, async || {
        let listed = stack.api().get("/v1/experiments?status=paused").await;
        match is_listed(&listed.expect(200)) {
            true => Ok(()),
            false => Err(listed.text),
        }
    })
    .await;

    let resumed = tell(&stack, &id, "resume").await;
    assert_eq!(resumed["status"], "running", "{resumed}");
    assert!(resumed["models"][0]["pause"].is_null());
    assert_eq!(tell(&stack, &id, "resume").await["status"], "running");
    every_item_was_asked_once(&server, &stack, &id).await;
}

#[tokio::test]
async fn a_pause_outlives_the_worker_and_the_api() {
    let server = slow().await;
    let mut stack = Stack::with_model(&server).await;
    let id = begin(&server, &stack, |_| {}).await;
    pause(&stack, &id, "over night").await;
    let calls = asks_nothing(&server).await;
    stack.take_worker().kill();
    stack.start_api().await;
    stack.start_worker();
    let still = stack.api().experiment(&id).await;
    assert_eq!(still["status"], "paused", "{still}");
    assert_eq!(asks_nothing(&server).await, calls);
    tell(&stack, &id, "resume").await;
    every_item_was_asked_once(&server, &stack, &id).await;
}

#[tokio::test]
async fn a_paused_run_can_be_cancelled_and_keeps_what_it_has() {
    let server = slow().await;
    let stack = Stack::with_model(&server).await;
    let id = begin(&server, &stack, |_| {}).await;
    pause(&stack, &id, "enough").await;
    let calls = asks_nothing(&server).await;
    tell(&stack, &id, "cancel").await;
    let cancelled = stack.api().ended(&id, WITHIN).await;
    assert_eq!(cancelled["status"], "cancelled", "{cancelled}");
    assert!(cancelled["models"][0]["pause"].is_null(), "{cancelled}");
    assert_eq!(server.calls(), calls);
    let summary = stack.api().summary(&id).await;
    let states = &summary["models"][0]["states"];
    assert_eq!(states["ok"], calls, "{summary}");
    assert_eq!(states["skipped"], ITEMS as u64 - calls, "{summary}");
    let results = stack.api().results(&id, "state=ok&page_size=500").await;
    assert_eq!(results.len() as u64, calls);
}

#[tokio::test]
async fn several_models_are_paused_also_those_that_have_not_begun() {
    let server = slow().await;
    let stack = Stack::with_model(&server).await;
    let id = begin(&server, &stack, |config| {
        config["models"] = json!([{"name": "a"}, {"name": "b"}, {"name": "c"}]);
        config["execution"] = json!({"concurrency_limit": 20, "max_parallel_models": 1});
    })
    .await;
    let paused = pause(&stack, &id, "a look").await;
    assert_eq!(paused["status"], "paused", "{paused}");
    assert_eq!(paused["waiting_on"]["reason"], "paused", "{paused}");
    for run in paused["models"].as_array().unwrap() {
        assert_eq!(run["status"], "paused", "{run}");
        assert_eq!(run["waiting_on"]["detail"], "paused by a user: a look");
    }
    asks_nothing(&server).await;
    assert!(server.asked_of("b").is_empty());
    let resumed = tell(&stack, &id, "resume").await;
    assert_eq!(resumed["status"], "running", "{resumed}");
    stack.api().completed(&id, 2 * SOON).await;
    assert_eq!(server.calls(), 3 * ITEMS as u64, "calls were repeated");
}

#[tokio::test]
async fn a_terminated_experiment_ends_at_once_and_nothing_is_sealed() {
    let server = slow().await;
    let stack = Stack::with_model(&server).await;
    let id = begin(&server, &stack, |config| {
        config["models"] = json!([{"name": "a"}, {"name": "b"}]);
    })
    .await;
    let path = format!("/v1/experiments/{id}/terminate");
    let reason = json!({"reason": "a mistake"});
    let ended = stack.api().post(&path, &reason).await.expect(202);
    assert_eq!(ended["status"], "terminated", "{ended}");
    let after = stack
        .api()
        .wait_until(&id, "has no run left", WITHIN, |experiment| {
            let mut runs = experiment["models"].as_array().unwrap().iter();
            runs.all(|run| run["status"] == "terminated")
        })
        .await;
    assert!(after["models"][0]["deliveries"].is_null(), "{after}");
    asks_nothing(&server).await;
    assert_eq!(tell(&stack, &id, "terminate").await["status"], "terminated");
    for command in ["pause", "resume"] {
        let path = format!("/v1/experiments/{id}/{command}");
        let refused = stack.api().post(&path, &json!({})).await;
        assert_eq!(refused.expect(409)["code"], "ended");
    }
    let emit = format!("/v1/experiments/{id}/emit");
    let refused = stack.api().post(&emit, &json!({})).await;
    assert_eq!(refused.expect(409)["code"], "not_repeatable");
}
