//! Scorers judge outputs as `docs/scorers.md` says, and every one that the API publishes is in that page.

use harness::{Stack, experiments, programs, temporal};
use serde_json::{Value, json};

use crate::SOON;
use crate::sample::example;

/// The scores of an item by scorer.
fn scores(results: &[Value], id: &str) -> Vec<(String, Value)> {
    let scores = experiments::result_of(results, id)["scores"]
        .as_array()
        .unwrap();
    let named = scores.iter().map(|score| {
        (
            score["name"].as_str().unwrap().to_owned(),
            score["value"].clone(),
        )
    });
    named.collect()
}

#[tokio::test]
async fn likeness_time_tokens_and_parts_are_scored_in_a_run() {
    let stack = Stack::start().await;
    let items = json!([
        {"id": "like", "input": {}, "output": "the cat sat", "expected": ["the cat sat down", "a dog"]},
        {"id": "same", "input": {}, "output": "the cat", "expected": "the cat"},
    ]);
    let scorers = json!([
        {"type": "rouge", "pass_threshold": 0.9},
        {"type": "token_f1"},
        {"type": "composite", "scorers": [
            {"weight": 3, "scorer": {"type": "chrf"}},
            {"weight": 1, "scorer": {"type": "contains", "values": ["cat"]}},
        ]},
        {"type": "cost"},
    ]);
    let id = stack
        .api()
        .create(&experiments::recorded(items, scorers))
        .await;
    stack.api().completed(&id, SOON).await;
    let results = stack.api().results(&id, "").await;
    let same = scores(&results, "same");
    let expected = ["rouge", "token_f1", "composite"].map(|name| (name.to_owned(), json!(1.0)));
    assert_eq!(same, expected);
    let rouge = &experiments::result_of(&results, "like")["scores"][0];
    assert!(
        (rouge["value"].as_f64().unwrap() - 6.0 / 7.0).abs() < 1e-9,
        "{rouge}"
    );
    assert_eq!(rouge["metadata"]["passed"], false);
    let composite = &experiments::result_of(&results, "like")["scores"][2];
    assert_eq!(composite["metadata"]["parts"][1]["value"], true);
    // Nobody knows what a recorded output cost: an error, and no score of zero.
    let errors = &experiments::result_of(&results, "same")["scorer_errors"];
    assert_eq!(errors[0]["name"], "cost");
}

#[tokio::test]
async fn composite_examples_tell_good_answers_from_bad_ones() {
    let mut stack = Stack::prepare(temporal::shared().await).await;
    stack.start_api().await;
    stack.start_worker();
    for name in ["dashboard_quality", "kg_quality"] {
        let body = example(&format!("scorers/{name}.yaml"));
        let id = stack.api().create(&body).await;
        stack.api().completed(&id, SOON).await;
        let results = stack.api().results(&id, "").await;
        let items = body["config"]["dataset"]["items"].as_array().unwrap();
        let found: Vec<f64> = items
            .iter()
            .map(|item| {
                let (_, value) = scores(&results, item["id"].as_str().unwrap()).remove(0);
                value.as_f64().unwrap()
            })
            .collect();
        assert_eq!(found[0], 1.0, "{name}");
        assert!(found[1] > 0.2 && found[1] < 0.9, "{name}: {found:?}");
        assert!(found[2] < 0.05, "{name}: {found:?}");
    }
}

#[test]
fn every_scorer_is_documented() {
    let read = |path: &str| std::fs::read_to_string(programs::repository().join(path)).unwrap();
    let document: Value = serde_json::from_str(&read("openapi/openapi.json")).unwrap();
    let page = read("docs/scorers.md");
    let kinds = &document["components"]["schemas"]["ScorerConfig"]["discriminator"]["mapping"];
    let kinds = kinds.as_object().unwrap();
    assert!(kinds.len() > 10);
    for kind in kinds.keys() {
        assert!(
            page.contains(&format!("`{kind}`")),
            "`{kind}` is not in docs/scorers.md"
        );
    }
}
