//! A run survives the loss of its worker: nothing is lost, nothing is scored twice, few calls are repeated.

use std::time::Duration;

use harness::{ModelServer, Reply, Signal, Stack, eventually, experiments};
use serde_json::{Value, json};

use crate::SOON;
use crate::whole::nothing_is_lost_or_doubled;

const ITEMS: usize = 1000;
const LATENCY: Duration = Duration::from_millis(50);
const CONCURRENCY: u64 = 50;

/// Answers that may have come to the worker without its having looked at them: 50 calls of 50 ms give one each millisecond,
/// and its threads wait for their turn when other tests run too.
const UNREAD: u64 = 25;

async fn slow_echo() -> ModelServer {
    ModelServer::start(LATENCY, |call| Reply::Text(call.prompt.clone())).await
}

/// A run of 1,000 items at 50 ms and 50 at once: a second, were nothing to happen.
async fn begin(stack: &Stack) -> String {
    let body = experiments::asked_file(stack, ITEMS, CONCURRENCY);
    stack.api().create(&body).await
}

#[tokio::test]
async fn a_killed_worker_costs_only_the_calls_in_flight() {
    let server = slow_echo().await;
    let mut stack = Stack::with_model(&server).await;
    let id = begin(&stack).await;
    server.has_delivered(400, SOON).await;
    stack.take_worker().kill();
    let before = server.calls();
    assert!(
        before < ITEMS as u64,
        "the worker had already asked everything"
    );
    stack.start_worker();
    stack.api().completed(&id, SOON).await;

    nothing_is_lost_or_doubled(stack.api(), &id, ITEMS).await;
    let calls = server.calls();
    let allowed = ITEMS as u64 + CONCURRENCY + UNREAD;
    assert!(calls <= allowed, "{calls} calls for {ITEMS} items");
}

#[tokio::test]
async fn a_worker_that_dies_again_and_again_costs_its_calls_in_flight_each_time() {
    const DEATHS: u64 = 3;
    let server = slow_echo().await;
    let mut stack = Stack::with_model(&server).await;
    let id = begin(&stack).await;
    for death in 0..DEATHS {
        server.has_delivered(200 * (death + 1), SOON).await;
        stack.take_worker().kill();
        stack.start_worker();
    }
    stack.api().completed(&id, 2 * SOON).await;

    nothing_is_lost_or_doubled(stack.api(), &id, ITEMS).await;
    let calls = server.calls();
    let allowed = ITEMS as u64 + DEATHS * (CONCURRENCY + UNREAD);
    assert!(calls <= allowed, "{calls} calls for {ITEMS} items");
}

#[tokio::test]
async fn a_worker_that_is_told_to_stop_hands_over() {
    let server = slow_echo().await;
    let mut stack = Stack::with_model(&server).await;
    let id = begin(&stack).await;
    server.has_delivered(300, SOON).await;
    let mut worker = stack.take_worker();
    worker.stop(SOON).await;
    // The provider learns only from its next write that nobody waits any more.
    let calls = server.calls();
    eventually("no call is in flight", SOON, async || {
        match server.in_flight() {
            0 => Ok(()),
            calls => Err(format!("{calls} calls")),
        }
    })
    .await;
    assert_eq!(server.calls(), calls, "calls outlive the worker");
    let running = stack.api().experiment(&id).await;
    assert_eq!(running["status"], "running", "{running}");

    stack.start_worker();
    stack.api().completed(&id, SOON).await;
    nothing_is_lost_or_doubled(stack.api(), &id, ITEMS).await;
    let calls = server.calls();
    // What was in flight may have been given up; what was answered is recorded before the worker ends.
    assert!(
        calls <= ITEMS as u64 + CONCURRENCY,
        "{calls} calls for {ITEMS} items"
    );
}

#[tokio::test]
async fn a_worker_that_was_taken_for_dead_does_no_harm_when_it_comes_back() {
    let server = slow_echo().await;
    let mut stack = Stack::with_model(&server).await;
    let id = begin(&stack).await;
    server.has_delivered(300, SOON).await;
    stack.worker().signal(Signal::Stop);
    stack.start_worker();
    // A frozen worker still has questions for work open, which Temporal answers into the void until they are used up or
    // end by themselves after a minute.
    stack.api().completed(&id, 3 * SOON).await;
    let before: Value = stack.api().summary(&id).await;
    stack.worker().signal(Signal::Continue);
    let calls = server.calls();
    let allowed = ITEMS as u64 + CONCURRENCY + UNREAD;
    assert!(calls <= allowed, "{calls} calls for {ITEMS} items");

    // The first worker learns that its chunks are no longer its own; a second run proves that it works again.
    let mut body = experiments::asked(experiments::inline(experiments::echo_items(20)));
    body["experiment_name"] = json!("after");
    let after = stack.api().create(&body).await;
    stack.api().completed(&after, SOON).await;
    nothing_is_lost_or_doubled(stack.api(), &id, ITEMS).await;
    assert_eq!(stack.api().summary(&id).await, before);
}

#[tokio::test]
async fn a_killed_api_is_missed_by_nobody() {
    let server = slow_echo().await;
    let mut stack = Stack::with_model(&server).await;
    let id = begin(&stack).await;
    server.has_delivered(200, SOON).await;
    stack.take_api().kill();
    server.has_delivered(600, SOON).await;
    stack.start_api().await;
    stack.api().completed(&id, SOON).await;
    nothing_is_lost_or_doubled(stack.api(), &id, ITEMS).await;
    assert_eq!(server.calls(), ITEMS as u64);
}
