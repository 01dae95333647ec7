//! Commands to an experiment that is there: what they ask the API for, and what they print.

use std::fs;

use serde_json::{Value, json};

use crate::program::run;
use crate::stub::{Stub, experiment};

fn paused() -> Value {
    let mut paused = experiment("paused", 1);
    let waiting_on = json!({"reason": "paused", "detail": "paused by a user: lunch"});
    paused["models"][0]["waiting_on"] = waiting_on.clone();
    paused["waiting_on"] = waiting_on;
    paused
}

#[tokio::test]
async fn a_pause_says_why_and_a_resumption_goes_on() {
    let stub = Stub::start().await;
    stub.on("POST /v1/experiments/e1/pause", [(202, paused())]);
    let resumed = experiment("running", 1);
    stub.on("POST /v1/experiments/e1/resume", [(202, resumed)]);
    let pause = run(&stub, &["pause", "e1", "--reason", "lunch"]).await;
    assert_eq!(pause.code, 0, "{pause:?}");
    let head = pause.stdout.lines().next().unwrap();
    assert_eq!(head, "sums (e1): paused; paused by a user: lunch");
    let resume = run(&stub, &["resume", "e1", "--json"]).await;
    let document: Value = serde_json::from_str(&resume.stdout).unwrap();
    assert_eq!(document["status"], "running");
    assert_eq!(stub.requests()[0].body, json!({"reason": "lunch"}));
}

#[tokio::test]
async fn a_termination_is_asked_for_and_its_end_shown() {
    let stub = Stub::start().await;
    let terminated = experiment("terminated", 1);
    stub.on("POST /v1/experiments/e1/terminate", [(202, terminated)]);
    let run = run(&stub, &["terminate", "e1"]).await;
    assert_eq!(run.code, 0, "{run:?}");
    assert!(run.stdout.contains("terminated"), "{run:?}");
    assert_eq!(stub.requests()[0].body, json!({}));
}

#[tokio::test]
async fn limits_are_sent_as_they_are_named() {
    let stub = Stub::start().await;
    let running = experiment("running", 1);
    stub.on("PATCH /v1/experiments/e1", [(200, running)]);
    let arguments = [
        "limits",
        "e1",
        "--concurrency",
        "7",
        "--requests-per-minute",
        "90.5",
        "--max-cost",
        "12.50",
        "--remove",
        "max-tokens",
        "--remove",
        "max_failure_rate",
    ];
    let limits = run(&stub, &arguments).await;
    assert_eq!(limits.code, 0, "{limits:?}");
    let change = json!({
        "concurrency_limit": 7, "requests_per_minute": 90.5, "max_cost": "12.5",
        "remove": ["max_tokens", "max_failure_rate"],
    });
    assert_eq!(stub.requests()[0].body, change);
    let nothing = run(&stub, &["limits", "e1"]).await;
    assert_eq!(nothing.code, 2, "{nothing:?}");
    let strange = run(&stub, &["limits", "e1", "--remove", "colour"]).await;
    assert_eq!(strange.code, 2, "{strange:?}");
    assert_eq!(stub.requests().len(), 1);
}

#[tokio::test]
async fn rounds_are_begun_with_what_a_file_says() {
    let stub = Stub::start().await;
    for beginning in [
        "POST /v1/experiments/e1/retry",
        "POST /v1/experiments/e1/rescore",
        "POST /v1/experiments/e1/emit",
    ] {
        stub.on(beginning, [(202, experiment("running", 0))]);
    }
    stub.on("GET /v1/experiments/e1", [(200, experiment("failed", 4))]);
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("scorers.yaml");
    fs::write(&file, "scorers: [{type: numeric}]").unwrap();
    let rescore = run(&stub, &["rescore", "e1", "-f", file.to_str().unwrap()]).await;
    assert_eq!(rescore.code, 0, "{rescore:?}");
    assert!(rescore.stdout.contains("running"), "{rescore:?}");
    let scorers = json!({"scorers": [{"type": "numeric"}]});
    assert_eq!(stub.requests()[0].body, scorers);
    assert_eq!(run(&stub, &["emit", "e1"]).await.code, 0);
    // Whoever watches gets the end as the exit code.
    let retry = run(&stub, &["retry", "e1", "--watch"]).await;
    assert_eq!(retry.code, 1, "{retry:?}");
    assert_eq!(stub.requests()[2].line, "POST /v1/experiments/e1/retry");
}

#[tokio::test]
async fn a_configuration_is_printed_as_a_file_to_run() {
    let stub = Stub::start().await;
    let config = json!({"dataset": {"type": "jsonl", "path": "items.jsonl"}, "models": [{"name": "a",
        "adapter": {"type": "recorded"}}], "scorers": [{"type": "exact_match"}]});
    stub.on(
        "GET /v1/experiments/e1",
        [(200, experiment("completed", 2))],
    );
    stub.on("GET /v1/experiments/e1/config", [(200, config)]);
    let printed = run(&stub, &["config", "e1"]).await;
    assert_eq!(printed.code, 0, "{printed:?}");
    let file: Value = serde_json::from_str(&printed.stdout).unwrap();
    assert_eq!(file["experiment_name"], "sums");
    assert_eq!(file["config"]["dataset"]["path"], "items.jsonl");
    assert!(file.get("experiment_id").is_none());
}

#[tokio::test]
async fn the_ledger_shows_each_item_and_the_totals() {
    let stub = Stub::start().await;
    let generated = json!({"answered": 1, "failed": 1, "calls": 5, "lost": 2, "repeated": 0, "cached": 0,
        "cost": "0.25", "usage": {"input_tokens": 12, "output_tokens": 34}});
    let entry = |id: &str| {
        json!({"model": "a", "item_id": id, "calls": 3, "repeated": 0, "attempts": 3, "answered": false,
            "error_kind": "rate_limited", "usage": {"input_tokens": 0, "output_tokens": 0}, "cached": false, "round": 1})
    };
    let page = |entries: Value, token: Option<&str>| {
        let mut page = json!({"experiment_id": "e1", "complete": true, "entries": entries,
            "models": [{"model": "a", "generated": generated}]});
        if let Some(token) = token {
            page["next_page_token"] = json!(token);
        }
        (200, page)
    };
    let first = page(json!([entry("one\u{1b}[31m")]), Some("t"));
    let pages = [first, page(json!([entry("two")]), None)];
    stub.on("GET /v1/experiments/e1/ledger", pages.clone());
    let table = run(&stub, &["ledger", "e1"]).await;
    assert_eq!(table.code, 0, "{table:?}");
    for word in ["one�[31m", "two", "rate_limited", "12 + 34", "0.25"] {
        assert!(table.stdout.contains(word), "{word}: {table:?}");
    }
    let stub = Stub::start().await;
    stub.on("GET /v1/experiments/e1/ledger", pages);
    let json = run(&stub, &["ledger", "e1", "--json", "--model", "a"]).await;
    let ids: Vec<Value> = json
        .stdout
        .lines()
        .map(|line| serde_json::from_str::<Value>(line).unwrap()["item_id"].clone())
        .collect();
    assert_eq!(ids, ["one\u{1b}[31m", "two"]);
    let line = &stub.requests()[1].line;
    let asked = "GET /v1/experiments/e1/ledger?page_size=1000&model=a&page_token=t";
    assert_eq!(line, asked);
}
