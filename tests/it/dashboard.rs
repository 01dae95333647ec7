//! The dashboard shows in a browser what the API tells, to everybody who may see it.
//!
//! `dashboard/drive.mjs` uses it in headless Chromium, case by case.

use std::collections::BTreeSet;
use std::process::Command;
use std::time::Duration;

use harness::temporal::TemporalServer;
use harness::{ModelServer, Reply, Stack, programs, tools};

use crate::operations::key;

/// Every case of the driver.
const CASES: [&str; 15] = [
    "a key is asked for",
    "experiments are found",
    "a run is followed from the list to its end",
    "a broken stream is taken up again",
    "scores have intervals and distributions",
    "items are found and opened",
    "models are compared",
    "an experiment is created",
    "a run is held and ended",
    "what is not allowed is told",
    "a schedule is held",
    "hostile text stays text",
    "a phone is wide enough",
    "a keyboard suffices",
    "axe finds nothing",
];

/// Doubles `n` of `n + n`. The model `poor` is mostly wrong and refuses some; `slow` takes its time.
async fn adder() -> ModelServer {
    ModelServer::start(Duration::from_millis(5), |call| {
        let number = call.prompt.split(' ').next();
        let number: u32 = number.and_then(|n| n.parse().ok()).unwrap_or_default();
        let sum = Reply::Text((number * 2).to_string());
        match call.model.as_str() {
            "poor" if number % 10 == 7 => Reply::RefuseWith(400, "<b>not</b> that one".to_owned()),
            "poor" if !number.is_multiple_of(3) => Reply::Text((number * 2 + 1).to_string()),
            "slow" => Reply::After(Duration::from_millis(100), Box::new(sum)),
            _ => sum,
        }
    })
    .await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_dashboard_can_be_used_in_a_browser() {
    let tests = programs::repository().join("tests/dashboard");
    let modules = tools::node(&tests).join("node_modules");
    let server = adder().await;
    // A server of its own: the page lists all experiments there are.
    let temporal = TemporalServer::private().await;
    temporal.start().await;
    let mut stack = Stack::prepare(&temporal).await;
    stack.provider("test", &server.base_url());
    let (write_key, write) = key("operator", "write");
    let (read_key, read) = key("visitor", "read");
    let keys = stack.folder().join("keys.toml");
    std::fs::write(&keys, write + &read).unwrap();
    stack.set("API_KEYS", keys.to_str().unwrap());
    stack.start_api().await;
    stack.start_worker();
    let mut driver = Command::new("node");
    driver.arg(tests.join("drive.mjs")).arg(modules);
    driver.args([stack.api().base(), &write_key, &read_key]);
    let printed = tools::run(&mut driver);
    let shown = printed
        .lines()
        .filter_map(|line| line.strip_prefix("shown "));
    let shown: BTreeSet<&str> = shown.collect();
    assert_eq!(shown, BTreeSet::from(CASES), "{printed}");
}

#[test]
fn the_library_of_the_page_is_the_published_one() {
    let repository = programs::repository();
    let modules = tools::node(&repository.join("tests/dashboard")).join("node_modules");
    let published = std::fs::read(modules.join("htm/preact/standalone.module.js")).unwrap();
    let kept = std::fs::read(repository.join("api/dashboard/vendor/htm-preact.js")).unwrap();
    assert!(kept == published, "copy htm/preact/standalone.module.js");
}
