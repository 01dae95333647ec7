//! Keys stay with the worker, and what items and outputs say stays in the artifact store.

use std::path::Path;

use harness::{ModelServer, Reply, Stack, experiments, temporal};
use serde_json::json;

use crate::SOON;

const KEY: &str = "sk-test-6f1a93be04d7-do-not-tell";
const ITEM_TEXT: &str = "marker-of-an-item-5c70e2";
const OUTPUT_TEXT: &str = "marker-of-an-output-91bd44";

/// The files below a folder that hold a text.
fn files_with(folder: &Path, text: &str) -> Vec<String> {
    let mut found = Vec::new();
    let mut left = vec![folder.to_owned()];
    while let Some(folder) = left.pop() {
        for path in std::fs::read_dir(&folder)
            .unwrap()
            .flatten()
            .map(|entry| entry.path())
        {
            if path.is_dir() {
                left.push(path);
            } else if String::from_utf8_lossy(&std::fs::read(&path).unwrap()).contains(text) {
                found.push(path.display().to_string());
            }
        }
    }
    found
}

/// Everything that the API tells of an experiment.
async fn all_answers(stack: &Stack, id: &str) -> String {
    let mut answers = String::new();
    for path in [
        "/v1/experiments".to_owned(),
        format!("/v1/experiments/{id}"),
        format!("/v1/experiments/{id}/results"),
        format!("/v1/experiments/{id}/summary"),
        format!("/v1/workflows/{id}"),
        format!("/v1/workflows/{id}/history"),
    ] {
        answers += &stack.api().get(&path).await.text;
    }
    answers
}

#[tokio::test]
async fn an_api_key_is_told_to_its_provider_and_to_nobody_else() {
    // A provider that tells the key in its errors is the worst case, be it for good or for a while.
    let server = ModelServer::start(std::time::Duration::ZERO, |call| {
        let told = format!("the key {KEY} is not good for this");
        match call.prompt.as_bytes().last() {
            Some(b'1') => Reply::RefuseWith(400, told),
            Some(b'2') if call.nth == 1 => Reply::RefuseWith(503, told),
            _ => Reply::Text(call.prompt.clone()),
        }
    })
    .await;
    let mut stack = Stack::prepare(temporal::shared().await).await;
    stack.provider_with_key("test", &server.base_url(), "TEST_PROVIDER_KEY");
    stack.set("TEST_PROVIDER_KEY", KEY);
    stack.set("LOG", "debug");
    stack.start_api().await;
    stack.start_worker();
    let body = experiments::asked(experiments::inline(experiments::echo_items(20)));
    let id = stack.api().create(&body).await;
    stack.api().completed(&id, SOON).await;

    let bearer = Some(format!("Bearer {KEY}"));
    assert!(server.authorizations().iter().all(|sent| *sent == bearer));
    assert!(
        !all_answers(&stack, &id).await.contains(KEY),
        "the API tells the key"
    );
    assert!(
        !temporal::shared().await.history(&id).await.mentions(KEY),
        "Temporal keeps the key"
    );
    // The artifacts are below it too.
    assert_eq!(files_with(stack.folder(), KEY), Vec::<String>::new());
}

#[tokio::test]
async fn histories_and_logs_hold_no_text_of_items_or_outputs() {
    let server = ModelServer::start(std::time::Duration::ZERO, |call| match call.nth {
        1 if call.prompt.ends_with('2') => Reply::Refuse(500),
        _ => Reply::Text(format!("{OUTPUT_TEXT} {}", call.prompt)),
    })
    .await;
    nothing_is_told(&server).await;
}

#[tokio::test]
async fn a_provider_that_repeats_the_prompt_in_its_errors_does_not_bring_it_into_histories_or_logs()
{
    let server = ModelServer::start(std::time::Duration::ZERO, |call| {
        let repeated = format!("cannot do: {}", call.prompt);
        match call.prompt.as_bytes().last() {
            Some(b'1') => Reply::RefuseWith(400, repeated),
            Some(b'2') if call.nth == 1 => Reply::RefuseWith(500, repeated),
            Some(b'3') if call.nth == 1 => Reply::RefuseWith(429, repeated),
            _ => Reply::Text(format!("{OUTPUT_TEXT} {}", call.prompt)),
        }
    })
    .await;
    nothing_is_told(&server).await;
}

/// Runs two models over items with marks in them, and looks for the marks where they must not be.
async fn nothing_is_told(server: &ModelServer) {
    let mut stack = Stack::prepare(temporal::shared().await).await;
    stack.provider("test", &server.base_url());
    stack.set("LOG", "debug");
    stack.start_api().await;
    stack.start_worker();
    let items: Vec<_> = (0..40)
        .map(|index| {
            let prompt = format!("{ITEM_TEXT} {index}");
            json!({"id": index.to_string(), "input": {"prompt": prompt}, "expected": ITEM_TEXT, "metadata": {"m": ITEM_TEXT}})
        })
        .collect();
    let mut body = experiments::asked(experiments::inline(items));
    body["config"]["models"] = json!([{"name": "a"}, {"name": "b"}]);
    let id = stack.api().create(&body).await;
    let experiment = stack.api().completed(&id, SOON).await;

    let results = stack
        .api()
        .get(&format!("/v1/experiments/{id}/results"))
        .await;
    assert!(results.text.contains(ITEM_TEXT) && results.text.contains(OUTPUT_TEXT));
    let mut workflows = vec![id.clone()];
    for run in experiment["models"].as_array().unwrap() {
        workflows.push(run["workflow_id"].as_str().unwrap().to_owned());
    }
    let logs = stack.logs();
    for marker in [ITEM_TEXT, OUTPUT_TEXT] {
        for workflow in &workflows {
            let history = temporal::shared().await.history(workflow).await;
            assert!(history.events() > 5);
            assert!(
                !history.mentions(marker),
                "`{marker}` is in the history of {workflow}"
            );
        }
        assert!(!logs.contains(marker), "`{marker}` is in a log");
    }
}
