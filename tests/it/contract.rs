//! The service keeps to its own document: no request that schemathesis thinks of is answered otherwise than it says.

use std::process::Command;

use harness::temporal::TemporalServer;
use harness::{Stack, experiments, programs, tools};
use reqwest::Method;
use serde_json::{Value, json};

use crate::SOON;
use crate::operations::key;

/// A file of one item, and its SHA-256.
const CONTENT: &str = "{\"id\": \"1\", \"input\": {}}\n";
const SHA256: &str = "fb43a881ff25594849922d3604a6190d39f292dc14428634cc968178e22e2ea8";

const SCHEDULE: &str = "contract";

/// Uploads a dataset of one item.
async fn upload(stack: &Stack) {
    let announced =
        json!({"name": "contract", "format": "jsonl", "bytes": CONTENT.len(), "sha256": SHA256});
    stack
        .api()
        .post("/v1/datasets", &announced)
        .await
        .expect(201);
    let path = format!("/v1/datasets/contract/versions/{SHA256}");
    let part = stack
        .api()
        .request(Method::PATCH, &path)
        .header("upload-offset", 0);
    let part = part.header("content-type", "application/octet-stream");
    let version = stack.api().send(part.body(CONTENT)).await.expect(200);
    assert_eq!(version["complete"], true, "{version}");
}

/// Makes a schedule that starts nothing while the test lasts.
async fn schedule(stack: &Stack) {
    let mut body = experiments::valid();
    body["schedule_id"] = json!(SCHEDULE);
    body["spec"] = json!({"cron": ["0 3 1 1 *"]});
    stack.api().post("/v1/schedules", &body).await.expect(201);
}

/// Whether the service is asked with keys. `CONTRACT_OPEN=true` asks one that is open to everybody, which takes as long again.
fn asks_for_keys() -> bool {
    std::env::var_os("CONTRACT_OPEN").is_none()
}

fn count(document: &Value) -> usize {
    let paths = document["paths"].as_object().unwrap().values();
    paths.map(|path| path.as_object().unwrap().len()).sum()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn whatever_is_asked_is_answered_as_the_document_says() {
    let folder = programs::repository().join("tests/contract");
    let tools = tools::python(&folder.join("requirements.txt"), &[]);
    // A server of its own: what is asked for may be a schedule that starts something every second.
    let temporal = TemporalServer::private().await;
    temporal.start().await;
    let mut stack = Stack::prepare(&temporal).await;
    stack.start_api().await;
    stack.start_worker();
    let experiment = stack.api().create(&experiments::valid()).await;
    stack.api().completed(&experiment, SOON).await;
    upload(&stack).await;
    schedule(&stack).await;
    let document = stack.api().get("/openapi.json").await.json();

    let (key, entry) = key("contract", "write");
    if asks_for_keys() {
        // From here on.
        let keys = stack.folder().join("keys.toml");
        std::fs::write(&keys, entry).unwrap();
        stack.set("API_KEYS", keys.to_str().unwrap());
        stack.start_api().await;
    }
    let printed = tools::run(
        Command::new(tools.join("st"))
            .arg("--config-file")
            .arg(folder.join("schemathesis.toml"))
            .arg("run")
            .arg(format!("{}/openapi.json", stack.api().base()))
            .args(["--checks", "all"])
            .env("CONTRACT_HOOKS", folder.join("hooks.py"))
            .env("CONTRACT_KEY", key)
            .env("CONTRACT_OPEN", if asks_for_keys() { "" } else { "true" })
            .env("CONTRACT_EXPERIMENT", experiment)
            .env("CONTRACT_DATASET", "contract")
            .env("CONTRACT_VERSION", SHA256)
            .env("CONTRACT_ITEM", "1")
            .env("CONTRACT_SCHEDULE", SCHEDULE)
            .env("PYTHONDONTWRITEBYTECODE", "1")
            .current_dir(stack.folder()),
    );
    println!("{printed}");
    let all = format!("Tested: {}\n", count(&document));
    assert!(printed.contains(&all), "not every operation: {printed}");
}
