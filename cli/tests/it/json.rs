//! With `--json`, whatever a command prints is for programs: one document, or one a line.

use std::collections::BTreeSet;
use std::fs;

use serde_json::{Value, json};

use crate::comparing::comparison;
use crate::program::{run, run_alone};
use crate::reporting;
use crate::schedules::schedule;
use crate::stub::{Stub, experiment};

/// What prints something else, and why.
const OTHERS: [&str; 4] = [
    // Runs until it is stopped.
    "dev",
    // Prints the file itself, or that it has written it: `tests/it/exports.rs`.
    "export",
    // Asks for a Temporal server: `tests/it/lists.rs`.
    "setup",
    // A script, for a shell.
    "completions",
];

/// The commands below one, by its help.
async fn below(path: &[&str]) -> Vec<String> {
    let help = run_alone(&[path, &["--help"]].concat()).await;
    let commands = help.stdout.lines().skip_while(|line| *line != "Commands:");
    let commands = commands.skip(1).take_while(|line| !line.is_empty());
    // What goes on on another line is further in.
    let names = commands.filter_map(|line| line.strip_prefix("  ")?.split(' ').next());
    let names = names.filter(|name| !name.is_empty() && *name != "help");
    names.map(str::to_owned).collect()
}

/// Every command that does something.
async fn commands() -> BTreeSet<String> {
    let mut all = BTreeSet::new();
    for command in below(&[]).await {
        let below = below(&[&command]).await;
        match below.is_empty() {
            true => all.insert(command),
            false => {
                all.extend(below.iter().map(|name| format!("{command} {name}")));
                continue;
            }
        };
    }
    all
}

/// A stub that answers whatever is asked below.
async fn stub() -> Stub {
    let stub = reporting::stub().await;
    let completed = || [(202, experiment("completed", 4))];
    stub.on(
        "POST /v1/experiments?validate_only=true",
        [(200, json!({"valid": true}))],
    );
    for command in [
        "cancel",
        "pause",
        "resume",
        "terminate",
        "retry",
        "rescore",
        "emit",
    ] {
        stub.on(
            format!("POST /v1/experiments/e1/{command}").leak(),
            completed(),
        );
    }
    stub.on("PATCH /v1/experiments/e1", completed());
    let page = json!({"experiments": [{
        "id": "e1", "experiment_name": "sums", "status": "completed", "models": ["a"],
        "created_at": "2026-01-02T03:04:05Z", "links": crate::stub::links(),
    }]});
    stub.on("GET /v1/experiments?", [(200, page)]);
    let config = json!({"dataset": {"type": "jsonl", "path": "a.jsonl"}, "adapter": {"type": "recorded"},
        "models": [{"name": "a"}], "scorers": [{"type": "exact_match"}]});
    stub.on("GET /v1/experiments/e1/config", [(200, config)]);
    let breakdown = json!({"experiment_id": "e1", "complete": true, "estimates": [], "seed": 0});
    stub.on("GET /v1/experiments/e1/breakdown", [(200, breakdown)]);
    let ledger = json!({"experiment_id": "e1", "complete": true, "models": [], "entries": [{
        "model": "a", "item_id": "1", "calls": 1, "repeated": 0, "attempts": 1, "answered": true,
        "usage": {"input_tokens": 0, "output_tokens": 0}, "cached": false, "round": 0,
    }]});
    stub.on("GET /v1/experiments/e1/ledger", [(200, ledger)]);
    stub.on("GET /v1/comparisons?", [(200, comparison(-0.2))]);
    datasets(&stub);
    schedules(&stub);
    discovery(&stub);
    stub
}

fn datasets(stub: &Stub) {
    let version = json!({"name": "d", "version": "00", "format": "jsonl", "bytes": 3, "received": 3,
        "complete": true, "created_at": "2026-01-02T03:04:05Z"});
    stub.on("POST /v1/datasets", [(201, version.clone())]);
    stub.on("GET /v1/datasets", [(200, json!({"datasets": [version]}))]);
    stub.on(
        "GET /v1/datasets/d",
        [(200, json!({"versions": [version]}))],
    );
    let sample = json!({"name": "d", "version": "00", "format": "jsonl", "more": false,
        "rows": [{"line": 1, "row": {"q": 1}, "fault": "it has no `id`"}]});
    stub.on("GET /v1/datasets/d/sample", [(200, sample)]);
}

fn schedules(stub: &Stub) {
    stub.on("POST /v1/schedules", [(202, schedule(false))]);
    stub.on("PATCH /v1/schedules/nightly", [(200, schedule(false))]);
    stub.on("GET /v1/schedules/nightly", [(200, schedule(false))]);
    stub.on("DELETE /v1/schedules/nightly", [(204, json!(null))]);
    stub.on(
        "GET /v1/schedules",
        [(200, json!({"schedules": [schedule(false)]}))],
    );
}

fn discovery(stub: &Stub) {
    let queue = json!({"name": "q", "live": false});
    stub.on("GET /v1/scorers", [(200, json!({"scorers": []}))]);
    stub.on("GET /v1/adapters", [(200, json!({"adapters": []}))]);
    stub.on(
        "GET /v1/providers",
        [(200, json!({"providers": [], "task_queue": queue}))],
    );
    let webhook = json!({"name": "ci", "announced_at": "2026-01-02T03:04:05Z"});
    stub.on("GET /v1/webhooks", [(200, json!({"webhooks": [webhook]}))]);
    let tested = json!({"webhook": "ci", "delivered": true, "message_id": "m", "duration_ms": 3});
    stub.on("POST /v1/webhooks/ci/test", [(200, tested)]);
    stub.on("GET /v1/task-queues/q", [(200, queue)]);
}

#[tokio::test]
async fn every_command_that_prints_something_prints_json_when_asked_to() {
    let stub = stub().await;
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("a.yaml");
    fs::write(&file, "experiment_name: sums\nconfig: {}\n").unwrap();
    let file = file.to_str().unwrap();
    let rows = folder.path().join("a.jsonl");
    fs::write(&rows, "{}\n").unwrap();
    let rows = rows.to_str().unwrap();
    let rule = ["--rule", "mean(numeric) >= 0"];
    let calls: &[(&str, &[&str])] = &[
        ("run", &[file]),
        ("validate", &[file]),
        ("status", &["e1"]),
        ("results", &["e1"]),
        ("summary", &["e1"]),
        ("breakdown", &["e1"]),
        ("compare", &["e0", "e1"]),
        ("report", &["e1"]),
        ("gate", &[&["e1"], &rule[..]].concat()),
        ("list", &[]),
        ("cancel", &["e1"]),
        ("pause", &["e1"]),
        ("resume", &["e1"]),
        ("limits", &["e1", "--concurrency", "3"]),
        ("terminate", &["e1"]),
        ("retry", &["e1"]),
        ("rescore", &["e1"]),
        ("emit", &["e1"]),
        ("config", &["e1"]),
        ("ledger", &["e1"]),
        ("dataset upload", &[rows, "--name", "d"]),
        ("dataset list", &[]),
        ("dataset show", &["d"]),
        ("dataset sample", &["d"]),
        (
            "schedule create",
            &[file, "--id", "nightly", "--cron", "0 3 * * *"],
        ),
        ("schedule update", &["nightly", file]),
        ("schedule list", &[]),
        ("schedule show", &["nightly"]),
        ("schedule pause", &["nightly"]),
        ("schedule resume", &["nightly"]),
        ("schedule trigger", &["nightly"]),
        (
            "schedule backfill",
            &[
                "nightly",
                "--from",
                "2026-01-01T00:00:00Z",
                "--to",
                "2026-01-02T00:00:00Z",
            ],
        ),
        ("schedule delete", &["nightly"]),
        ("discover scorers", &[]),
        ("discover adapters", &[]),
        ("discover providers", &[]),
        ("discover webhooks", &[]),
        ("discover queue", &["q"]),
        ("webhook list", &[]),
        ("webhook test", &["ci"]),
    ];
    let known = calls.iter().map(|(command, _)| *command).chain(OTHERS);
    let known: BTreeSet<String> = known.map(str::to_owned).collect();
    assert_eq!(commands().await, known, "a command is not in this test");
    for (command, arguments) in calls {
        let command: Vec<&str> = command.split(' ').collect();
        let run = run(&stub, &[&command, *arguments, &["--json"]].concat()).await;
        assert_eq!(run.code, 0, "{command:?}: {run:?}");
        let documents = serde_json::Deserializer::from_str(&run.stdout).into_iter::<Value>();
        let documents: Result<Vec<Value>, _> = documents.collect();
        let documents = documents.unwrap_or_else(|error| panic!("{command:?}: {error}: {run:?}"));
        let lines = run.stdout.lines().count();
        let is_plain = documents.len() <= 1 || documents.len() == lines;
        assert!(
            is_plain,
            "{command:?}: neither a document nor lines: {run:?}"
        );
        assert!(!run.stdout.contains('\u{1b}'), "{command:?}: colours");
    }
}
