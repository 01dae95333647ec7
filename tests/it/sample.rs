//! The sample experiment does what its file says, with the scores that follow from what is on record.

use std::path::Path;

use harness::{Stack, programs, temporal};
use serde_json::{Value, json};

use crate::SOON;

/// Right answers among the 100 items, by model: `correct`, `correct_letter_alone`, `names_a_letter`. Counted with
/// Python's `re` from the files, apart from this code base.
const RIGHT: [(&str, [u64; 3]); 2] = [
    ("smollm2-135m-zero-shot", [19, 0, 91]),
    ("smollm2-135m-few-shot", [23, 16, 100]),
];

pub(crate) fn example(name: &str) -> Value {
    let path = programs::repository().join("examples").join(name);
    let text = std::fs::read_to_string(path).unwrap();
    serde_saphyr::from_str(&text).unwrap()
}

pub(crate) fn datasets() -> &'static Path {
    Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/../examples/datasets"))
}

#[tokio::test]
async fn the_sample_experiment_completes_with_the_scores_on_record() {
    let mut stack = Stack::prepare(temporal::shared().await).await;
    stack.keep_datasets_at(datasets());
    stack.start_api().await;
    stack.start_worker();
    let id = stack.api().create(&example("sample.yaml")).await;
    stack.api().completed(&id, SOON).await;

    let summary = stack.api().summary(&id).await;
    for (model, (name, right)) in summary["models"].as_array().unwrap().iter().zip(RIGHT) {
        assert_eq!(model["model"], name);
        assert_eq!(
            model["states"],
            json!({"ok": 100, "generation_failed": 0, "scorer_failed": 0, "skipped": 0})
        );
        let scorers = model["scorers"].as_array().unwrap();
        let names = ["correct", "correct_letter_alone", "names_a_letter"];
        for ((scorer, scorer_name), right) in scorers.iter().zip(names).zip(right) {
            assert_eq!(scorer["scorer"], scorer_name);
            let mean = scorer["mean"].as_f64().unwrap();
            assert!(
                (mean - right as f64 / 100.0).abs() < 1e-9,
                "{name}: {scorer}"
            );
        }
    }
    // `statsmodels`-compatible: Wilson's interval for 19 of 100.
    let interval = &summary["models"][0]["scorers"][0]["confidence_interval"];
    let (low, high) = (
        interval["low"].as_f64().unwrap(),
        interval["high"].as_f64().unwrap(),
    );
    assert!((low - 0.125_147_515_097_687).abs() < 1e-9, "{low}");
    assert!((high - 0.277_788_453_790_644).abs() < 1e-9, "{high}");
    assert_eq!(
        summary["models"][0]["generated"]["usage"],
        json!({"input_tokens": 12_536, "output_tokens": 791})
    );
    assert_eq!(stack.api().results(&id, "").await.len(), 200);
}

#[tokio::test]
async fn the_hellaswag_example_has_the_scores_on_record() {
    let mut stack = Stack::prepare(temporal::shared().await).await;
    stack.keep_datasets_at(datasets());
    stack.start_api().await;
    stack.start_worker();
    let id = stack
        .api()
        .create(&example("hellaswag-recorded.yaml"))
        .await;
    let experiment = stack.api().completed(&id, SOON).await;
    // Of 40, counted with Python's `re` from the files.
    for (model, right) in [(0, [5, 0, 39]), (1, [4, 1, 35])] {
        let scorers = &experiment["models"][model]["scorers"];
        for (scorer, right) in right.into_iter().enumerate() {
            let mean = scorers[scorer]["mean"].as_f64().unwrap();
            assert!((mean - f64::from(right) / 40.0).abs() < 1e-9, "{scorers}");
        }
    }
}

#[tokio::test]
async fn every_recorded_example_completes() {
    let mut stack = Stack::prepare(temporal::shared().await).await;
    stack.keep_datasets_at(datasets());
    stack.start_api().await;
    stack.start_worker();
    let folder = programs::repository().join("examples");
    for path in std::fs::read_dir(folder)
        .unwrap()
        .flatten()
        .map(|entry| entry.path())
    {
        let name = path.file_name().and_then(|name| name.to_str()).unwrap();
        if !name.ends_with(".yaml") {
            continue;
        }
        let body = example(name);
        let checked = stack
            .api()
            .post("/v1/experiments?validate_only=true", &body)
            .await;
        assert_eq!(checked.status, 200, "{name}: {}", checked.text);
        if body["config"]["adapter"]["type"] == "recorded" {
            let id = stack.api().create(&body).await;
            stack.api().completed(&id, SOON).await;
        }
    }
}
