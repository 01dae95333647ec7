//! With `cache`, equal calls are made once; failures are never kept.

use std::time::Duration;

use harness::experiments::{self, result_of};
use harness::{ModelServer, Reply, Stack};
use serde_json::{Value, json};

use crate::SOON;

const ITEMS: usize = 60;

/// An experiment that asks for the cache.
fn cached(stack: &Stack) -> Value {
    let mut body = experiments::asked_file(stack, ITEMS, 10);
    body["config"]["execution"]["cache"] = json!(true);
    body
}

/// The id of an experiment that has completed, and the summary of its run.
async fn run(stack: &Stack, body: &Value) -> (String, Value) {
    let id = stack.api().create(body).await;
    stack.api().completed(&id, SOON).await;
    let summary = stack.api().summary(&id).await;
    (id, summary["models"][0].clone())
}

#[tokio::test]
async fn an_equal_experiment_makes_no_call() {
    let server = ModelServer::echo().await;
    let stack = Stack::with_model(&server).await;
    let body = cached(&stack);
    let (first, summary) = run(&stack, &body).await;
    assert_eq!(server.calls(), ITEMS as u64);
    assert_eq!(summary["generated"]["cached"], 0, "{summary}");
    let results = stack.api().results(&first, "page_size=500").await;
    for result in &results {
        assert_ne!(result["result"]["output"]["cached"], true, "{result}");
    }

    let (second, summary) = run(&stack, &body).await;
    assert_eq!(server.calls(), ITEMS as u64);
    let generated = &summary["generated"];
    assert_eq!(generated["cached"], ITEMS, "{summary}");
    assert_eq!(generated["answered"], ITEMS, "{summary}");
    assert_eq!(generated["calls"], 0, "{summary}");
    assert_eq!(generated["usage"]["input_tokens"], 0, "{summary}");
    assert_eq!(summary["states"]["ok"], ITEMS, "{summary}");
    let results = stack.api().results(&second, "page_size=500").await;
    assert_eq!(results.len(), ITEMS);
    for result in &results {
        let result = &result["result"];
        assert_eq!(result["output"]["cached"], true, "{result}");
        assert_eq!(result["output"]["answer"]["value"], result["item"]["id"]);
    }
}

#[tokio::test]
async fn a_call_that_differs_or_does_not_ask_for_the_cache_is_made() {
    let server = ModelServer::echo().await;
    let stack = Stack::with_model(&server).await;
    let mut body = cached(&stack);
    run(&stack, &body).await;
    body["config"]["adapter"]["temperature"] = json!(0.5);
    let (_, summary) = run(&stack, &body).await;
    assert_eq!(server.calls(), 2 * ITEMS as u64);
    assert_eq!(summary["generated"]["cached"], 0, "{summary}");
    body["config"]["execution"]["cache"] = json!(false);
    run(&stack, &body).await;
    assert_eq!(server.calls(), 3 * ITEMS as u64);
}

#[tokio::test]
async fn a_failure_is_not_kept() {
    const TROUBLED: &str = "item-00007";
    let server = ModelServer::start(Duration::ZERO, |call| {
        match (call.prompt.as_str(), call.nth) {
            (TROUBLED, 1) => Reply::Refuse(400),
            _ => Reply::Text(call.prompt.clone()),
        }
    })
    .await;
    let stack = Stack::with_model(&server).await;
    let body = cached(&stack);
    let (_, summary) = run(&stack, &body).await;
    assert_eq!(summary["states"]["generation_failed"], 1, "{summary}");

    let (id, summary) = run(&stack, &body).await;
    assert_eq!(summary["states"]["ok"], ITEMS, "{summary}");
    assert_eq!(summary["generated"]["cached"], ITEMS - 1, "{summary}");
    assert_eq!(server.calls(), ITEMS as u64 + 1);
    let results = stack.api().results(&id, "page_size=500").await;
    let output = &result_of(&results, TROUBLED)["output"];
    assert_ne!(output["cached"], true, "{output}");
    assert_eq!(output["attempts"], 1, "{output}");
}
