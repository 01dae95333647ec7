//! A model is asked exactly once for each item, as the experiment says, and what it used is counted.

use std::time::Duration;

use harness::experiments::{self, result_of};
use harness::model_server::words;
use harness::{ModelServer, Reply, Stack};
use serde_json::{Value, json};

use crate::SOON;

#[tokio::test]
async fn each_item_is_asked_once_and_scored_exactly() {
    // Every fourth item is answered wrongly.
    let server = ModelServer::start(Duration::from_millis(5), |call| {
        let index: usize = call.prompt["item-".len()..].parse().unwrap_or_default();
        match index.is_multiple_of(4) {
            true => Reply::Text("something else".to_owned()),
            false => Reply::Text(call.prompt.clone()),
        }
    })
    .await;
    let stack = Stack::with_model(&server).await;
    let mut body = experiments::asked(experiments::inline(experiments::echo_items(200)));
    body["config"]["execution"] = json!({"concurrency_limit": 8});
    let id = stack.api().create(&body).await;
    stack.api().completed(&id, SOON).await;

    let asked = server.asked_of("echo");
    assert_eq!(asked.len(), 200);
    assert!(asked.values().all(|count| *count == 1), "{asked:?}");
    assert!(server.most_in_flight() <= 8, "{}", server.most_in_flight());

    let summary = stack.api().summary(&id).await;
    let model = &summary["models"][0];
    assert_eq!(model["states"]["ok"], 200);
    assert_eq!(model["scorers"][0]["mean"], 0.75);
    let output_tokens = 150 * words("item-00001") + 50 * words("something else");
    assert_eq!(
        model["generated"],
        json!({
            "answered": 200, "failed": 0, "calls": 200,
            "usage": {"input_tokens": 200, "output_tokens": output_tokens},
            "cached": 0, "repeated": 0, "lost": 0, "cost": "0",
        })
    );
    let results = stack.api().results(&id, "").await;
    assert_eq!(results.len(), 200);
    let output = &result_of(&results, "item-00004")["output"];
    assert_eq!(output["attempts"], 1);
    assert_eq!(output["answer"]["value"], "something else");
    assert_eq!(output["answer"]["finish_reason"], "stop");
    assert_eq!(output["answer"]["model"], "echo");
    let latency = output["answer"]["latency_ms"].as_f64().expect("a latency");
    assert!(latency >= 5.0, "{latency}");
}

#[tokio::test]
async fn the_request_is_what_the_experiment_asks_for() {
    let server = ModelServer::echo().await;
    let stack = Stack::with_model(&server).await;
    let items = vec![json!({
        "id": "1",
        "input": {"question": "6 × 7?", "hint": "a number"},
        "expected": "6 × 7? (a number)",
    })];
    let mut body = experiments::asked(experiments::inline(items));
    body["config"]["adapter"] = json!({
        "type": "openai", "provider": "test", "model": "name-at-the-provider",
        "prompt": "{{ question }} ({{ input.hint }})", "system": "Item {{ id }}.",
        "temperature": 0.25, "top_p": 0.5, "max_tokens": 33, "seed": 7, "stop": ["END"],
    });
    let id = stack.api().create(&body).await;
    stack.api().completed(&id, SOON).await;

    let bodies = server.bodies();
    assert_eq!(bodies.len(), 1);
    let request = &bodies[0];
    assert_eq!(request["model"], "name-at-the-provider");
    assert_eq!(request["temperature"], 0.25);
    assert_eq!(request["top_p"], 0.5);
    assert_eq!(request["seed"], 7);
    assert_eq!(request["stop"], json!(["END"]));
    let limit = [&request["max_tokens"], &request["max_completion_tokens"]];
    assert!(limit.contains(&&json!(33)), "{request}");
    let roles: Vec<&Value> = request["messages"]
        .as_array()
        .unwrap()
        .iter()
        .map(|message| &message["role"])
        .collect();
    assert_eq!(roles, ["system", "user"]);
    assert_eq!(request["messages"][0]["content"], "Item 1.");
    assert_eq!(server.asked("6 × 7? (a number)"), 1);
    assert_eq!(server.authorizations(), [None]);
    let summary = stack.api().summary(&id).await;
    assert_eq!(summary["models"][0]["scorers"][0]["mean"], 1.0);
}

#[tokio::test]
async fn results_can_be_read_while_the_run_goes_on() {
    let server = ModelServer::start(Duration::from_millis(40), |call| {
        Reply::Text(call.prompt.clone())
    })
    .await;
    let stack = Stack::with_model(&server).await;
    let mut body = experiments::asked(experiments::inline(experiments::echo_items(400)));
    body["config"]["execution"] = json!({"concurrency_limit": 5});
    let id = stack.api().create(&body).await;

    let running = stack
        .api()
        .wait_until(&id, "has items done", SOON, |experiment| {
            experiment["models"][0]["items_done"].as_u64() > Some(0)
        })
        .await;
    assert_eq!(running["status"], "running");
    let run = &running["models"][0];
    assert_eq!(run["stage"], "evaluating");
    assert_eq!(run["dataset"]["count"], 400);
    stack
        .api()
        .wait_until(&id, "has scores", SOON, |experiment| {
            experiment["models"][0]["scorers"][0]["count"].as_u64() > Some(0)
        })
        .await;
    let page = stack
        .api()
        .get(&format!("/v1/experiments/{id}/results"))
        .await
        .expect(200);
    assert_eq!(page["complete"], false);
    assert!(!page["results"].as_array().unwrap().is_empty(), "{page}");

    stack.api().completed(&id, SOON).await;
    assert_eq!(stack.api().results(&id, "").await.len(), 400);
    assert_eq!(server.calls(), 400);
}
