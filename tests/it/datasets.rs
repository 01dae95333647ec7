//! A dataset is the same whether it comes with the request or is read from a file of any format; and of a file, those items
//! are taken that are asked for.

use std::io::Write;

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
async fn every_source_gives_the_same_dataset_and_the_same_scores() {
    let stack = Stack::start().await;
    stack.dataset("items.jsonl", &jsonl(&items()));
    stack.dataset("items.csv", &csv());
    write(&stack, "items.jsonl.gz", &gzip(jsonl(&items()).as_bytes()));
    let zstd = zstd::encode_all(csv().as_bytes(), 3).unwrap();
    write(&stack, "items.csv.zst", &zstd);
    let parquet = include_bytes!("datasets/items.parquet");
    write(&stack, "items.parquet", parquet);
    stack.dataset("outputs.jsonl", &outputs());

    let mut datasets = Vec::new();
    for dataset in [
        experiments::inline(items()),
        experiments::file("items.jsonl"),
        experiments::file("items.csv"),
        experiments::file("items.jsonl.gz"),
        experiments::file("items.csv.zst"),
        experiments::file("items.parquet"),
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
    assert!(
        datasets.iter().all(|dataset| *dataset == datasets[0]),
        "{datasets:?}"
    );
}

fn write(stack: &Stack, name: &str, content: &[u8]) {
    std::fs::write(stack.datasets().join(name), content).unwrap();
}

fn gzip(content: &[u8]) -> Vec<u8> {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
    encoder.write_all(content).unwrap();
    encoder.finish().unwrap()
}

/// Runs an experiment on recorded outputs over a dataset, and gives back its items.
async fn items_of(stack: &Stack, dataset: Value) -> Vec<Value> {
    let mut body = experiments::valid();
    body["config"]["dataset"] = dataset;
    let id = stack.api().create(&body).await;
    stack.api().completed(&id, SOON).await;
    let results = stack.api().results(&id, "").await;
    let item = |result: &Value| result["result"]["item"].clone();
    results.iter().map(item).collect()
}

#[tokio::test]
async fn fields_are_mapped_and_only_the_first_items_are_taken_when_asked() {
    let stack = Stack::start().await;
    let rows: Vec<Value> = (0..20)
        .map(|index| json!({"key": format!("k{index}"), "q": "?", "a": "x", "said": "x", "labels": ["odd"]}))
        .collect();
    stack.dataset("rows.jsonl", &jsonl(&rows));
    let items = items_of(
        &stack,
        json!({
            "type": "jsonl",
            "path": "rows.jsonl",
            "fields": {"id": "key", "input": ["q"], "expected": "a", "output": "said", "tags": "labels"},
            "limit": 5,
        }),
    )
    .await;
    let ids: Vec<&Value> = items.iter().map(|item| &item["id"]).collect();
    assert_eq!(ids, ["k0", "k1", "k2", "k3", "k4"]);
    assert_eq!(items[4]["input"], json!({"q": "?"}));
    assert_eq!(items[4]["tags"], json!(["odd"]));
}

#[tokio::test]
async fn nested_fields_tags_and_a_sample_choose_the_same_items_again() {
    let stack = Stack::start().await;
    let rows: Vec<Value> = (0..300)
        .map(|index| {
            json!({
                "key": {"id": format!("{index:03}"), "source": "made"},
                "question": {"text": "?"},
                "answer": "x",
                "said": "x",
                "labels": if index % 3 == 0 { "hard, odd" } else { "easy" },
            })
        })
        .collect();
    stack.dataset("rows.jsonl", &jsonl(&rows));
    let dataset = |seed: u64| {
        json!({
            "type": "jsonl",
            "path": "rows.jsonl",
            "fields": {
                "id": "key.id",
                "input": ["/question/text"],
                "expected": "answer",
                "output": "said",
                "tags": "labels",
                "metadata": ["key.source"],
            },
            "only_tags": ["hard"],
            "limit": 50,
            "sample": {"size": 10, "seed": seed},
            "add_tags": ["smoke"],
        })
    };
    let items = items_of(&stack, dataset(1)).await;
    let numbers: Vec<u64> = items
        .iter()
        .map(|item| item["id"].as_str().unwrap().parse().unwrap())
        .collect();
    assert_eq!(numbers.len(), 10);
    assert!(numbers.is_sorted(), "{numbers:?}");
    assert!(
        numbers
            .iter()
            .all(|number| number % 3 == 0 && *number < 150)
    );
    assert_eq!(items[0]["input"], json!({"text": "?"}));
    assert_eq!(items[0]["tags"], json!(["hard", "odd", "smoke"]));
    assert_eq!(items[0]["metadata"], json!({"source": "made"}));
    assert_eq!(items_of(&stack, dataset(1)).await, items);
    assert_ne!(items_of(&stack, dataset(2)).await, items);
}

#[tokio::test]
async fn an_index_names_the_files_of_each_case() {
    let stack = Stack::start().await;
    std::fs::create_dir(stack.datasets().join("cases")).unwrap();
    for (name, content) in [
        (
            "index.csv",
            "test_id,entity_type,operation_type,prompt_file,expected_yaml_file,tags\n\
             001,pipeline,create,prompt.txt,a_expected.yaml,\"smoke, first\"\n\
             002,service,create,prompt.txt,a_expected.yaml,\n",
        ),
        ("prompt.txt", "Make a pipeline."),
        ("a_expected.yaml", "pipeline:\n  name: a\n"),
        ("a_actual.yaml", "pipeline: {name: a}\n"),
    ] {
        stack.dataset(&format!("cases/{name}"), content);
    }
    let mut body = experiments::valid();
    body["config"]["dataset"] = json!({
        "type": "index_csv",
        "path": "cases/index.csv",
        "filters": {"entity_type": "pipeline"},
        "actual_suffix": "actual",
    });
    body["config"]["scorers"] = json!([{"type": "json_diff"}]);
    let id = stack.api().create(&body).await;
    stack.api().completed(&id, SOON).await;
    let results = stack.api().results(&id, "").await;
    assert_eq!(experiments::ids(&results), ["001"]);
    let result = result_of(&results, "001");
    assert_eq!(result["item"]["input"]["prompt"], "Make a pipeline.");
    assert_eq!(result["item"]["tags"], json!(["smoke", "first"]));
    assert_eq!(result["scores"][0]["value"], 1.0, "{result}");
}
