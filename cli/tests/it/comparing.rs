//! `compare` and `gate`, with what the API would answer.

use serde_json::{Value, json};

use crate::program::run;
use crate::stub::{Stub, summary};

/// `e1/a` against `e0/a`: two items better, one worse.
pub(crate) fn comparison(low: f64) -> Value {
    let run = |id: &str| {
        json!({"name": format!("{id}/a"), "experiment_id": id, "model": "a",
               "states": {"ok": 9, "generation_failed": 0, "scorer_failed": 0, "skipped": 0}})
    };
    json!({
        "runs": [run("e0"), run("e1")], "complete": true, "partial_scorers": [], "seed": 0,
        "standings": [{"scorer": "numeric", "best": "e1/a", "mean": 0.75, "tied_with_best": ["e0/a"]}],
        "differences": [{
            "scorer": "numeric", "baseline": "e0/a", "candidate": "e1/a",
            "coverage": {"paired": 9, "only_baseline": 0, "only_candidate": 0, "neither": 0,
                         "missing_in_candidate": 0, "missing_in_baseline": 0},
            "baseline_mean": 0.5, "candidate_mean": 0.611, "mean_difference": 0.111,
            "interval": {"low": low, "high": 0.4, "method": "bonett_price"},
            "wins": 2, "losses": 2, "ties": 5, "p_value": 1.0, "adjusted_p_value": 1.0,
            "statistically_tied": true, "statement": "They are statistically tied.",
            "regressions": [{"item_id": "i7\u{1b}[31m", "baseline": 1.0, "candidate": 0.0}],
        }],
    })
}

#[tokio::test]
async fn a_comparison_says_what_follows_and_which_items_got_worse() {
    let stub = Stub::start().await;
    stub.on("GET /v1/comparisons?", [(200, comparison(-0.2))]);
    let told = run(&stub, &["compare", "e0", "e1", "--model", "a b"]).await;
    assert_eq!(told.code, 0, "{told:?}");
    for part in [
        "They are statistically tied.",
        "worse: i7",
        "and 1 more",
        "tied with e0/a",
        "2/2/5",
        "1.0000",
    ] {
        assert!(told.stdout.contains(part), "{part}: {told:?}");
    }
    assert!(!told.stdout.contains('\u{1b}'), "{told:?}");
    let line = &stub.requests()[0].line;
    assert!(
        line.contains("experiment=e0&experiment=e1&model=a+b&seed=0"),
        "{line}"
    );
    let json = run(&stub, &["--json", "compare", "e0", "e1"]).await;
    let document: Value = serde_json::from_str(&json.stdout).unwrap();
    assert_eq!(document["differences"][0]["wins"], 2);
}

#[tokio::test]
async fn a_gate_tells_each_rule_and_exits_by_the_verdict() {
    let stub = Stub::start().await;
    stub.on(
        "GET /v1/experiments/e1/summary",
        [(200, summary("completed"))],
    );
    let passed = run(
        &stub,
        &[
            "gate",
            "e1",
            "--rule",
            "mean(numeric) >= 0.75",
            "--rule",
            "failure_rate <= 0",
        ],
    )
    .await;
    assert_eq!(passed.code, 0, "{passed:?}");
    assert!(passed.stdout.contains("e1/a: passed"), "{passed:?}");
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("junit.xml");
    let rule = [
        "gate",
        "e1",
        "--rule",
        "pass_rate(numeric) >= 90%",
        "--junit",
        path.to_str().unwrap(),
    ];
    let failed = run(&stub, &rule).await;
    assert_eq!(failed.code, 1, "{failed:?}");
    assert!(
        failed.stdout.contains("is 0.750000, and must be >= 0.9"),
        "{failed:?}"
    );
    let xml = std::fs::read_to_string(path).unwrap();
    assert!(
        xml.contains("failures=\"1\"") && xml.contains("name=\"e1/a\""),
        "{xml}"
    );
}

#[tokio::test]
async fn a_margin_is_held_against_the_baseline() {
    for (low, code) in [(-0.01, 0), (-0.03, 1)] {
        let stub = Stub::start().await;
        stub.on(
            "GET /v1/experiments/e1/summary",
            [(200, summary("completed"))],
        );
        stub.on("GET /v1/comparisons?", [(200, comparison(low))]);
        let rule = [
            "gate",
            "e1",
            "--baseline",
            "e0",
            "--rule",
            "margin(numeric) >= -0.02",
        ];
        let judged = run(&stub, &rule).await;
        assert_eq!(judged.code, code, "{judged:?}");
        let without = run(&stub, &["gate", "e1", "--rule", "margin(numeric) >= -0.02"]).await;
        assert_eq!(without.code, 1, "{without:?}");
    }
}

#[tokio::test]
async fn what_cannot_be_judged_does_not_pass() {
    let stub = Stub::start().await;
    stub.on(
        "GET /v1/experiments/e1/summary",
        [(200, summary("cancelled"))],
    );
    let cancelled = run(&stub, &["gate", "e1", "--rule", "mean(numeric) >= 0"]).await;
    assert_eq!(cancelled.code, 3, "{cancelled:?}");
    let nonsense = run(&stub, &["gate", "e1", "--rule", "good"]).await;
    assert_eq!(nonsense.code, 2, "{nonsense:?}");
    assert!(nonsense.stderr.contains("is no rule"), "{nonsense:?}");
}
