//! The limits of a provider in the table hold for all workers and all runs together.

use std::time::Duration;

use harness::{ModelServer, Reply, Stack, eventually, experiments, temporal};
use serde_json::{Value, json};

use crate::SOON;

/// Two workers whose provider `test` has limits.
async fn two_workers(server: &ModelServer, limits: &str) -> Stack {
    let temporal = temporal::shared().await;
    let mut stack = Stack::prepare(temporal).await;
    stack.provider_with("test", &server.base_url(), limits);
    stack.start_api().await;
    stack.start_worker();
    stack.start_worker();
    eventually("both workers ask for work", SOON, async || {
        match temporal.workers_on(&stack.task_queue).await {
            2 => Ok(()),
            count => Err(format!("{count} workers")),
        }
    })
    .await;
    stack
}

/// An experiment of so many items that would gladly ask for 40 at once.
fn eager(stack: &Stack, items: usize) -> Value {
    stack.dataset("items.jsonl", &experiments::echo_lines(items));
    let mut body = experiments::asked(experiments::file("items.jsonl"));
    body["config"]["execution"] = json!({"concurrency_limit": 40});
    body
}

#[tokio::test]
async fn two_workers_and_two_runs_keep_the_calls_of_a_provider_within_its_limit() {
    let server = ModelServer::start(Duration::from_millis(20), |call| {
        Reply::Text(call.prompt.clone())
    })
    .await;
    let stack = two_workers(&server, "max_concurrency = 5").await;
    let body = eager(&stack, 600);
    let runs = [
        stack.api().create(&body).await,
        stack.api().create(&body).await,
    ];
    for id in &runs {
        stack.api().completed(id, SOON).await;
    }
    assert_eq!(server.calls(), 1200);
    assert!(server.most_in_flight() <= 5, "{}", server.most_in_flight());
    assert!(server.most_in_flight() >= 4, "{}", server.most_in_flight());

    let history = temporal::shared()
        .await
        .history(&format!("~provider-limit~{}~test", stack.task_queue))
        .await;
    let events = history.json["events"].as_array().unwrap();
    let kind = &events[0]["workflowExecutionStartedEventAttributes"]["workflowType"]["name"];
    assert_eq!(kind, "ProviderLimitWorkflow");
}

#[tokio::test]
async fn two_workers_together_keep_the_rate_of_a_provider() {
    let server = ModelServer::echo().await;
    let stack = two_workers(&server, "requests_per_minute = 600").await;
    let body = eager(&stack, 100);
    let id = stack.api().create(&body).await;
    stack.api().completed(&id, SOON).await;
    let times = server.times();
    assert_eq!(times.len(), 100);
    let (first, last) = (times[0], times[99]);
    // Each worker may have one second's worth in hand.
    assert!(last - first >= Duration::from_secs(8), "{:?}", last - first);
    for (index, time) in times.iter().enumerate() {
        let within = times[index..]
            .iter()
            .take_while(|other| **other - *time < Duration::from_secs(5));
        assert!(
            within.count() <= 50 + 20,
            "more than 10 a second at {index}"
        );
    }
}

#[tokio::test]
async fn the_part_of_a_worker_that_dies_goes_to_the_others() {
    let server = ModelServer::start(Duration::from_millis(50), |call| {
        Reply::Text(call.prompt.clone())
    })
    .await;
    let mut stack = two_workers(&server, "max_concurrency = 4").await;
    let body = eager(&stack, 1500);
    let id = stack.api().create(&body).await;
    eventually("some are answered", SOON, async || {
        match server.delivered() {
            delivered if delivered >= 100 => Ok(()),
            delivered => Err(format!("{delivered} answers")),
        }
    })
    .await;
    stack.take_worker().kill();
    stack.api().completed(&id, SOON).await;
    assert!(server.most_in_flight() <= 4, "{}", server.most_in_flight());
}
