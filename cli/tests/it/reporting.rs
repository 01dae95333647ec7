//! `report` and `run --report`: every page of results is read, and the format follows the name of the file.

use std::fs;

use serde_json::{Value, json};

use crate::program::run;
use crate::stub::{Stub, experiment, problem, summary};

fn results(from: u32, right: bool, token: Option<&str>) -> (u16, Value) {
    let result = |id: u32| {
        json!({"model": "a", "result": {
            "item": {"id": format!("item-{id}"), "input": {"prompt": "<b>?"}},
            "state": "ok",
            "output": {"item_id": id.to_string(), "attempts": 1, "answer": {"value": "<b>", "latency_ms": 5.0}},
            "scores": [{"name": "numeric", "value": right, "eval_id": "numeric.v1"}],
        }})
    };
    let mut page = json!({"results": [result(from), result(from + 1)], "complete": true});
    if let Some(token) = token {
        page["next_page_token"] = json!(token);
    }
    (200, page)
}

pub(crate) async fn stub() -> Stub {
    let stub = Stub::start().await;
    stub.on("POST /v1/experiments", [(201, experiment("running", 0))]);
    stub.on(
        "GET /v1/experiments/e1",
        [(200, experiment("completed", 4))],
    );
    stub.on(
        "GET /v1/experiments/e1/summary",
        [(200, summary("completed"))],
    );
    let pages = [results(1, true, Some("t")), results(3, false, None)];
    stub.on("GET /v1/experiments/e1/results", pages);
    stub
}

#[tokio::test]
async fn a_page_tells_of_all_results_of_an_experiment() {
    let stub = stub().await;
    let told = run(&stub, &["report", "e1"]).await;
    assert_eq!(told.code, 0, "{told:?}");
    assert!(told.stdout.starts_with("<!doctype html>"), "{told:?}");
    // The second page was read, and what it holds is text.
    assert!(told.stdout.contains("item-3: false"), "{told:?}");
    assert!(!told.stdout.contains("<b>"), "{told:?}");
    let lines: Vec<String> = stub.requests().into_iter().map(|it| it.line).collect();
    // One run is compared with nothing.
    assert!(
        !lines.iter().any(|line| line.contains("comparisons")),
        "{lines:?}"
    );
    let nobody = run(&stub, &["report", "e1", "--model", "b"]).await;
    assert_eq!(nobody.code, 3, "{nobody:?}");
    assert!(nobody.stderr.contains("no run of that model"), "{nobody:?}");
}

#[tokio::test]
async fn runs_that_cannot_be_compared_are_told_of_side_by_side() {
    let stub = stub().await;
    let mut two = experiment("completed", 4);
    let run_of_b = two["models"][0].clone();
    two["models"].as_array_mut().unwrap().push(run_of_b);
    two["models"][1]["model"] = json!("b");
    stub.on("GET /v1/experiments/e2", [(200, two)]);
    stub.on("GET /v1/experiments/e2/results", [results(1, false, None)]);
    let refusal = problem(422, "invalid", "no scorer in common", json!([]));
    stub.on("GET /v1/comparisons?", [refusal]);
    let told = run(&stub, &["report", "e2", "--format", "markdown"]).await;
    assert_eq!(told.code, 0, "{told:?}");
    assert!(told.stderr.contains("no scorer in common"), "{told:?}");
    assert!(told.stdout.contains("| numeric | b |"), "{told:?}");
}

#[tokio::test]
async fn a_run_ends_with_its_report() {
    let stub = stub().await;
    let folder = tempfile::tempdir().unwrap();
    let (file, page) = (folder.path().join("e.json"), folder.path().join("page.md"));
    fs::write(&file, "{\"experiment_name\": \"sums\", \"config\": {}}").unwrap();
    let arguments = [
        "run",
        file.to_str().unwrap(),
        "--report",
        page.to_str().unwrap(),
    ];
    let told = run(&stub, &arguments).await;
    assert_eq!(told.code, 0, "{told:?}");
    assert!(told.stdout.contains("0.750"), "{told:?}");
    let text = fs::read_to_string(page).unwrap();
    assert!(text.starts_with("# sums\n"), "{text}");
}
