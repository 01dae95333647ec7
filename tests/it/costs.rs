//! What calls cost is known to the last digit, and a budget keeps it down.

use std::time::Duration;

use harness::{ModelServer, Reply, Stack, experiments, temporal};
use serde_json::json;

use crate::SOON;
use crate::whole::nothing_is_lost_or_doubled;

/// A stack whose model `echo` has prices, in dollars for a million words read and written.
async fn priced(server: &ModelServer, input: &str, output: &str) -> Stack {
    let mut stack = Stack::prepare(temporal::shared().await).await;
    let prices = format!(
        "[providers.test.prices.echo]\ninput_per_million = \"{input}\"\noutput_per_million = \"{output}\""
    );
    stack.provider_with("test", &server.base_url(), &prices);
    stack.start_api().await;
    stack.start_worker();
    stack
}

#[tokio::test]
async fn every_call_has_its_price_and_the_sum_is_exact() {
    let server = ModelServer::start(Duration::ZERO, |call| {
        Reply::Text(format!("{} it is", call.prompt))
    })
    .await;
    let stack = priced(&server, "0.15", "0.60").await;
    let body = experiments::asked_file(&stack, 30, 10);
    let id = stack.api().create(&body).await;
    stack.api().completed(&id, SOON).await;
    // One word is read and three are written: 0.15 and 1.80 millionths of a dollar.
    for result in stack.api().results(&id, "page_size=500").await {
        assert_eq!(result["result"]["output"]["cost"], "0.00000195", "{result}");
    }
    let summary = stack.api().summary(&id).await;
    let generated = &summary["models"][0]["generated"];
    assert_eq!(generated["cost"], "0.0000585", "{summary}");
    assert_eq!(generated["usage"]["input_tokens"], 30, "{summary}");
    assert_eq!(generated["usage"]["output_tokens"], 90, "{summary}");
}

#[tokio::test]
async fn a_model_without_a_price_costs_nothing_that_is_known() {
    let server = ModelServer::echo().await;
    let stack = priced(&server, "0.15", "0.60").await;
    let mut body = experiments::asked_file(&stack, 30, 10);
    body["config"]["models"] = json!([{"name": "another"}]);
    let id = stack.api().create(&body).await;
    stack.api().completed(&id, SOON).await;
    for result in stack.api().results(&id, "page_size=500").await {
        assert!(result["result"]["output"]["cost"].is_null(), "{result}");
    }
}

#[tokio::test]
async fn what_scorers_ask_is_paid_of_the_same_budget() {
    const ITEMS: usize = 400;
    let server = ModelServer::start(Duration::from_millis(50), |call| {
        Reply::Text(match call.model.as_str() {
            "judge" => json!({"reason": "so", "score": 1}).to_string(),
            _ => call.prompt.clone(),
        })
    })
    .await;
    let mut stack = Stack::prepare(temporal::shared().await).await;
    // Ten cents for a verdict of one word.
    let prices =
        "[providers.test.prices.judge]\ninput_per_million = \"0\"\noutput_per_million = \"100000\"";
    stack.provider_with("test", &server.base_url(), prices);
    stack.start_api().await;
    stack.start_worker();
    let mut body = experiments::asked_file(&stack, ITEMS, 10);
    let judge = json!({"type": "openai", "provider": "test", "model": "judge"});
    body["config"]["scorers"] =
        json!([{"type": "llm_judge", "rubric": "All is right.", "adapter": judge}]);
    body["config"]["execution"]["max_cost"] = json!("2");
    let api = stack.api().clone();
    let id = api.create(&body).await;
    let paused = api
        .wait_until(&id, "is paused", SOON, |experiment| {
            experiment["models"][0]["pause"]["by"] == "cost"
        })
        .await;
    let run = &paused["models"][0];
    assert_eq!(run["generated"]["cost"], "0", "{paused}");
    assert!(run["items_done"].as_u64() < Some(ITEMS as u64), "{paused}");
    let path = format!("/v1/experiments/{id}");
    api.patch(&path, &json!({"max_cost": "1000"})).await;
    api.completed(&id, SOON).await;
    let summary = api.summary(&id).await;
    let calls = &summary["models"][0]["scorers"][0]["calls"];
    assert_eq!(
        (&calls["calls"], &calls["cost"]),
        (&json!(ITEMS), &json!("40"))
    );
}

#[tokio::test]
async fn a_run_that_has_spent_its_budget_is_paused_until_it_has_more() {
    const ITEMS: usize = 200;
    const CONCURRENCY: u64 = 10;
    let server = ModelServer::start(Duration::from_millis(20), |call| {
        Reply::Text(call.prompt.clone())
    })
    .await;
    // Each call costs three cents.
    let stack = priced(&server, "10000", "20000").await;
    let mut body = experiments::asked_file(&stack, ITEMS, CONCURRENCY);
    body["config"]["execution"]["max_cost"] = json!("3");
    let api = stack.api().clone();
    let id = api.create(&body).await;
    let paused = api
        .wait_until(&id, "is paused", SOON, |experiment| {
            experiment["models"][0]["pause"]["by"] == "cost"
        })
        .await;
    assert_eq!(paused["status"], "paused", "{paused}");
    assert_eq!(paused["waiting_on"]["reason"], "paused", "{paused}");
    server.left_alone(SOON).await;
    // A hundred calls, and those that were in flight when the budget was spent.
    let calls = server.calls();
    assert!((100..=100 + CONCURRENCY).contains(&calls), "{calls} calls");

    let path = format!("/v1/experiments/{id}");
    let answer = api.patch(&path, &json!({"max_cost": "10"})).await;
    assert!((200..300).contains(&answer.status), "{}", answer.text);
    api.completed(&id, SOON).await;
    nothing_is_lost_or_doubled(&api, &id, ITEMS).await;
    assert_eq!(server.calls(), ITEMS as u64);
    let summary = api.summary(&id).await;
    assert_eq!(summary["models"][0]["generated"]["cost"], "6", "{summary}");
}
