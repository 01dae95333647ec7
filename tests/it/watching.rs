//! Who follows an experiment hears of its progress, up to the end.

use std::time::Duration;

use harness::{ModelServer, Reply, Stack, experiments};
use serde_json::Value;

#[tokio::test]
async fn a_stream_of_events_tells_progress_and_ends_with_the_experiment() {
    const ITEMS: u64 = 200;
    let server = ModelServer::start(Duration::from_millis(100), |call| {
        Reply::Text(call.prompt.clone())
    })
    .await;
    let stack = Stack::with_model(&server).await;
    let body = experiments::asked_file(&stack, ITEMS as usize, 10);
    let id = stack.api().create(&body).await;
    // The answer ends when the experiment does.
    let stream = stack
        .api()
        .get(&format!("/v1/experiments/{id}/events"))
        .await;
    assert_eq!(stream.status, 200, "{}", stream.text);
    let data = stream.text.lines();
    let data = data.filter_map(|line| line.strip_prefix("data: "));
    let events: Vec<Value> = data
        .map(|data| serde_json::from_str(data).unwrap())
        .collect();
    let done: Vec<u64> = events
        .iter()
        .map(|event| event["models"][0]["items_done"].as_u64().unwrap())
        .collect();
    assert!(done.is_sorted() && done.len() > 3, "{done:?}");
    let last = events.last().unwrap();
    assert_eq!(last["status"], "completed");
    assert_eq!(last["models"][0]["states"]["ok"], ITEMS);
}

#[tokio::test]
async fn an_answer_can_wait_for_the_end() {
    let stack = Stack::start().await;
    let id = stack.api().create(&experiments::valid()).await;
    let path = format!("/v1/experiments/{id}?wait=30s");
    let ended = stack.api().get(&path).await.expect(200);
    assert_eq!(ended["status"], "completed");
}
