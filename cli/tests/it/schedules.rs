//! Commands about schedules: what they ask the API for, and what they print.

use std::fs;

use serde_json::{Value, json};

use crate::program::run;
use crate::stub::Stub;

pub(crate) fn schedule(paused: bool) -> Value {
    json!({
        "id": "nightly", "experiment_name": "sums", "models": ["a"], "overlap_policy": "skip",
        "spec": {"cron": ["0 3 * * *"], "time_zone": "Europe/Berlin"},
        "pause_on_failure": false, "paused": paused, "created_at": "2026-01-02T03:04:05Z",
        "next_times": ["2026-01-03T02:00:00Z"],
        "running": [], "counts": {"started": 1, "skipped": 2, "missed": 0, "waiting": 0},
        "recent": [{
            "experiment_id": "nightly-2026-01-02T02:00:00Z", "link": "/v1/experiments/x",
            "scheduled_at": "2026-01-02T02:00:00Z", "started_at": "2026-01-02T02:00:00.5Z",
        }],
        "links": {"self": "/v1/schedules/nightly"},
    })
}

#[tokio::test]
async fn the_file_of_an_experiment_becomes_a_schedule_by_options() {
    let stub = Stub::start().await;
    stub.on("POST /v1/schedules", [(201, schedule(false))]);
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("sums.yaml");
    fs::write(&file, "experiment_name: sums\nconfig: {}\n").unwrap();
    let arguments = [
        "schedule",
        "create",
        file.to_str().unwrap(),
        "--id",
        "nightly",
        "--cron",
        "0 3 * * *",
        "--time-zone",
        "Europe/Berlin",
        "--overlap",
        "buffer-one",
        "--paused",
    ];
    let run = run(&stub, &arguments).await;
    assert_eq!(run.code, 0, "{run:?}");
    let lines: Vec<&str> = run.stdout.lines().collect();
    assert_eq!(lines[0], "sums (nightly): next 2026-01-03T02:00:00Z");
    assert_eq!(lines[1], "  times    0 3 * * * (Europe/Berlin)");
    assert_eq!(lines[4], "  started  nightly-2026-01-02T02:00:00Z");
    let request = &stub.requests()[0];
    assert!(request.headers.contains("idempotency-key: "), "{request:?}");
    let body = json!({
        "experiment_name": "sums", "config": {}, "schedule_id": "nightly",
        "spec": {"cron": ["0 3 * * *"], "time_zone": "Europe/Berlin"},
        "paused": true, "overlap_policy": "buffer_one",
    });
    assert_eq!(request.body, body);
}

#[tokio::test]
async fn a_schedule_is_told_what_to_do() {
    let stub = Stub::start().await;
    for path in ["pause", "resume", "trigger", "backfill"] {
        let line = format!("POST /v1/schedules/nightly/{path}");
        stub.on(line.leak(), [(202, schedule(path == "pause"))]);
    }
    stub.on("DELETE /v1/schedules/nightly", [(204, json!(null))]);
    let page = json!({"schedules": [schedule(false)]});
    stub.on("GET /v1/schedules", [(200, page)]);
    let paused = run(&stub, &["schedule", "pause", "nightly", "--note", "lunch"]).await;
    assert!(
        paused.stdout.starts_with("sums (nightly): next paused"),
        "{paused:?}"
    );
    let resumed = run(&stub, &["schedule", "resume", "nightly", "--json"]).await;
    let document: Value = serde_json::from_str(&resumed.stdout).unwrap();
    assert_eq!(document, schedule(false));
    run(
        &stub,
        &["schedule", "trigger", "nightly", "--overlap", "allow-all"],
    )
    .await;
    let backfill = [
        "schedule",
        "backfill",
        "nightly",
        "--from",
        "2026-01-01T00:00:00Z",
        "--to",
        "2026-01-02T00:00:00Z",
    ];
    run(&stub, &backfill).await;
    let deleted = run(&stub, &["schedule", "delete", "nightly"]).await;
    assert_eq!(
        (deleted.code, deleted.stdout.trim()),
        (0, "deleted nightly")
    );
    let listed = run(&stub, &["schedule", "list", "--json"]).await;
    assert_eq!(listed.stdout.lines().count(), 1, "{listed:?}");
    let table = run(&stub, &["schedule", "list"]).await;
    assert!(
        table.stdout.contains("0 3 * * * (Europe/Berlin)"),
        "{table:?}"
    );
    let bodies: Vec<Value> = stub.requests().into_iter().map(|it| it.body).collect();
    assert_eq!(bodies[0], json!({"note": "lunch"}));
    assert_eq!(bodies[2], json!({"overlap_policy": "allow_all"}));
    let range = json!({"start_time": "2026-01-01T00:00:00Z", "end_time": "2026-01-02T00:00:00Z"});
    assert_eq!(bodies[3], range);
}
