//! Datasets are read from hosts and buckets that the operator allows, and from nowhere else.

use std::time::Duration;

use harness::experiments::{self, jsonl};
use harness::file_server::{FileServer, Page};
use harness::s3::ObjectStore;
use harness::{Stack, temporal};
use serde_json::{Value, json};

use crate::SOON;

/// Much less than what retries would take.
const QUICKLY: Duration = Duration::from_secs(20);

fn items() -> Vec<Value> {
    (0..60)
        .map(|index| {
            let id = format!("{index:03}");
            json!({"id": id, "input": {"prompt": "?"}, "expected": "x", "output": "x"})
        })
        .collect()
}

fn body(dataset: &Value) -> Value {
    let mut body = experiments::valid();
    body["config"]["dataset"] = dataset.clone();
    body
}

/// The dataset that an experiment has loaded.
async fn loaded(stack: &Stack, dataset: Value) -> Value {
    let id = stack.api().create(&body(&dataset)).await;
    let experiment = stack.api().completed(&id, SOON).await;
    experiment["models"][0]["dataset"].clone()
}

#[tokio::test]
async fn a_file_at_an_allowed_address_is_the_dataset() {
    let server = FileServer::start().await;
    let content = jsonl(&items()).into_bytes();
    let compressed = zstd::encode_all(&content[..], 3).unwrap();
    server.serve("/items.jsonl", vec![Page::File(content.clone())]);
    server.serve("/items.jsonl.zst?v=1", vec![Page::Unmeasured(compressed)]);
    server.serve("/moved", vec![Page::Moved("/items.jsonl".to_owned())]);
    let fails = [Page::Status(503), Page::Broken(content.clone())];
    server.serve("/flaky", [&fails[..], &[Page::File(content)]].concat());
    let parquet = include_bytes!("datasets/items.parquet").to_vec();
    server.serve("/items.parquet", vec![Page::File(parquet)]);

    let mut stack = Stack::prepare(temporal::shared().await).await;
    stack.set(
        "DATASET_HOSTS",
        &format!("data.example.com,{}", server.host()),
    );
    stack.start_api().await;
    stack.start_worker();
    stack.dataset("items.jsonl", &jsonl(&items()));

    let local = loaded(&stack, experiments::file("items.jsonl")).await;
    for path in ["/items.jsonl", "/items.jsonl.zst?v=1", "/moved", "/flaky"] {
        let remote = json!({"type": "jsonl", "url": server.url(path)});
        assert_eq!(loaded(&stack, remote).await, local, "{path}");
    }
    let flaky = server
        .asked()
        .iter()
        .filter(|path| *path == "/flaky")
        .count();
    assert_eq!(flaky, 3);

    // It has no outputs, so that the experiment ends for a reason that only its content can give.
    let parquet = json!({"type": "parquet", "url": server.url("/items.parquet")});
    let reason = reason_of_failure(&stack, parquet).await;
    assert!(reason.contains("takes the items' own `output`"), "{reason}");
}

async fn reason_of_failure(stack: &Stack, dataset: Value) -> String {
    let id = stack.api().create(&body(&dataset)).await;
    let experiment = stack.api().ended(&id, QUICKLY).await;
    assert_eq!(experiment["status"], "failed", "{experiment}");
    experiment["reason"].as_str().expect("a reason").to_owned()
}

#[tokio::test]
async fn no_address_leads_to_where_the_operator_does_not_allow() {
    let [allowed, other] = [FileServer::start().await, FileServer::start().await];
    let content = jsonl(&items()).into_bytes();
    for server in [&allowed, &other] {
        server.serve("/items.jsonl", vec![Page::File(content.clone())]);
    }
    allowed.serve("/away", vec![Page::Moved(other.url("/items.jsonl"))]);
    allowed.serve("/round", vec![Page::Moved("/round".to_owned())]);
    let large = vec![b'\n'; 2 << 20];
    allowed.serve("/large", vec![Page::File(large.clone())]);
    allowed.serve("/endless", vec![Page::Unmeasured(large)]);
    allowed.serve("/denied?token=secret", vec![Page::Status(403)]);

    let mut stack = Stack::prepare(temporal::shared().await).await;
    // Every host may be asked at the other port, but none of its private addresses.
    stack.set(
        "DATASET_HOSTS",
        &format!("{},*:{}", allowed.host(), other.port()),
    );
    stack.set("MAX_DATASET_SIZE", "1MiB");
    stack.start_api().await;
    stack.start_worker();

    let by_name = format!("http://localhost:{}/items.jsonl", other.port());
    for (url, part) in [
        (other.url("/items.jsonl"), "no public address"),
        (by_name, "no public address"),
        ("http://127.0.0.1/items.jsonl".to_owned(), "may not read"),
        ("https://data.example.com/a".to_owned(), "may not read"),
        ("s3://bucket/items.jsonl".to_owned(), "the bucket `bucket`"),
        (allowed.url("/away"), "no public address"),
        (allowed.url("/round"), "leads on too often"),
        (allowed.url("/large"), "more than 1.0 MiB"),
        (allowed.url("/endless"), "more than 1.0 MiB"),
        (allowed.url("/none"), "answers 404"),
        (allowed.url("/denied?token=secret"), "answers 403"),
    ] {
        let dataset = json!({"type": "jsonl", "url": url});
        let reason = reason_of_failure(&stack, dataset).await;
        assert!(reason.contains(part), "{url}: {reason}");
        assert!(!reason.contains("secret"), "{reason}");
    }
    assert_eq!(other.asked(), [""; 0]);
    assert!(!stack.logs().contains("token=secret"));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_object_in_an_allowed_bucket_is_the_dataset() {
    let store = ObjectStore::start("data").await;
    let content = jsonl(&items()).into_bytes();
    store.put("data/sets/items.jsonl", content).await;
    let mut stack = Stack::prepare(temporal::shared().await).await;
    store.configure(&mut stack, "s3://data/artifacts");
    stack.set("DATASET_BUCKETS", "data");
    stack.start_api().await;
    stack.start_worker();

    let remote = json!({"type": "jsonl", "url": "s3://data/sets/items.jsonl"});
    assert_eq!(loaded(&stack, remote).await["count"], 60);
    for (url, part) in [
        (
            "s3://data/sets/none.jsonl",
            "`sets/none.jsonl` does not exist",
        ),
        ("s3://other/items.jsonl", "the bucket `other`"),
    ] {
        let dataset = json!({"type": "jsonl", "url": url});
        let reason = reason_of_failure(&stack, dataset).await;
        assert!(reason.contains(part), "{url}: {reason}");
    }
}
