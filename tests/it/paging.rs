//! Lists come in pages: each element once, in a stable order, by tokens that can be used again.

use std::collections::HashSet;

use harness::Stack;
use harness::experiments::{self, ids};
use serde_json::{Value, json};

use crate::SOON;

fn two_models(count: usize) -> Value {
    let items = (0..count)
        .map(|index| {
            let output = if index % 5 == 0 {
                Value::Null
            } else {
                json!("1")
            };
            let mut item = json!({"id": format!("i{index:03}"), "input": {}, "expected": "1"});
            if !output.is_null() {
                item["output"] = output;
            }
            item
        })
        .collect();
    let mut body = experiments::recorded(items, json!([{"type": "exact_match"}]));
    body["config"]["models"] = json!([{"name": "a"}, {"name": "b"}]);
    body
}

#[tokio::test]
async fn results_come_by_model_and_in_the_order_of_the_dataset() {
    let stack = Stack::start().await;
    let id = stack.api().create(&two_models(60)).await;
    stack.api().completed(&id, SOON).await;
    let path = format!("/v1/experiments/{id}/results?page_size=7");

    let (results, pages) = stack.api().pages(&path, "results").await;
    assert_eq!(pages, 120_usize.div_ceil(7));
    let expected: Vec<String> = (0..60).map(|index| format!("i{index:03}")).collect();
    assert_eq!(ids(&results[..60]), expected);
    assert_eq!(ids(&results[60..]), expected);
    assert!(results[..60].iter().all(|result| result["model"] == "a"));
    assert!(results[60..].iter().all(|result| result["model"] == "b"));

    let first = stack.api().get(&path).await.expect(200);
    assert_eq!(first["complete"], true);
    let token = first["next_page_token"].as_str().unwrap();
    let second = format!("{path}&page_token={token}");
    let once = stack.api().get(&second).await.expect(200);
    let again = stack.api().get(&second).await.expect(200);
    assert_eq!(once, again);
    assert_eq!(ids(once["results"].as_array().unwrap())[0], "i007");
}

#[tokio::test]
async fn results_are_filtered_by_model_and_state() {
    let stack = Stack::start().await;
    let id = stack.api().create(&two_models(60)).await;
    stack.api().completed(&id, SOON).await;

    let failed = stack
        .api()
        .results(&id, "model=b&state=generation_failed&page_size=5")
        .await;
    assert_eq!(failed.len(), 12);
    for result in &failed {
        assert_eq!(result["model"], "b");
        assert_eq!(result["result"]["state"], "generation_failed");
    }
    assert_eq!(stack.api().results(&id, "state=ok").await.len(), 96);
    assert_eq!(stack.api().results(&id, "state=skipped").await.len(), 0);
}

#[tokio::test]
async fn experiments_are_listed_newest_first_each_once() {
    let stack = Stack::start().await;
    let mut created = Vec::new();
    for _ in 0..7 {
        let id = stack.api().create(&experiments::valid()).await;
        stack.api().completed(&id, SOON).await;
        created.push(id);
    }
    // Visibility follows a little after the start of a workflow.
    let listed = harness::eventually("all are listed", SOON, async || {
        let (listed, _) = stack
            .api()
            .pages("/v1/experiments?page_size=3", "experiments")
            .await;
        let ids: Vec<String> = listed
            .iter()
            .filter_map(|experiment| experiment["id"].as_str().map(str::to_owned))
            .collect();
        match created.iter().all(|id| ids.contains(id)) {
            true => Ok(listed),
            false => Err(format!("{ids:?}")),
        }
    })
    .await;
    let all: Vec<&str> = listed.iter().map(|e| e["id"].as_str().unwrap()).collect();
    let unique: HashSet<&str> = all.iter().copied().collect();
    assert_eq!(
        unique.len(),
        all.len(),
        "an experiment is listed twice: {all:?}"
    );
    let ours: Vec<&str> = all
        .into_iter()
        .filter(|id| created.iter().any(|created| created == id))
        .collect();
    let newest_first: Vec<&str> = created.iter().rev().map(String::as_str).collect();
    assert_eq!(ours, newest_first);
    let one = listed
        .iter()
        .find(|e| e["id"] == created[0].as_str())
        .unwrap();
    assert_eq!(one["experiment_name"], "recorded");
    assert_eq!(one["models"], json!(["recorded"]));
    assert_eq!(
        one["links"]["self"],
        format!("/v1/experiments/{}", created[0])
    );
}

#[tokio::test]
async fn long_outputs_make_short_pages() {
    const MEGABYTE: usize = 1_000_000;
    let stack = Stack::start().await;
    let items: Vec<Value> = (0..20)
        .map(|index| json!({"id": format!("i{index:03}"), "input": {}, "expected": "1", "output": "1".repeat(MEGABYTE)}))
        .collect();
    stack.dataset("long.jsonl", &experiments::jsonl(&items));
    let mut body = experiments::valid();
    body["config"]["dataset"] = experiments::file("long.jsonl");
    body["config"]["scorers"] = json!([{"type": "exact_match"}]);
    let id = stack.api().create(&body).await;
    stack.api().completed(&id, SOON).await;

    let path = format!("/v1/experiments/{id}/results?page_size=1000");
    let first = stack.api().get(&path).await;
    assert!(
        first.text.len() < 12 * MEGABYTE,
        "{} bytes",
        first.text.len()
    );
    let (results, pages) = stack.api().pages(&path, "results").await;
    let expected: Vec<String> = (0..20).map(|index| format!("i{index:03}")).collect();
    assert_eq!(ids(&results), expected);
    assert!((3..=6).contains(&pages), "{pages} pages");
}
