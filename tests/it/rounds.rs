//! What has ended can be taken up again: failed items asked, answers scored, results delivered; nothing is paid twice.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use harness::experiments::{self, result_of};
use harness::{ModelServer, Reply, Stack};
use serde_json::{Value, json};

use crate::SOON;

const ITEMS: usize = 60;

/// A provider that refuses every third item as long as it is in trouble.
async fn troubled() -> (ModelServer, Arc<AtomicBool>) {
    let trouble = Arc::new(AtomicBool::new(true));
    let is_in_trouble = Arc::clone(&trouble);
    let server = ModelServer::start(Duration::ZERO, move |call| {
        let number: usize = call.prompt[5..].parse().unwrap();
        match number.is_multiple_of(3) && is_in_trouble.load(Ordering::Relaxed) {
            true => Reply::Refuse(400),
            false => Reply::Text(call.prompt.clone()),
        }
    })
    .await;
    (server, trouble)
}

fn body(models: Value) -> Value {
    let items = experiments::echo_items(ITEMS);
    let mut body = experiments::asked(experiments::inline(items));
    body["config"]["models"] = models;
    body["config"]["sinks"] = json!([{"type": "jsonl"}]);
    body
}

async fn begin(stack: &Stack, id: &str, what: &str, body: &Value) -> Value {
    let path = format!("/v1/experiments/{id}/{what}");
    let begun = stack.api().post(&path, body).await.expect(202);
    assert_eq!(begun["id"], id);
    begun
}

async fn ledger(stack: &Stack, id: &str) -> (Vec<Value>, Value) {
    let path = format!("/v1/experiments/{id}/ledger?page_size=17");
    let (entries, pages) = stack.api().pages(&path, "entries").await;
    assert!(pages > 1);
    let first = stack.api().get(&path).await.expect(200);
    assert_eq!(first["complete"], true);
    (entries, first["models"].clone())
}

fn sum(entries: &[Value], key: &str) -> u64 {
    let counts = entries.iter().map(|entry| entry[key].as_u64().unwrap());
    counts.sum()
}

#[tokio::test]
async fn a_retry_asks_only_for_what_failed_with_other_settings() {
    let (server, trouble) = troubled().await;
    let stack = Stack::with_model(&server).await;
    let models = json!([{"name": "echo"}]);
    let id = stack.api().create(&body(models)).await;
    let first = stack.api().completed(&id, SOON).await;
    assert_eq!(first["models"][0]["states"]["generation_failed"], ITEMS / 3);
    assert_eq!(server.calls(), ITEMS as u64);
    let (entries, totals) = ledger(&stack, &id).await;
    assert_eq!(entries.len(), ITEMS);
    assert_eq!(sum(&entries, "calls"), server.calls());
    assert_eq!(totals[0]["generated"]["calls"], server.calls());
    assert_eq!(entries[0]["error_kind"], "bad_request", "{}", entries[0]);
    assert_eq!(entries[1]["answer_sha256"].as_str().unwrap().len(), 64);

    trouble.store(false, Ordering::Relaxed);
    let adapter = json!({"type": "openai", "provider": "test", "temperature": 0.5});
    let changes = json!({"config": {
        "adapter": adapter, "execution": {"concurrency_limit": 3}, "retry": {"maximum_attempts": 2},
    }});
    let begun = begin(&stack, &id, "retry", &changes).await;
    assert_eq!(begun["created_at"], first["created_at"]);
    assert_eq!(begun["models"][0]["round"], 1);
    let second = stack.api().completed(&id, SOON).await;
    let run = &second["models"][0];
    assert_eq!(run["states"]["ok"], ITEMS, "{run}");
    assert_eq!(run["limits"]["concurrency_limit"], 3);
    assert_eq!(server.calls(), (ITEMS + ITEMS / 3) as u64);
    let bodies = server.bodies();
    assert!(
        bodies[ITEMS..]
            .iter()
            .all(|body| body["temperature"] == 0.5)
    );
    let results = stack.api().results(&id, "").await;
    assert_eq!(results.len(), ITEMS);
    assert_eq!(result_of(&results, "item-00003")["output"]["round"], 1);
    assert!(result_of(&results, "item-00004")["output"]["round"].is_null());

    let (entries, totals) = ledger(&stack, &id).await;
    assert_eq!(sum(&entries, "calls"), server.calls());
    assert_eq!(totals[0]["generated"]["calls"], server.calls());
    assert_eq!(sum(&entries, "repeated"), 0);
    // The rounds before are in no list.
    let listed = stack
        .api()
        .pages("/v1/experiments?page_size=100", "experiments");
    let (listed, _) = listed.await;
    let rows = listed.iter().filter(|row| row["id"] == id.as_str());
    assert_eq!(rows.count(), 1);
}

#[tokio::test]
async fn several_models_are_retried_each_for_what_it_lacks() {
    let (server, trouble) = troubled().await;
    let stack = Stack::with_model(&server).await;
    let models = json!([{"name": "a"}, {"name": "b"}]);
    let id = stack.api().create(&body(models)).await;
    stack.api().completed(&id, SOON).await;
    assert_eq!(server.calls(), 2 * ITEMS as u64);
    trouble.store(false, Ordering::Relaxed);
    begin(&stack, &id, "retry", &json!({})).await;
    let second = stack.api().completed(&id, SOON).await;
    for run in second["models"].as_array().unwrap() {
        assert_eq!(
            (&run["states"]["ok"], &run["round"]),
            (&json!(ITEMS), &json!(1))
        );
    }
    assert_eq!(server.calls(), 2 * (ITEMS + ITEMS / 3) as u64);
    let (entries, _) = ledger(&stack, &id).await;
    assert_eq!(sum(&entries, "calls"), server.calls());
    let results = stack.api().results(&id, "model=b").await;
    assert_eq!(results.len(), ITEMS);
}

#[tokio::test]
async fn answers_are_scored_otherwise_without_a_call() {
    let (server, _) = troubled().await;
    let stack = Stack::with_model(&server).await;
    let models = json!([{"name": "echo"}]);
    let id = stack.api().create(&body(models)).await;
    stack.api().completed(&id, SOON).await;
    let calls = server.calls();
    let scorers = json!([{"type": "regex", "name": "ends with 1", "pattern": "1$"}]);
    begin(&stack, &id, "rescore", &json!({"scorers": scorers})).await;
    let rescored = stack.api().completed(&id, SOON).await;
    assert_eq!(server.calls(), calls, "a call was made");
    let run = &rescored["models"][0];
    assert_eq!(run["round"], 1);
    assert_eq!(run["generated"]["calls"], calls);
    assert_eq!(run["states"]["generation_failed"], ITEMS / 3);
    let summary = stack.api().summary(&id).await;
    let scorers = summary["models"][0]["scorers"].as_array().unwrap();
    assert_eq!(scorers.len(), 1);
    assert_eq!(scorers[0]["scorer"], "ends with 1");
    assert_eq!(scorers[0]["count"], ITEMS - ITEMS / 3);
    let faulty = json!({"scorers": [{"type": "regex", "pattern": "("}, {"type": "vibes"}]});
    let path = format!("/v1/experiments/{id}/rescore");
    let refused = stack.api().post(&path, &faulty).await;
    assert_eq!(refused.pointers(), ["/scorers/1/type"]);
    let faulty = json!({"scorers": [{"type": "regex", "pattern": "("}]});
    let refused = stack.api().post(&path, &faulty).await;
    assert_eq!(refused.pointers(), ["/scorers/0/pattern"]);
}

#[tokio::test]
async fn to_deliver_again_leaves_status_and_summary_as_they_were() {
    let (server, _) = troubled().await;
    let stack = Stack::with_model(&server).await;
    let models = json!([{"name": "a"}, {"name": "b"}]);
    let id = stack.api().create(&body(models)).await;
    let before = stack.api().completed(&id, SOON).await;
    let summary = stack.api().summary(&id).await;
    let calls = server.calls();
    begin(&stack, &id, "emit", &json!({"sinks": [{"type": "csv"}]})).await;
    let after = stack.api().completed(&id, SOON).await;
    assert_eq!(stack.api().summary(&id).await, summary);
    assert_eq!(after["created_at"], before["created_at"]);
    assert_eq!(server.calls(), calls);
    for run in after["models"].as_array().unwrap() {
        assert_eq!(run["round"], 0);
        assert_eq!(run["deliveries"][0]["sink"], "csv", "{run}");
        let location = run["deliveries"][0]["location"].as_str().unwrap();
        assert!(stack.artifacts().join(location).exists(), "{location}");
    }
}

#[tokio::test]
async fn what_has_not_ended_begins_no_round_and_callers_that_race_begin_one() {
    let server = ModelServer::start(Duration::from_millis(100), |call| {
        Reply::Text(call.prompt.clone())
    })
    .await;
    let stack = Stack::with_model(&server).await;
    let id = stack.api().create(&body(json!([{"name": "echo"}]))).await;
    for what in ["retry", "rescore", "emit"] {
        let path = format!("/v1/experiments/{id}/{what}");
        let refused = stack.api().post(&path, &json!({})).await;
        assert_eq!(refused.expect(409)["code"], "running", "{what}");
    }
    stack.api().completed(&id, SOON).await;
    let calls = server.calls();
    let path = format!("/v1/experiments/{id}/retry");
    let nothing = json!({});
    let (one, other) = tokio::join!(
        stack.api().post(&path, &nothing),
        stack.api().post(&path, &nothing)
    );
    // The slower one may find it ended already, or running.
    for answer in [&one, &other] {
        assert!(matches!(answer.status, 202 | 409), "{}", answer.text);
    }
    assert!(one.status == 202 || other.status == 202);
    stack.api().completed(&id, SOON).await;
    assert_eq!(server.calls(), calls, "there was nothing to ask");
    let missing = stack
        .api()
        .post("/v1/experiments/none/retry", &json!({}))
        .await;
    assert_eq!(missing.status, 404);
}
