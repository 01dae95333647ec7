//! What is said, and with which exit code, when an input is bad or the API is not well.

use std::fs;
use std::net::TcpListener;

use serde_json::{Value, json};

use crate::program::{Run, run, run_alone};
use crate::stub::{Stub, problem};

const GOOD: &str = "{experiment_name: n, config: {adapter: {type: recorded}, models: [{name: a}], scorers: [{type: regex, pattern: x}],
  dataset: {type: inline, items: [{id: '1', input: {}, output: x}]}}}";

async fn with_file(stub: Option<&Stub>, text: &str, command: &[&str]) -> Run {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("experiment.yaml");
    fs::write(&file, text).unwrap();
    let mut args = command.to_vec();
    args.push(file.to_str().unwrap());
    match stub {
        Some(stub) => run(stub, &args).await,
        None => run_alone(&args).await,
    }
}

fn nobody() -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    format!("http://{}", listener.local_addr().unwrap())
}

#[tokio::test]
async fn a_refused_experiment_is_shown_with_every_fault() {
    let stub = Stub::start().await;
    let faults = json!([
        {"pointer": "/config/models", "message": "too few"},
        {"pointer": "/config/scorers/0", "message": "unknown"},
    ]);
    stub.on(
        "POST /v1/experiments",
        [problem(422, "invalid", "the input has 2 faults", faults)],
    );
    let run = with_file(Some(&stub), GOOD, &["run"]).await;
    assert_eq!(run.code, 2, "{run:?}");
    assert_eq!(
        run.stderr,
        "error: the input has 2 faults (HTTP 422)\n  /config/models: too few\n  /config/scorers/0: unknown\n  (request req-1)\n"
    );
}

#[tokio::test]
async fn a_fault_of_the_file_is_told_with_its_line() {
    let run = with_file(None, "a: 1\na: 2\n", &["run"]).await;
    assert_eq!(run.code, 2, "{run:?}");
    assert!(
        run.stderr.contains("duplicate") && run.stderr.contains('2'),
        "{run:?}"
    );
}

#[tokio::test]
async fn a_file_that_is_not_there_is_wrong_usage() {
    let run = run_alone(&["run", "/nowhere/file.yaml"]).await;
    assert_eq!(run.code, 2, "{run:?}");
    assert!(run.stderr.contains("/nowhere/file.yaml"), "{run:?}");
}

#[tokio::test]
async fn an_unknown_experiment_is_the_callers_fault() {
    let stub = Stub::start().await;
    let run = run(&stub, &["status", "e9"]).await;
    assert_eq!(run.code, 2, "{run:?}");
    assert!(
        run.stderr.contains("there is no such thing (HTTP 404)"),
        "{run:?}"
    );
}

#[tokio::test]
async fn an_id_that_leads_elsewhere_is_never_asked_for() {
    let stub = Stub::start().await;
    let run = run(&stub, &["status", ".."]).await;
    assert_eq!(run.code, 2, "{run:?}");
    assert!(stub.requests().is_empty());
}

#[tokio::test]
async fn a_failing_api_and_none_at_all_are_told_apart_from_a_refusal() {
    let stub = Stub::start().await;
    stub.on(
        "GET /v1/experiments",
        [problem(503, "unavailable", "Temporal is away", json!([]))],
    );
    let failing = run(&stub, &["list"]).await;
    assert_eq!(failing.code, 3, "{failing:?}");
    assert!(failing.stderr.contains("Temporal is away"), "{failing:?}");
    let absent = run_alone(&["--api", &nobody(), "list"]).await;
    assert_eq!(absent.code, 3, "{absent:?}");
    assert!(absent.stderr.contains("does not answer"), "{absent:?}");
}

#[tokio::test]
async fn something_else_at_the_address_is_not_taken_for_the_api() {
    let stub = Stub::start().await;
    stub.on("GET /v1/experiments", [(200, json!({"hello": "world"}))]);
    let run = run(&stub, &["list"]).await;
    assert_eq!(run.code, 3, "{run:?}");
    assert!(run.stderr.contains("is the address right?"), "{run:?}");
}

#[tokio::test]
async fn a_valid_file_is_also_checked_by_the_api() {
    let stub = Stub::start().await;
    stub.on(
        "POST /v1/experiments?validate_only=true",
        [(200, json!({"valid": true}))],
    );
    let run = with_file(Some(&stub), GOOD, &["validate"]).await;
    assert_eq!(
        (run.code, run.stdout.as_str()),
        (0, "the experiment is valid\n"),
        "{run:?}"
    );
    assert_eq!(stub.requests().len(), 1);
}

#[tokio::test]
async fn the_faults_that_the_api_finds_count() {
    let stub = Stub::start().await;
    let faults = json!([{"pointer": "/config", "message": "not today"}]);
    stub.on(
        "POST /v1/experiments?validate_only=true",
        [problem(422, "invalid", "a fault", faults)],
    );
    let run = with_file(Some(&stub), GOOD, &["validate", "--json"]).await;
    assert_eq!(run.code, 2, "{run:?}");
    let verdict: Value = serde_json::from_str(&run.stdout).unwrap();
    assert_eq!(verdict["errors"][0]["message"], "not today");
    assert_eq!(verdict["checked_by_api"], true);
}

#[tokio::test]
async fn without_the_api_the_rules_known_here_are_checked() {
    let api = nobody();
    let bad = GOOD.replace("models: [{name: a}]", "models: []");
    let faulty = with_file(None, &bad, &["--api", &api, "validate"]).await;
    assert_eq!(faulty.code, 2, "{faulty:?}");
    assert!(faulty.stdout.contains("/config/models: "), "{faulty:?}");
    assert!(
        faulty.stderr.contains("only the rules known here"),
        "{faulty:?}"
    );
    let good = with_file(None, GOOD, &["--api", &api, "validate"]).await;
    assert_eq!(good.code, 0, "{good:?}");
}
