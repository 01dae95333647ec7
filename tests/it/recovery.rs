//! A worker may die at any moment, and its work goes on soon.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use futures::future::join_all;
use harness::model_server::Call;
use harness::{ModelServer, Reply, Stack, eventually, experiments, temporal};

use crate::SOON;
use crate::whole::nothing_is_lost_or_doubled;

const ITEMS: usize = 400;

/// Answers after 50 to 150 ms, so that answers come one by one.
async fn slow_echo() -> ModelServer {
    ModelServer::start(Duration::from_millis(50), |call| {
        let wait = Duration::from_millis(chance(index_of(call)) % 100);
        Reply::After(wait, Box::new(Reply::Text(call.prompt.clone())))
    })
    .await
}

/// A number that looks like chance and is the same each time: the generator `splitmix64`.
fn chance(seed: u64) -> u64 {
    let mut number = seed.wrapping_mul(0x9e37_79b9_7f4a_7c15);
    number = (number ^ (number >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    number = (number ^ (number >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    number ^ (number >> 31)
}

fn index_of(call: &Call) -> u64 {
    call.prompt["item-".len()..].parse().unwrap_or_default()
}

/// One run whose worker is killed when `moment` answers are delivered, and started again at once.
async fn dies_at(moment: u64) {
    const CONCURRENCY: u64 = 20;
    // Answers that have come to the worker and that it has not looked at: 20 calls of 100 ms give one each 5 ms, and its
    // threads wait for their turn when several runs go on on a small machine.
    const UNREAD: u64 = 20;
    let server = slow_echo().await;
    let mut stack = Stack::with_model(&server).await;
    let body = experiments::asked_file(&stack, ITEMS, CONCURRENCY);
    let id = stack.api().create(&body).await;
    server.has_delivered(moment, SOON).await;
    stack.take_worker().kill();
    stack.start_worker();
    stack.api().completed(&id, SOON).await;

    nothing_is_lost_or_doubled(stack.api(), &id, ITEMS).await;
    let (repeated, allowed) = (server.repeated(), CONCURRENCY + UNREAD);
    println!("killed after {moment} answers: {repeated} calls repeated");
    assert!(
        repeated <= allowed,
        "killed after {moment} answers: {repeated} calls repeated"
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_worker_may_die_at_any_moment() {
    const SEEDS: u64 = 10;
    const SHARE: u64 = ITEMS as u64 / (SEEDS - 1);
    // A moment in each part of the run: from before the first answer until after the last, when scores and the summary
    // are written.
    let moments = (0..SEEDS).map(|seed| SHARE * seed + chance(seed) % SHARE);
    join_all(moments.map(|moment| dies_at(moment.min(ITEMS as u64)))).await;
}

#[tokio::test]
async fn a_worker_that_is_started_again_soon_asks_for_more() {
    let server = slow_echo().await;
    let mut stack = Stack::with_model(&server).await;
    let body = experiments::asked_file(&stack, ITEMS, 20);
    let id = stack.api().create(&body).await;
    server.has_delivered(200, SOON).await;
    stack.take_worker().kill();
    // What the dead worker has sent is seen before what the next one sends.
    eventually("no call is in flight", SOON, async || {
        match server.in_flight() {
            0 => Ok(()),
            calls => Err(format!("{calls} calls")),
        }
    })
    .await;
    let before = server.calls();
    let start = Instant::now();
    stack.start_worker();
    let deadline = Duration::from_secs(20);
    eventually("the next call comes", deadline, async || {
        match server.calls() > before {
            true => Ok(()),
            false => Err(format!("{before} calls")),
        }
    })
    .await;
    println!("the next call after a restart: {:?}", start.elapsed());
    stack.api().completed(&id, SOON).await;
    nothing_is_lost_or_doubled(stack.api(), &id, ITEMS).await;
}

#[tokio::test]
async fn a_worker_that_never_returns_is_soon_replaced_by_the_others() {
    let answering = Arc::new(AtomicBool::new(false));
    let gate = Arc::clone(&answering);
    let server = ModelServer::start(Duration::ZERO, move |call| {
        match gate.load(Ordering::Relaxed) {
            true => Reply::Text(call.prompt.clone()),
            false => Reply::Silence,
        }
    })
    .await;
    let mut stack = Stack::with_model(&server).await;
    let body = experiments::asked_file(&stack, ITEMS, 20);
    let id = stack.api().create(&body).await;
    // All calls in flight are those of the first worker, and none of them ends.
    eventually("the first worker is busy", SOON, async || {
        match server.in_flight() {
            20 => Ok(()),
            calls => Err(format!("{calls} calls")),
        }
    })
    .await;
    stack.start_worker();
    let temporal = temporal::shared().await;
    eventually("both workers ask for work", SOON, async || {
        match temporal.workers_on(&stack.task_queue).await {
            2 => Ok(()),
            count => Err(format!("{count} workers")),
        }
    })
    .await;
    answering.store(true, Ordering::Relaxed);
    let start = Instant::now();
    stack.take_worker().kill();
    let deadline = Duration::from_secs(40);
    eventually(
        "its calls are made again",
        deadline,
        async || match server.repeated() {
            0 => Err(format!("{} calls", server.calls())),
            _ => Ok(()),
        },
    )
    .await;
    println!("the next call after a death: {:?}", start.elapsed());
    stack.api().completed(&id, SOON).await;
    nothing_is_lost_or_doubled(stack.api(), &id, ITEMS).await;
    assert_eq!(server.repeated(), 20);
}
