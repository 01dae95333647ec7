//! Datasets are uploaded in parts, go on where they were, and are known by their content.

use std::process::Command;

use harness::experiments::{self, jsonl};
use harness::{Answer, Stack, programs};
use reqwest::Method;
use serde_json::{Value, json};

use crate::SOON;

fn content(count: usize) -> String {
    let items: Vec<Value> = (0..count)
        .map(|index| {
            let id = format!("{index:05}");
            json!({"id": id, "input": {"prompt": "?"}, "expected": "x", "output": "x"})
        })
        .collect();
    jsonl(&items)
}

/// As sha256sum has it, which is not ours.
fn sha256(stack: &Stack, content: &str) -> String {
    let file = stack.folder().join("to-be-hashed");
    std::fs::write(&file, content).unwrap();
    let output = Command::new("sha256sum").arg(file).output().unwrap();
    let text = String::from_utf8(output.stdout).unwrap();
    text.split(' ').next().unwrap().to_owned()
}

async fn announce(stack: &Stack, content: &str) -> Answer {
    let body = json!({
        "name": "made",
        "format": "jsonl",
        "bytes": content.len(),
        "sha256": sha256(stack, content),
    });
    stack.api().post("/v1/datasets", &body).await
}

async fn send(stack: &Stack, path: &str, offset: usize, part: &str) -> Answer {
    let request = stack
        .api()
        .request(Method::PATCH, path)
        .header("content-type", "application/octet-stream")
        .header("upload-offset", offset)
        .body(part.to_owned());
    stack.api().send(request).await
}

/// Uploads in parts of a thousand bytes, and gives back the version.
async fn upload(stack: &Stack, content: &str) -> String {
    let announced = announce(stack, content).await;
    let path = announced.header("location").to_owned();
    let mut version = announced.expect(201);
    while version["complete"] == false {
        let offset = usize::try_from(version["received"].as_u64().unwrap()).unwrap();
        let end = content.len().min(offset + 1000);
        version = send(stack, &path, offset, &content[offset..end])
            .await
            .expect(200);
    }
    version["version"].as_str().unwrap().to_owned()
}

async fn count(stack: &Stack, dataset: Value) -> Value {
    let mut body = experiments::valid();
    body["config"]["dataset"] = dataset;
    let id = stack.api().create(&body).await;
    let experiment = stack.api().completed(&id, SOON).await;
    experiment["models"][0]["dataset"]["count"].clone()
}

#[tokio::test]
async fn an_upload_goes_on_where_it_was_on_any_replica() {
    let mut stack = Stack::start().await;
    let content = content(40);
    let announced = announce(&stack, &content).await;
    let path = announced.header("location").to_owned();
    assert_eq!(announced.expect(201)["received"], 0);
    let sent = send(&stack, &path, 0, &content[..700]).await.expect(200);
    assert_eq!(sent["received"], 700);

    // Another replica knows as much.
    stack.start_api().await;
    let again = announce(&stack, &content).await.expect(201);
    assert_eq!(
        (&again["received"], &again["complete"]),
        (&json!(700), &json!(false))
    );
    let head = stack.api().request(Method::HEAD, &path);
    assert_eq!(stack.api().send(head).await.header("upload-offset"), "700");
    for wrong in [0, 600, 701] {
        let refused = send(&stack, &path, wrong, &content[wrong..]).await;
        assert_eq!(refused.status, 409, "{}", refused.text);
        assert_eq!(refused.problem()["code"], "wrong_offset");
    }
    let too_long = format!("{}more", &content[700..]);
    assert_eq!(send(&stack, &path, 700, &too_long).await.status, 422);
    let sent = send(&stack, &path, 700, &content[700..]).await.expect(200);
    assert_eq!(sent["complete"], true);
    // It is there: nothing is sent again.
    assert_eq!(
        announce(&stack, &content).await.expect(201)["complete"],
        true
    );
    assert_eq!(
        count(&stack, json!({"type": "uploaded", "name": "made"})).await,
        40
    );
}

#[tokio::test]
async fn content_that_is_not_what_was_announced_is_no_version() {
    let stack = Stack::start().await;
    let content = content(5);
    let path = announce(&stack, &content)
        .await
        .header("location")
        .to_owned();
    let other = content.replace('?', "!");
    let refused = send(&stack, &path, 0, &other).await;
    assert_eq!(refused.status, 422, "{}", refused.text);
    assert_eq!(refused.problem()["code"], "content_mismatch");
    assert_eq!(stack.api().get("/v1/datasets/made").await.status, 404);
    let sent = send(&stack, &path, 0, &content).await.expect(200);
    assert_eq!(sent["complete"], true);
}

#[tokio::test]
async fn an_experiment_keeps_the_version_that_was_the_latest_when_it_was_created() {
    let stack = Stack::start().await;
    let first = upload(&stack, &content(40)).await;
    let second = upload(&stack, &content(41)).await;
    let versions = stack.api().get("/v1/datasets/made").await.expect(200);
    let versions: Vec<&Value> = versions["versions"]
        .as_array()
        .unwrap()
        .iter()
        .map(|version| &version["version"])
        .collect();
    assert_eq!(versions, [&second, &first]);
    let listed = stack.api().get("/v1/datasets").await.expect(200);
    assert_eq!(listed["datasets"][0]["version"], second);

    let latest = json!({"type": "uploaded", "name": "made", "limit": 100});
    assert_eq!(count(&stack, latest).await, 41);
    let older = json!({"type": "uploaded", "name": "made", "version": first});
    assert_eq!(count(&stack, older).await, 40);
    for (dataset, pointer) in [
        (
            json!({"type": "uploaded", "name": "none"}),
            "/config/dataset/name",
        ),
        (
            json!({"type": "uploaded", "name": "made", "version": "0".repeat(64)}),
            "/config/dataset/version",
        ),
    ] {
        let mut body = experiments::valid();
        body["config"]["dataset"] = dataset;
        let refused = stack.api().post("/v1/experiments", &body).await;
        assert_eq!(refused.status, 422, "{}", refused.text);
        assert_eq!(refused.pointers(), [pointer]);
    }
}

#[tokio::test]
async fn the_command_line_uploads_a_file_and_lists_it() {
    let stack = Stack::start().await;
    let file = stack.folder().join("items.jsonl");
    // More than one part.
    std::fs::write(&file, content(80_000)).unwrap();
    let cli = |arguments: &[&str]| {
        let mut command = Command::new(programs::path("ai-evolution"));
        command.args(["--json", "--api", stack.api().base(), "dataset"]);
        let command = command.args(arguments);
        let output = command.output().unwrap();
        let told = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "{arguments:?}: {told}");
        serde_json::from_slice::<Value>(&output.stdout).unwrap()
    };
    let upload = ["upload", file.to_str().unwrap(), "--name", "made"];

    let uploaded = cli(&upload);
    assert_eq!(uploaded["complete"], true);
    assert_eq!(cli(&upload), uploaded);
    assert_eq!(cli(&["list"]), uploaded);
    assert_eq!(cli(&["show", "made"]), uploaded);
}
