//! Bad input is named at its place, all of it at once.

use serde_json::{Value, json};

use crate::service::{Service, request};

type Change = fn(&mut Value);

/// A change of a valid request, and the pointers of the faults it makes.
const FAULTS: &[(Change, &[&str])] = &[
    (|b| *b = json!([]), &[""]),
    (|b| *b = json!(null), &[""]),
    (|b| *b = json!({}), &["", ""]),
    (|b| b["experiment_name"] = json!(" "), &["/experiment_name"]),
    (|b| b["experiment_name"] = json!(""), &["/experiment_name"]),
    (
        |b| b["experiment_name"] = json!("a\u{0}"),
        &["/experiment_name"],
    ),
    (|b| b["experiment_id"] = json!("../x"), &["/experiment_id"]),
    (|b| b["experiment_id"] = json!(null), &["/experiment_id"]),
    (|b| b["config"]["a/b~c"] = json!(1), &["/config/a~1b~0c"]),
    (
        |b| b["config"]["adapter"] = json!(null),
        &["/config/adapter"],
    ),
    (
        |b| b["config"]["dataset"]["type"] = json!("xml"),
        &["/config/dataset/type"],
    ),
    (
        |b| b["config"]["dataset"]["items"] = json!([]),
        &["/config/dataset/items"],
    ),
    (
        |b| b["config"]["dataset"] = json!({"type": "jsonl", "path": "../up"}),
        &["/config/dataset/path"],
    ),
    (
        |b| b["config"]["dataset"]["items"][1]["id"] = json!("1"),
        &["/config/dataset/items/1/id"],
    ),
    (|b| b["config"]["models"] = json!([]), &["/config/models"]),
    (
        |b| b["config"]["models"] = json!([{"name": "a"}, {"name": "a"}]),
        &["/config/models/1/name"],
    ),
    (
        |b| {
            b["config"]["scorers"] = json!([{"type": "regex", "pattern": "("}, {"type": "vibes"}]);
        },
        &["/config/scorers/1/type"],
    ),
    (
        |b| b["config"]["scorers"] = json!([{"type": "regex", "pattern": "("}]),
        &["/config/scorers/0/pattern"],
    ),
    (
        |b| {
            b["config"]["adapter"] = json!({"type": "openai", "provider": "p", "prompt": "{{ x"});
            b["config"]["models"] = json!([{"name": "a"}, {"name": "a"}]);
        },
        &["/config/adapter/prompt", "/config/models/1/name"],
    ),
    (
        |b| {
            b["config"]["adapter"] = json!({"type": "openai", "provider": "p", "max_tokens": 5_000_000_000_u64, "seed": -1});
        },
        &["/config/adapter/max_tokens", "/config/adapter/seed"],
    ),
    (
        |b| b["config"]["retry"] = json!({"maximum_interval": "721h"}),
        &["/config/retry/maximum_interval"],
    ),
    (
        |b| b["config"]["execution"] = json!({"concurrency_limit": 1.5}),
        &["/config/execution/concurrency_limit"],
    ),
];

#[tokio::test]
async fn every_fault_is_named_at_its_place() {
    let service = Service::new();
    for (number, (change, pointers)) in FAULTS.iter().enumerate() {
        let answer = service.post("/v1/experiments", &request(change)).await;
        assert_eq!(answer.status, 422, "{number}: {}", answer.body);
        assert_eq!(answer.body["code"], "invalid", "{number}");
        let mut named = answer.pointers();
        named.sort_unstable();
        assert_eq!(named, *pointers, "{number}: {}", answer.body);
    }
    assert_eq!(service.files(), 0);
    assert!(service.memory.started.lock().unwrap().is_empty());
}

#[tokio::test]
async fn a_fault_in_the_query_is_named_by_its_parameter() {
    let service = Service::new();
    for (path, pointer) in [
        ("/v1/experiments?page_size=0", "/page_size"),
        ("/v1/experiments?page_size=-1", "/page_size"),
        ("/v1/experiments?page_size=ten", "/page_size"),
        ("/v1/experiments?page_size=1&page_size=2", ""),
        ("/v1/experiments?status=done", "/status"),
        ("/v1/experiments?colour=red", "/colour"),
        ("/v1/experiments/e/results?state=good", "/state"),
        ("/v1/workflows/e/history?page_size=", "/page_size"),
    ] {
        let answer = service.get(path).await;
        assert_eq!(answer.status, 422, "{path}: {}", answer.body);
        assert_eq!(answer.pointers(), [pointer], "{path}: {}", answer.body);
    }
    let answer = service
        .post("/v1/experiments?validate_only=perhaps", &request(|_| {}))
        .await;
    assert_eq!(answer.pointers(), ["/validate_only"], "{}", answer.body);
}
