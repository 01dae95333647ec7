//! With payload keys, Temporal holds nothing that can be read without them, and everything works as before.

use std::time::Duration;

use base64::prelude::{BASE64_STANDARD, Engine as _};
use harness::{ModelServer, Reply, Stack, eventually, experiments, temporal};
use serde_json::{Value, json};

use crate::SOON;

const NAME: &str = "marker-of-a-name-e1c77b";
const MODEL: &str = "marker-of-a-model-40d9ac";
const OTHER_MODEL: &str = "marker-of-another-model-77aa02";
const REASON: &str = "marker-of-a-reason-b35f18";

/// A file of two keys, of which `current` encrypts.
fn keys(current: &str) -> String {
    format!(
        "current = \"{current}\"\n[keys]\n\
         first = \"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=\"\n\
         second = \"AQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQE=\"\n"
    )
}

/// A server that answers one model, fails the other for the whole run, and says why.
async fn model_server() -> ModelServer {
    ModelServer::start(Duration::ZERO, |call| match call.model.as_str() {
        MODEL => Reply::Text(call.prompt.clone()),
        _ => Reply::RefuseWith(401, REASON.to_owned()),
    })
    .await
}

fn experiment() -> Value {
    let mut body = experiments::asked(experiments::inline(experiments::echo_items(5)));
    body["experiment_name"] = json!(NAME);
    body["config"]["models"] = json!([{"name": MODEL}, {"name": OTHER_MODEL}]);
    body
}

/// What Temporal tells of an experiment and its runs to whoever may look.
async fn told_by_temporal(id: &str) -> String {
    let server = temporal::shared().await;
    let mut told = String::new();
    for workflow in [id.to_owned(), format!("{id}~0"), format!("{id}~1")] {
        let history = server.history(&workflow).await;
        told += &history.json.to_string();
        told += &history.payloads.concat();
        let description = ["workflow", "describe", "-w", &workflow, "--output", "json"];
        told += &server.ask(&description).await.expect("it can be described");
    }
    told
}

async fn encrypted_stack(server: &ModelServer) -> Stack {
    let mut stack = Stack::prepare(temporal::shared().await).await;
    stack.provider("test", &server.base_url());
    let file = stack.folder().join("payload-keys.toml");
    std::fs::write(&file, keys("first")).unwrap();
    stack.set("PAYLOAD_KEYS", file.to_str().unwrap());
    stack.start_api().await;
    stack.start_worker();
    stack
}

#[tokio::test]
async fn temporal_reads_nothing_and_the_api_everything() {
    let server = model_server().await;
    let stack = encrypted_stack(&server).await;
    let id = stack.api().create(&experiment()).await;
    let ended = stack.api().ended(&id, SOON).await;
    assert_eq!(ended["status"], "failed");

    let told = told_by_temporal(&id).await;
    for marker in [NAME, MODEL, OTHER_MODEL, REASON] {
        assert!(!told.contains(marker), "Temporal tells `{marker}`");
    }
    // The check can fail: what it looks for is there, for whoever has the keys.
    let shown = stack.api().experiment(&id).await.to_string();
    for marker in [NAME, MODEL, OTHER_MODEL, REASON] {
        assert!(shown.contains(marker), "the API does not tell `{marker}`");
    }
    // Experiments of other tests have the name, too.
    eventually("the experiment is listed", SOON, async || {
        let (listed, _) = stack
            .api()
            .pages(&format!("/v1/experiments?name={NAME}"), "experiments")
            .await;
        match listed.iter().any(|experiment| experiment["id"] == id) {
            true => Ok(()),
            false => Err(format!("{listed:?}")),
        }
    })
    .await;
    let history = stack
        .api()
        .get(&format!("/v1/workflows/{id}~1/history"))
        .await;
    assert!(history.text.contains(REASON), "{}", history.text);
}

#[tokio::test]
async fn keys_change_and_what_the_former_one_encrypted_is_still_read() {
    let server = model_server().await;
    let mut stack = encrypted_stack(&server).await;
    let before = stack.api().create(&experiment()).await;
    stack.api().ended(&before, SOON).await;

    std::fs::write(stack.folder().join("payload-keys.toml"), keys("second")).unwrap();
    stack.take_worker().kill();
    stack.take_api().kill();
    stack.start_api().await;
    stack.start_worker();
    assert_eq!(
        stack.api().experiment(&before).await["experiment_name"],
        NAME
    );
    // Another round of it, begun under the new key, goes on from what was written under the old one.
    let path = format!("/v1/experiments/{before}/rescore");
    stack.api().post(&path, &json!({})).await.expect(202);
    let after = stack.api().create(&experiment()).await;
    for id in [&before, &after] {
        stack.api().ended(id, SOON).await;
    }
    let told = told_by_temporal(&after).await;
    assert!(!told.contains(MODEL));
}

#[tokio::test]
async fn the_temporal_ui_is_shown_payloads_by_whoever_has_the_keys() {
    let server = model_server().await;
    let stack = encrypted_stack(&server).await;
    let id = stack.api().create(&experiment()).await;
    stack.api().ended(&id, SOON).await;

    let history = temporal::shared().await.history(&id).await;
    let input = &history.json["events"][0]["workflowExecutionStartedEventAttributes"]["input"];
    let decoded = stack.api().post("/codec/decode", input).await.expect(200);
    let data = decoded["payloads"][0]["data"].as_str().unwrap();
    let read = String::from_utf8(BASE64_STANDARD.decode(data).unwrap()).unwrap();
    assert!(read.contains(MODEL), "{read}");
    // What is encrypted again can be read again, and what is no payload is named.
    let encoded = stack
        .api()
        .post("/codec/encode", &decoded)
        .await
        .expect(200);
    assert_ne!(encoded, decoded);
    let again = stack
        .api()
        .post("/codec/decode", &encoded)
        .await
        .expect(200);
    assert_eq!(again, decoded);
    let forged = json!({"payloads": [decoded["payloads"][0], {"data": "?"}]});
    let refused = stack.api().post("/codec/decode", &forged).await;
    refused.expect(422);
    assert_eq!(refused.pointers(), ["/payloads/1"]);
}

#[tokio::test]
async fn without_keys_there_is_no_codec() {
    let stack = Stack::start().await;
    let answer = stack
        .api()
        .post("/codec/decode", &json!({"payloads": []}))
        .await;
    answer.expect(404);
}
