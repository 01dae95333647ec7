//! A provider that is away, or asks for less, costs no item its answer; items that always fail cost the others nothing.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use harness::model_server::Call;
use harness::{Client, ModelServer, Reply, Stack, experiments};
use serde_json::{Value, json};

use crate::SOON;
use crate::whole::nothing_is_lost_or_doubled;

const ITEMS: usize = 300;
const CONCURRENCY: u64 = 10;
const LATENCY: Duration = Duration::from_millis(20);

/// Calls that fail before a provider is taken for away, and those in flight at that moment.
const UNTIL_AWAY: u64 = 10 + 2 * CONCURRENCY;

fn echo(call: &Call) -> Reply {
    Reply::Text(call.prompt.clone())
}

fn index_of(call: &Call) -> usize {
    call.prompt["item-".len()..].parse().unwrap_or_default()
}

/// Waits until the run says that its provider is away; it has given no item up.
async fn waits_for_its_provider(api: &Client, id: &str) {
    let waiting = api
        .wait_until(id, "waits for its provider", SOON, |experiment| {
            experiment["waiting_on"]["reason"] == "provider"
        })
        .await;
    assert_eq!(waiting["status"], "running", "{waiting}");
    assert_eq!(waiting["models"][0]["generated"]["failed"], 0, "{waiting}");
}

#[tokio::test]
async fn a_provider_that_refuses_everything_for_a_while_costs_no_item() {
    const AWAY_FOR: Duration = Duration::from_secs(10);
    let (is_away, refused) = (
        Arc::new(AtomicBool::new(false)),
        Arc::new(AtomicU64::new(0)),
    );
    let (away, refusals) = (Arc::clone(&is_away), Arc::clone(&refused));
    let server = ModelServer::start(LATENCY, move |call| {
        if !away.load(Ordering::Relaxed) {
            return echo(call);
        }
        refusals.fetch_add(1, Ordering::Relaxed);
        Reply::Refuse(503)
    })
    .await;
    let stack = Stack::with_model(&server).await;
    let body = experiments::asked_file(&stack, ITEMS, CONCURRENCY);
    let id = stack.api().create(&body).await;
    server.has_delivered(100, SOON).await;
    is_away.store(true, Ordering::Relaxed);
    waits_for_its_provider(stack.api(), &id).await;
    tokio::time::sleep(AWAY_FOR).await;
    // Probes come after one second, two, four and eight.
    let refused = refused.load(Ordering::Relaxed);
    assert!(refused <= UNTIL_AWAY + 5, "{refused} calls were refused");
    waits_for_its_provider(stack.api(), &id).await;

    is_away.store(false, Ordering::Relaxed);
    stack.api().completed(&id, SOON).await;
    nothing_is_lost_or_doubled(stack.api(), &id, ITEMS).await;
}

#[tokio::test]
async fn a_provider_that_cannot_be_reached_for_a_while_costs_no_item() {
    // Longer than a worker keeps the work of a provider that is away.
    const AWAY_FOR: Duration = Duration::from_secs(35);
    let server = ModelServer::start(LATENCY, echo).await;
    let port = server.port();
    let stack = Stack::with_model(&server).await;
    let body = experiments::asked_file(&stack, ITEMS, CONCURRENCY);
    let id = stack.api().create(&body).await;
    server.has_delivered(100, SOON).await;
    drop(server);
    waits_for_its_provider(stack.api(), &id).await;
    tokio::time::sleep(AWAY_FOR).await;
    waits_for_its_provider(stack.api(), &id).await;

    let server = ModelServer::start_at(port, LATENCY, echo).await;
    stack.api().completed(&id, 2 * SOON).await;
    nothing_is_lost_or_doubled(stack.api(), &id, ITEMS).await;
    // What the first has answered is not asked of the second.
    assert!(
        server.calls() <= ITEMS as u64 - 100 + 2 * CONCURRENCY,
        "{}",
        server.calls()
    );
}

#[tokio::test]
async fn a_provider_that_takes_fewer_calls_at_once_is_asked_for_fewer() {
    const TAKEN: u32 = 8;
    const EAGER: u64 = 40;
    let in_flight = Arc::new(Mutex::new(Vec::new()));
    let seen = Arc::clone(&in_flight);
    let server = ModelServer::start(Duration::ZERO, move |call| {
        seen.lock().unwrap().push(call.in_flight);
        match call.in_flight {
            ..=TAKEN => Reply::After(Duration::from_millis(50), Box::new(echo(call))),
            _ => Reply::SlowDown(1),
        }
    })
    .await;
    let stack = Stack::with_model(&server).await;
    let body = experiments::asked_file(&stack, ITEMS, EAGER);
    let id = stack.api().create(&body).await;
    stack.api().completed(&id, 2 * SOON).await;
    nothing_is_lost_or_doubled(stack.api(), &id, ITEMS).await;
    let in_flight = in_flight.lock().unwrap();
    let most = |calls: &[u32]| calls.iter().copied().max().unwrap_or_default();
    let (early, late) = in_flight.split_at(in_flight.len() / 2);
    println!(
        "{} calls; at most {} in flight, then {}",
        in_flight.len(),
        most(early),
        most(late)
    );
    assert!(most(early) > TAKEN, "it was never asked for too many");
    assert!(most(late) <= 2 * TAKEN, "{} in flight", most(late));
    let refused = in_flight.len() - ITEMS;
    assert!(refused <= ITEMS / 2, "{refused} calls were refused");
}

/// A run of which every third item is refused, with a rate of failures that it may have.
async fn with_failures(max_failure_rate: f64) -> (Stack, ModelServer, String, Value) {
    let server = ModelServer::start(LATENCY, |call| match index_of(call) % 3 {
        0 => Reply::Refuse(400),
        _ => echo(call),
    })
    .await;
    let stack = Stack::with_model(&server).await;
    let mut body = experiments::asked_file(&stack, 600, CONCURRENCY);
    body["config"]["execution"]["max_failure_rate"] = json!(max_failure_rate);
    let id = stack.api().create(&body).await;
    let ended = stack.api().ended(&id, SOON).await;
    (stack, server, id, ended)
}

#[tokio::test]
async fn a_run_with_more_failures_than_it_may_have_ends_early_and_says_so() {
    let (stack, server, id, ended) = with_failures(0.1).await;
    assert_eq!(ended["status"], "failed", "{ended}");
    let reason = ended["reason"].as_str().unwrap_or_default();
    assert!(reason.contains("`max_failure_rate` of 0.1"), "{reason}");
    let calls = server.calls();
    assert!(calls <= 200, "{calls} calls");
    // What was answered is kept and scored.
    let summary = stack.api().summary(&id).await;
    let states = &summary["models"][0]["states"];
    assert!(states["ok"].as_u64() > Some(0), "{summary}");
    assert!(states["skipped"].as_u64() >= Some(400), "{summary}");
}

#[tokio::test]
async fn a_run_with_as_many_failures_as_it_may_have_completes_and_shows_them() {
    let (stack, server, id, ended) = with_failures(0.5).await;
    assert_eq!(ended["status"], "completed", "{ended}");
    assert_eq!(server.calls(), 600);
    let summary = stack.api().summary(&id).await;
    let states = &summary["models"][0]["states"];
    assert_eq!(states["generation_failed"], 200, "{summary}");
    assert_eq!(states["ok"], 400, "{summary}");
}

#[tokio::test]
async fn items_that_always_fail_are_given_up_and_the_others_are_not_asked_again() {
    const ATTEMPTS: u32 = 4;
    let always_fails = |index: usize| index % 7 == 3;
    let server = ModelServer::start(LATENCY, move |call| match always_fails(index_of(call)) {
        true => Reply::Refuse(500),
        false => echo(call),
    })
    .await;
    let stack = Stack::with_model(&server).await;
    let mut body = experiments::asked_file(&stack, 20, CONCURRENCY);
    body["config"]["retry"]["maximum_attempts"] = json!(ATTEMPTS);
    let id = stack.api().create(&body).await;
    stack.api().completed(&id, SOON).await;
    for (prompt, asked) in server.asked_of("echo") {
        let index: usize = prompt["item-".len()..].parse().unwrap();
        let expected = if always_fails(index) { ATTEMPTS } else { 1 };
        assert_eq!(asked, expected, "{prompt}");
    }
    let summary = stack.api().summary(&id).await;
    let states = &summary["models"][0]["states"];
    assert_eq!(states["generation_failed"], 3, "{summary}");
    assert_eq!(states["ok"], 17, "{summary}");
}
