//! Following an experiment: to its end, which decides the exit code, and through times when the API is away.

use std::fs;

use serde_json::{Value, json};

use crate::program::run;
use crate::stub::{Stub, experiment, problem, summary};

fn away() -> (u16, Value) {
    problem(503, "unavailable", "Temporal is away", json!([]))
}

#[tokio::test]
async fn a_change_is_a_line_and_the_end_is_the_exit_code() {
    let stub = Stub::start().await;
    let states = [
        ("running", 1),
        ("running", 1),
        ("running", 3),
        ("completed", 4),
    ];
    stub.on(
        "GET /v1/experiments/e1",
        states.map(|(status, done)| (200, experiment(status, done))),
    );
    let run = run(&stub, &["status", "e1", "--watch"]).await;
    assert_eq!(run.code, 0, "{run:?}");
    let lines: Vec<&str> = run.stdout.lines().collect();
    assert_eq!(
        lines,
        [
            "sums (e1): running",
            "  a: evaluating, 1/4 items, numeric 0.750 [0.301, 0.954]",
            "  a: evaluating, 3/4 items, numeric 0.750 [0.301, 0.954]",
            "sums (e1): completed",
            "  a: completed, 4/4 items, numeric 0.750 [0.301, 0.954]",
        ]
    );
}

#[tokio::test]
async fn a_program_gets_the_experiment_at_each_change() {
    let stub = Stub::start().await;
    let states = [("running", 1), ("running", 1), ("cancelled", 2)];
    stub.on(
        "GET /v1/experiments/e1",
        states.map(|(status, done)| (200, experiment(status, done))),
    );
    let run = run(&stub, &["status", "e1", "--watch", "--json"]).await;
    assert_eq!(run.code, 1, "{run:?}");
    let statuses: Vec<Value> = run
        .stdout
        .lines()
        .map(|line| serde_json::from_str::<Value>(line).unwrap()["status"].clone())
        .collect();
    assert_eq!(statuses, ["running", "cancelled"]);
}

#[tokio::test]
async fn a_run_that_is_watched_ends_with_its_scores() {
    let stub = Stub::start().await;
    stub.on("POST /v1/experiments", [(201, experiment("running", 0))]);
    stub.on("GET /v1/experiments/e1", [(200, experiment("failed", 4))]);
    stub.on("GET /v1/experiments/e1/summary", [(200, summary("failed"))]);
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("experiment.json");
    fs::write(&file, r#"{"experiment_name": "sums"}"#).unwrap();
    let run = run(&stub, &["run", file.to_str().unwrap(), "--watch"]).await;
    assert_eq!(run.code, 1, "{run:?}");
    assert!(run.stdout.contains("\na\t"), "{run:?}");
    assert!(run.stdout.ends_with("a: failed\n"), "{run:?}");
}

#[tokio::test]
async fn the_api_may_be_away_for_a_while() {
    let stub = Stub::start().await;
    stub.on(
        "GET /v1/experiments/e1",
        [
            (200, experiment("running", 1)),
            away(),
            away(),
            (200, experiment("completed", 4)),
        ],
    );
    let run = run(&stub, &["status", "e1", "--watch"]).await;
    assert_eq!(run.code, 0, "{run:?}");
    assert_eq!(
        run.stderr,
        "Temporal is away (HTTP 503); trying for 1 min 00 s more\n"
    );
}

#[tokio::test]
async fn patience_with_the_api_has_an_end() {
    let stub = Stub::start().await;
    stub.on(
        "GET /v1/experiments/e1",
        [(200, experiment("running", 1)), away()],
    );
    let run = run(&stub, &["status", "e1", "--watch", "--patience", "1s"]).await;
    assert_eq!(run.code, 3, "{run:?}");
    assert!(run.stderr.contains("the experiment goes on"), "{run:?}");
}

#[tokio::test]
async fn a_cancellation_that_is_waited_for_succeeds_with_the_end() {
    let stub = Stub::start().await;
    stub.on(
        "POST /v1/experiments/e1/cancel",
        [(202, experiment("running", 1))],
    );
    stub.on(
        "GET /v1/experiments/e1",
        [
            (200, experiment("running", 1)),
            (200, experiment("cancelled", 1)),
        ],
    );
    let run = run(&stub, &["cancel", "e1", "--wait"]).await;
    assert_eq!(run.code, 0, "{run:?}");
    assert!(run.stdout.contains("cancelled"), "{run:?}");
}
