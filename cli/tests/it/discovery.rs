//! What can be named, and what a shell needs to complete it.

use serde_json::{Value, json};

use crate::program::{run, run_alone};
use crate::stub::Stub;

#[tokio::test]
async fn providers_are_shown_without_a_worker_too() {
    let stub = Stub::start().await;
    let told = json!({
        "providers": [{
            "name": "openai", "api": "openai", "host": "api.openai.com", "ready": false, "models": [],
            "announced_at": "2026-01-02T03:04:05Z",
        }],
        "task_queue": {"name": "ai-evolution", "live": false},
    });
    stub.on("GET /v1/providers", [(200, told.clone())]);
    let shown = run(&stub, &["discover", "providers"]).await;
    assert_eq!(shown.code, 0, "{shown:?}");
    assert!(shown.stdout.contains("missing"), "{shown:?}");
    assert!(
        shown.stdout.ends_with("nobody works on `ai-evolution`\n"),
        "{shown:?}"
    );
    let document = run(&stub, &["discover", "providers", "--json"]).await;
    assert_eq!(
        serde_json::from_str::<Value>(&document.stdout).unwrap(),
        told
    );
}

#[tokio::test]
async fn a_check_says_what_an_experiment_may_take() {
    let stub = Stub::start().await;
    let bounds = json!({"least": 2, "most": 10});
    let check = json!({"valid": true, "estimate": {
        "models": [], "calls": bounds, "scorer_calls": {"least": 0, "most": 4}, "cost": {"least": "0.5"},
    }});
    stub.on("POST /v1/experiments?validate_only=true", [(200, check)]);
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("a.yaml");
    std::fs::write(&file, "experiment_name: sums\nconfig: {}\n").unwrap();
    let checked = run(&stub, &["validate", file.to_str().unwrap()]).await;
    let words =
        "it takes 2 to 10 calls, and 0 to 4 of scorers; the outputs cost 0.5 dollars or more";
    assert!(checked.stdout.contains(words), "{checked:?}");
}

#[tokio::test]
async fn every_shell_is_told_of_every_command() {
    for shell in ["bash", "zsh", "fish", "elvish", "powershell"] {
        let script = run_alone(&["completions", shell]).await;
        assert_eq!(script.code, 0, "{script:?}");
        for command in ["schedule", "discover", "dataset"] {
            assert!(script.stdout.contains(command), "{shell}: {command}");
        }
    }
}
