//! A run survives a full disk, a clock that jumps, and a provider that has every trouble at once.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use harness::faults::Faults;
use harness::model_server::Call;
use harness::{ModelServer, Reply, Stack, eventually, experiments, temporal};
use serde_json::json;

use crate::SOON;
use crate::whole::nothing_is_lost_or_doubled;

const HOUR: i64 = 3600;
const ITEMS: usize = 600;
const CONCURRENCY: u64 = 20;

async fn slow_echo() -> ModelServer {
    ModelServer::start(Duration::from_millis(50), |call| {
        Reply::Text(call.prompt.clone())
    })
    .await
}

async fn faulty(server: &ModelServer) -> (Stack, Faults) {
    let mut stack = Stack::prepare(temporal::shared().await).await;
    let faults = stack.with_faults().await;
    stack.provider("test", &server.base_url());
    stack.start_api().await;
    stack.start_worker();
    (stack, faults)
}

#[tokio::test]
async fn a_disk_that_is_full_for_a_while_costs_no_call() {
    let server = slow_echo().await;
    let (stack, faults) = faulty(&server).await;
    let body = experiments::asked_file(&stack, ITEMS, CONCURRENCY);
    let id = stack.api().create(&body).await;
    server.has_delivered(200, SOON).await;
    faults.disk_full(true);
    eventually(
        "writes are refused, again and again",
        SOON,
        async || match faults.refused_writes() {
            5.. => Ok(()),
            refused => Err(format!("{refused} writes")),
        },
    )
    .await;
    server.left_alone(SOON).await;
    let waiting = stack.api().experiment(&id).await;
    assert_eq!(waiting["status"], "running", "{waiting}");
    // What needs the disk is refused as long as it is full, and says that it may work later.
    let inline = experiments::asked(experiments::inline(experiments::echo_items(5)));
    let refused = stack.api().post("/v1/experiments", &inline).await;
    assert_eq!(refused.status, 503, "{}", refused.text);
    assert_eq!(refused.problem()["code"], "unavailable");

    faults.disk_full(false);
    stack.api().completed(&id, 2 * SOON).await;
    nothing_is_lost_or_doubled(stack.api(), &id, ITEMS).await;
    assert_eq!(server.calls(), ITEMS as u64);
    let next = stack.api().create(&inline).await;
    stack.api().completed(&next, SOON).await;
}

#[tokio::test]
async fn a_worker_that_dies_while_the_disk_is_full_costs_only_what_could_not_be_written() {
    let server = slow_echo().await;
    let (mut stack, faults) = faulty(&server).await;
    let body = experiments::asked_file(&stack, ITEMS, CONCURRENCY);
    let id = stack.api().create(&body).await;
    server.has_delivered(200, SOON).await;
    faults.disk_full(true);
    let written = server.delivered();
    eventually("writes are refused", SOON, async || {
        match faults.refused_writes() {
            1.. => Ok(()),
            refused => Err(format!("{refused} writes")),
        }
    })
    .await;
    stack.take_worker().kill();
    let lost = server.calls() - written;
    faults.disk_full(false);
    stack.start_worker();
    stack.api().completed(&id, 2 * SOON).await;
    nothing_is_lost_or_doubled(stack.api(), &id, ITEMS).await;
    // Beside what came in while nothing could be written: what was in flight, or answered during one write, before.
    let (repeated, allowed) = (server.repeated(), lost + 2 * CONCURRENCY);
    assert!(repeated <= allowed, "{repeated} calls, {lost} lost");
}

/// Sets the clocks of both programs wrong in the middle of one run, and right again in the middle of another.
async fn outlives_jumps_of_the_clock(shift: i64) {
    let server = slow_echo().await;
    let (stack, faults) = faulty(&server).await;
    let body = experiments::asked_file(&stack, ITEMS, CONCURRENCY);
    let first = stack.api().create(&body).await;
    server.has_delivered(200, SOON).await;
    faults.shift_clock(shift);
    let second = stack.api().create(&body).await;
    // More than the first run asks for.
    server.has_delivered(ITEMS as u64 + 200, SOON).await;
    faults.shift_clock(0);

    for id in [&first, &second] {
        stack.api().completed(id, SOON).await;
        nothing_is_lost_or_doubled(stack.api(), id, ITEMS).await;
        for result in stack.api().results(id, "page_size=500").await {
            let latency = &result["result"]["output"]["answer"]["latency_ms"];
            let plausible = (50.0..60_000.0).contains(&latency.as_f64().unwrap());
            assert!(plausible, "the jump is in a latency: {latency}");
        }
    }
    assert_eq!(server.calls(), 2 * ITEMS as u64);
    for log in ["api.log", "worker-0.log"] {
        let log = std::fs::read_to_string(stack.folder().join(log)).unwrap();
        let wrong = log.lines().any(|line| is_off_by(line, shift));
        assert!(wrong, "its clock was never wrong: {log}");
    }
}

/// Whether a line of a log was written at a clock that is off by about so many seconds.
fn is_off_by(line: &str, shift: i64) -> bool {
    const DAY: i64 = 24 * HOUR;
    // Such as `2026-01-31T12:34:56.789Z`.
    let time = line.get(11..19).unwrap_or_default();
    let parts: Option<Vec<i64>> = time.split(':').map(|part| part.parse().ok()).collect();
    let Some(&[hours, minutes, seconds]) = parts.as_deref() else {
        return false;
    };
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap();
    let off = hours * HOUR + minutes * 60 + seconds - now.as_secs() as i64 - shift;
    let off = (off + DAY / 2).rem_euclid(DAY) - DAY / 2;
    off.abs() < HOUR / 4
}

#[tokio::test]
async fn a_clock_that_jumps_ahead_by_an_hour_and_back_costs_no_call() {
    outlives_jumps_of_the_clock(HOUR).await;
}

#[tokio::test]
async fn a_clock_that_jumps_back_by_an_hour_and_ahead_costs_no_call() {
    outlives_jumps_of_the_clock(-HOUR).await;
}

/// One in ten calls has one of the troubles that pass, and each item at most one.
fn troubled(call: &Call) -> Reply {
    let index: usize = call.prompt["item-".len()..].parse().unwrap_or_default();
    let answer = Reply::Text(call.prompt.clone());
    match (call.nth, index % 50) {
        (1, 3) => Reply::Refuse(500),
        (1, 13) => Reply::SlowDown(1),
        (1, 23) => Reply::HangUp,
        (1, 33) => Reply::Silence,
        (1, 43) => Reply::After(Duration::from_millis(500), Box::new(Reply::Refuse(503))),
        _ => answer,
    }
}

#[tokio::test]
async fn a_provider_with_every_trouble_that_passes_is_asked_once_more_for_each() {
    let server = ModelServer::start(Duration::from_millis(20), troubled).await;
    let stack = Stack::with_model(&server).await;
    let mut body = experiments::asked_file(&stack, ITEMS, CONCURRENCY);
    body["config"]["execution"]["call_timeout"] = json!("2s");
    let id = stack.api().create(&body).await;
    stack.api().completed(&id, SOON).await;
    nothing_is_lost_or_doubled(stack.api(), &id, ITEMS).await;
    assert_eq!(server.repeated(), ITEMS as u64 / 10);
    let asked = server.asked_of("echo");
    assert!(asked.values().all(|count| *count <= 2), "{asked:?}");
}
