//! A dataset is the same whether it comes with the request, as JSON lines or as CSV.

use harness::Stack;
use harness::experiments::{self, jsonl, result_of};
use serde_json::{Value, json};

use crate::SOON;

fn items() -> Vec<Value> {
    (0..40)
        .map(|index| {
            let prompt = format!("question \"{index}\", with a comma");
            json!({"id": format!("{index:03}"), "input": {"prompt": prompt}, "expected": index.to_string()})
        })
        .collect()
}

fn csv() -> String {
    let row = |item: &Value| {
        let prompt = item["input"]["prompt"]
            .as_str()
            .unwrap()
            .replace('"', "\"\"");
        let (id, expected) = (
            item["id"].as_str().unwrap(),
            item["expected"].as_str().unwrap(),
        );
        format!("{id},\"{prompt}\",{expected}\r\n")
    };
    format!(
        "id,prompt,expected\r\n{}",
        items().iter().map(row).collect::<String>()
    )
}

/// Model `a` answers all items rightly, model `b` every second.
fn outputs() -> String {
    let lines: Vec<Value> = items()
        .iter()
        .enumerate()
        .flat_map(|(index, item)| {
            let (id, right) = (&item["id"], &item["expected"]);
            let b = if index % 2 == 0 { right.clone() } else { json!("wrong") };
            [
                json!({"id": id, "model": "a", "output": right, "latency_ms": 12.5, "input_tokens": 3, "output_tokens": 1}),
                json!({"id": id, "model": "b", "output": b, "input_tokens": 2, "output_tokens": 2}),
            ]
        })
        .collect();
    jsonl(&lines)
}

#[tokio::test]
async fn inline_jsonl_and_csv_give_the_same_dataset_and_the_same_scores() {
    let stack = Stack::start().await;
    stack.dataset("items.jsonl", &jsonl(&items()));
    stack.dataset("items.csv", &csv());
    stack.dataset("outputs.jsonl", &outputs());

    let mut datasets = Vec::new();
    for dataset in [
        experiments::inline(items()),
        experiments::file("items.jsonl"),
        experiments::file("items.csv"),
    ] {
        let body = json!({
            "experiment_name": "three sources",
            "config": {
                "dataset": dataset,
                "adapter": {"type": "recorded", "path": "outputs.jsonl"},
                "models": [{"name": "a"}, {"name": "b"}],
                "scorers": [{"type": "exact_match"}],
            },
        });
        let id = stack.api().create(&body).await;
        let experiment = stack.api().completed(&id, SOON).await;
        datasets.push(experiment["models"][0]["dataset"].clone());

        let summary = stack.api().summary(&id).await;
        for (index, name, mean, usage) in [
            (
                0,
                "a",
                1.0,
                json!({"input_tokens": 120, "output_tokens": 40}),
            ),
            (
                1,
                "b",
                0.5,
                json!({"input_tokens": 80, "output_tokens": 80}),
            ),
        ] {
            let model = &summary["models"][index];
            assert_eq!(model["model"], name);
            assert_eq!(model["states"]["ok"], 40);
            assert_eq!(model["scorers"][0]["mean"], mean, "{dataset}");
            assert_eq!(model["generated"]["usage"], usage);
        }
        let results = stack.api().results(&id, "model=a").await;
        assert_eq!(results.len(), 40);
        let result = result_of(&results, "007");
        assert_eq!(
            result["item"]["input"]["prompt"],
            "question \"7\", with a comma"
        );
        assert_eq!(result["output"]["answer"]["latency_ms"], 12.5);
    }
    assert_eq!(datasets[0]["count"], 40);
    assert_eq!(datasets[0], datasets[1]);
    assert_eq!(datasets[0], datasets[2]);
}

#[tokio::test]
async fn fields_are_mapped_and_only_the_first_items_are_taken_when_asked() {
    let stack = Stack::start().await;
    let rows: Vec<Value> = (0..20)
        .map(|index| json!({"key": format!("k{index}"), "q": "?", "a": "x", "said": "x", "labels": ["odd"]}))
        .collect();
    stack.dataset("rows.jsonl", &jsonl(&rows));
    let mut body = experiments::valid();
    body["config"]["dataset"] = json!({
        "type": "jsonl",
        "path": "rows.jsonl",
        "fields": {"id": "key", "input": ["q"], "expected": "a", "output": "said", "tags": "labels"},
        "limit": 5,
    });
    let id = stack.api().create(&body).await;
    stack.api().completed(&id, SOON).await;

    let results = stack.api().results(&id, "").await;
    assert_eq!(experiments::ids(&results), ["k0", "k1", "k2", "k3", "k4"]);
    let item = &results[4]["result"]["item"];
    assert_eq!(item["input"], json!({"q": "?"}));
    assert_eq!(item["tags"], json!(["odd"]));
}
