//! Workers share what there is to do.

use std::collections::BTreeSet;
use std::time::Duration;

use harness::{ModelServer, Reply, Stack, eventually, experiments, temporal};

use crate::SOON;

#[tokio::test]
async fn two_workers_share_a_run() {
    let server = ModelServer::start(Duration::from_millis(50), |call| {
        Reply::Text(call.prompt.clone())
    })
    .await;
    let mut stack = Stack::with_model(&server).await;
    stack.start_worker();
    let temporal = temporal::shared().await;
    eventually("both workers ask for work", SOON, async || {
        match temporal.workers_on(&stack.task_queue).await {
            2 => Ok(()),
            count => Err(format!("{count} workers")),
        }
    })
    .await;
    let body = experiments::asked_file(&stack, 2000, 50);
    let id = stack.api().create(&body).await;
    stack.api().completed(&id, SOON).await;

    let asked = server.asked_of("echo");
    assert_eq!(asked.len(), 2000);
    assert!(asked.values().all(|count| *count == 1));
    assert!(server.most_in_flight() <= 50, "{}", server.most_in_flight());
    let history = temporal.history(&id).await;
    let events = history.json["events"].as_array().unwrap();
    let workers: BTreeSet<&str> = events
        .iter()
        .filter_map(|event| event["activityTaskStartedEventAttributes"]["identity"].as_str())
        .collect();
    assert_eq!(workers.len(), 2, "{workers:?}");
}

#[tokio::test]
async fn a_thousand_items_take_at_most_twenty_actions() {
    let server = ModelServer::echo().await;
    let stack = Stack::with_model(&server).await;
    let body = experiments::asked_file(&stack, 1000, 50);
    let id = stack.api().create(&body).await;
    stack.api().completed(&id, SOON).await;
    let history = temporal::shared().await.history(&id).await;
    let events = history.json["events"].as_array().unwrap();
    let actions = events
        .iter()
        .filter(|event| event["eventType"] == "EVENT_TYPE_ACTIVITY_TASK_SCHEDULED")
        .count();
    // Beside two for each chunk, one loads and one emits.
    assert!((2..=20).contains(&actions), "{actions} activities");
}
