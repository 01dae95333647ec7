//! What an experiment on an uploaded dataset may take, as it is told before the experiment is created.

use serde_json::{Value, json};

use crate::datasets::{parquet, upload};
use crate::service::{Answer, Service, request};

/// Prompts of 1, 2, … characters, every other with a tag.
fn rows(count: usize) -> Vec<u8> {
    let rows = (1..=count).map(|n| {
        let tags: &[&str] = if n % 2 == 0 { &["even"] } else { &[] };
        json!({"id": n.to_string(), "input": {"prompt": "x".repeat(n)}, "tags": tags}).to_string()
    });
    rows.collect::<Vec<_>>().join("\n").into_bytes()
}

async fn checked(service: &Service, dataset: Value) -> Answer {
    let body = request(|body| {
        body["config"]["dataset"] = dataset;
        body["config"]["adapter"] = json!({"type": "openai", "provider": "p", "max_tokens": 10});
        body["config"]["retry"] = json!({"maximum_attempts": 3});
    });
    let path = "/v1/experiments?validate_only=true";
    service.post(path, &body).await
}

fn uploaded(change: impl FnOnce(&mut Value)) -> Value {
    let mut dataset = json!({"type": "uploaded", "name": "rows"});
    change(&mut dataset);
    dataset
}

/// Items, and the tokens that they read at least.
async fn told(service: &Service, dataset: Value) -> (u64, u64) {
    let answer = checked(service, dataset).await;
    assert_eq!(answer.status, 200, "{}", answer.body);
    let items = answer.body["items"].as_u64().unwrap();
    let estimate = &answer.body["estimate"];
    assert_eq!(
        estimate["calls"],
        json!({"least": items, "most": 3 * items})
    );
    let tokens = &estimate["models"][0]["input_tokens"]["least"];
    (items, tokens.as_u64().unwrap())
}

#[tokio::test]
async fn items_of_an_upload_are_counted_as_workers_will_take_them() {
    let service = Service::new();
    upload(&service, &rows(8), |_| {}).await;
    // A token for every four characters, begun ones counted.
    assert_eq!(told(&service, uploaded(|_| {})).await, (8, 12));
    let even = uploaded(|dataset| dataset["only_tags"] = json!(["even"]));
    assert_eq!(told(&service, even).await, (4, 6));
    let first = uploaded(|dataset| dataset["limit"] = json!(5));
    assert_eq!(told(&service, first).await, (5, 6));
    let sample = uploaded(|dataset| dataset["sample"] = json!({"size": 3, "seed": 1}));
    // Items 7, 4 and 8, by Python: `sorted(range(1, 9), key=lambda n: hashlib.sha256(f"1:{n}".encode()).digest())[:3]`
    assert_eq!(told(&service, sample).await, (3, 5));
    let all = uploaded(|dataset| dataset["sample"] = json!({"size": 100}));
    assert_eq!(told(&service, all).await, (8, 12));
}

#[tokio::test]
async fn columns_mean_what_the_experiment_says() {
    let service = Service::new();
    upload(&service, &parquet(), |body| {
        body["format"] = json!("parquet")
    })
    .await;
    let dataset = uploaded(|dataset| {
        dataset["fields"] = json!({"id": "id", "input": ["q"]});
    });
    assert_eq!(checked(&service, dataset).await.body["items"], 10);
}

#[tokio::test]
async fn rows_of_which_a_run_would_fail_are_named() {
    let service = Service::new();
    let content = b"{\"id\":\"a\",\"input\":{}}\n{\"q\":2}\noops\n";
    upload(&service, content, |_| {}).await;
    let answer = checked(&service, uploaded(|_| {})).await;
    assert_eq!(answer.status, 422, "{}", answer.body);
    assert_eq!(answer.pointers(), ["/config/dataset", "/config/dataset"]);
    let message = |index: usize| answer.body["errors"][index]["message"].as_str().unwrap();
    assert!(
        message(0).starts_with("line 2: it has no `id`"),
        "{}",
        message(0)
    );
    assert!(
        message(1).starts_with("line 3: it is not a JSON object"),
        "{}",
        message(1)
    );
    // The first row alone is an item.
    let first = uploaded(|dataset| dataset["limit"] = json!(1));
    assert_eq!(checked(&service, first).await.body["items"], 1);
}

#[tokio::test]
async fn a_file_that_is_not_what_it_was_said_to_be_is_a_fault() {
    let service = Service::new();
    upload(&service, b"no table", |body| {
        body["format"] = json!("parquet")
    })
    .await;
    let answer = checked(&service, uploaded(|_| {})).await;
    assert_eq!(answer.status, 422, "{}", answer.body);
    assert_eq!(answer.pointers(), ["/config/dataset"]);
}
