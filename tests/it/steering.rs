//! What a run may use is changed while it runs; a budget that is spent holds it.

use std::time::Duration;

use harness::{ModelServer, Reply, Stack, eventually, experiments};
use reqwest::Method;
use serde_json::{Value, json};

use crate::SOON;

const WITHIN: Duration = Duration::from_secs(20);

async fn slow(latency: Duration) -> ModelServer {
    ModelServer::start(latency, |call| Reply::Text(call.prompt.clone())).await
}

async fn create(stack: &Stack, items: usize, execution: Value) -> String {
    stack.dataset("items.jsonl", &experiments::echo_lines(items));
    let mut body = experiments::asked(experiments::file("items.jsonl"));
    body["config"]["execution"] = execution;
    stack.api().create(&body).await
}

async fn change(stack: &Stack, id: &str, limits: &Value) -> Value {
    let path = format!("/v1/experiments/{id}");
    let request = stack.api().request(Method::PATCH, &path).json(limits);
    stack.api().send(request).await.expect(200)
}

#[tokio::test]
async fn a_budget_of_tokens_pauses_a_run_and_raising_it_resumes_it() {
    // A call uses two words: the prompt and the answer.
    const ITEMS: u64 = 1000;
    const BUDGET: u64 = 800;
    const CONCURRENCY: u64 = 10;
    let server = slow(Duration::from_millis(10)).await;
    let stack = Stack::with_model(&server).await;
    let execution = json!({"concurrency_limit": CONCURRENCY, "max_tokens": BUDGET});
    let id = create(&stack, ITEMS as usize, execution).await;
    let paused = stack
        .api()
        .wait_until(&id, "is paused", SOON, |experiment| {
            experiment["status"] == "paused"
        })
        .await;
    let run = &paused["models"][0];
    assert_eq!(run["pause"]["by"], "tokens", "{paused}");
    let waiting_on = &paused["waiting_on"];
    assert_eq!(waiting_on["reason"], "paused");
    let detail = waiting_on["detail"].as_str().unwrap();
    assert!(
        detail.contains("`max_tokens` of 800") && detail.contains(&id),
        "{detail}"
    );
    let calls = server.calls();
    assert!(calls >= BUDGET / 2, "{calls} calls");
    // What each lane has in flight when its part is spent is still paid.
    assert!(calls <= BUDGET / 2 + 4 * CONCURRENCY, "{calls} calls");
    assert_eq!(run["generated"]["calls"], calls);

    let raised = change(&stack, &id, &json!({"max_tokens": 100_000})).await;
    assert_eq!(raised["models"][0]["limits"]["max_tokens"], 100_000);
    let completed = stack.api().completed(&id, SOON).await;
    assert_eq!(completed["models"][0]["states"]["ok"], ITEMS);
    assert_eq!(server.calls(), ITEMS, "calls were repeated");
}

#[tokio::test]
async fn another_concurrency_holds_at_once_and_repeats_nothing() {
    const ITEMS: u64 = 1000;
    let server = slow(Duration::from_millis(100)).await;
    let stack = Stack::with_model(&server).await;
    let id = create(&stack, ITEMS as usize, json!({"concurrency_limit": 4})).await;
    eventually("some are answered", SOON, async || {
        match server.delivered() {
            delivered if delivered >= 40 => Ok(()),
            delivered => Err(format!("{delivered} answers")),
        }
    })
    .await;
    assert!(server.most_in_flight() <= 4);
    let changed = change(&stack, &id, &json!({"concurrency_limit": 50})).await;
    assert_eq!(changed["models"][0]["limits"]["concurrency_limit"], 50);
    eventually("more is in flight", WITHIN, async || {
        match server.most_in_flight() {
            most if most > 30 => Ok(()),
            most => Err(format!("at most {most}")),
        }
    })
    .await;
    let completed = stack.api().completed(&id, SOON).await;
    assert_eq!(completed["models"][0]["states"]["ok"], ITEMS);
    assert!(server.most_in_flight() <= 50);
    assert_eq!(server.calls(), ITEMS, "calls were repeated");
}

#[tokio::test]
async fn limits_that_make_no_sense_are_named_and_an_end_is_the_end() {
    let stack = Stack::start().await;
    let id = stack.api().create(&experiments::valid()).await;
    stack.api().completed(&id, SOON).await;
    let path = format!("/v1/experiments/{id}");
    let patch = async |body: &Value| {
        let request = stack.api().request(Method::PATCH, &path).json(body);
        stack.api().send(request).await
    };
    let faulty =
        json!({"concurrency_limit": 0, "max_cost": 3, "requests_per_minute": -1, "colour": "red"});
    let answer = patch(&faulty).await;
    assert_eq!(answer.status, 422, "{}", answer.text);
    let mut pointers = answer.pointers();
    pointers.sort();
    let faults = [
        "/colour",
        "/concurrency_limit",
        "/max_cost",
        "/requests_per_minute",
    ];
    assert_eq!(pointers, faults);
    assert_eq!(patch(&json!({})).await.status, 422);
    let ended = patch(&json!({"concurrency_limit": 7})).await;
    assert_eq!(ended.expect(409)["code"], "ended");
}
