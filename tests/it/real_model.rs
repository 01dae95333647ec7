//! A real language model on this machine is asked and scored: SmolLM2, behind llama.cpp's server.

use std::process::Command;
use std::time::Duration;

use harness::{Client, Process, Stack, eventually, programs, temporal, tools};
use serde_json::json;

use crate::sample::{datasets, example};

/// The model computes on the processors that the other tests use too.
const PATIENTLY: Duration = Duration::from_secs(300);

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_real_model_answers_and_is_scored() {
    let examples = programs::repository().join("examples");
    let python = tools::python(&examples.join("requirements-model.txt"), &["--no-deps"]);
    let mut stack = Stack::prepare(temporal::shared().await).await;
    let port = tools::free_port();
    let mut command = Command::new(python.join("python"));
    command
        .arg(examples.join("serve_model.py"))
        .arg(port.to_string());
    let mut model = Process::start("model", command, &stack.folder().join("model.log")).unwrap();
    let provider = Client::new(format!("http://127.0.0.1:{port}"));
    eventually("the model answers", PATIENTLY, async || {
        assert!(model.ended().is_none(), "{}", model.log());
        let request = provider.request(reqwest::Method::GET, "/v1/models");
        match provider.try_send(request).await? {
            answer if answer.status == 200 => Ok(()),
            answer => Err(answer.text),
        }
    })
    .await;

    stack.provider("local", &format!("http://127.0.0.1:{port}/v1"));
    stack.keep_datasets_at(datasets());
    stack.start_api().await;
    stack.start_worker();
    let mut body = example("smollm2.yaml");
    body["config"]["dataset"]["limit"] = json!(8);
    let id = stack.api().create(&body).await;
    stack.api().completed(&id, PATIENTLY).await;

    let results = stack.api().results(&id, "").await;
    assert_eq!(results.len(), 8);
    for result in &results {
        let result = &result["result"];
        assert_eq!(result["state"], "ok", "{result}");
        let answer = &result["output"]["answer"];
        assert!(!answer["value"].as_str().unwrap().is_empty(), "{answer}");
        assert!(
            answer["usage"]["input_tokens"].as_u64() > Some(5),
            "{answer}"
        );
        assert!(
            answer["usage"]["output_tokens"].as_u64() > Some(0),
            "{answer}"
        );
        assert!(answer["latency_ms"].as_f64() > Some(0.0), "{answer}");
    }
    let summary = stack.api().summary(&id).await;
    let correct = &summary["models"][0]["scorers"][0];
    assert_eq!(
        (&correct["scorer"], &correct["count"]),
        (&json!("correct"), &json!(8))
    );
    // Numbers below ten are within the powers even of so small a model, at least now and then.
    assert!(correct["mean"].as_f64() > Some(0.0), "{summary}");

    // Two prompts for it are compared on one page.
    let mut body = example("prompts-comparison.yaml");
    body["config"]["dataset"]["limit"] = json!(4);
    let (file, page) = (
        stack.folder().join("two.json"),
        stack.folder().join("two.html"),
    );
    std::fs::write(&file, body.to_string()).unwrap();
    let mut command = Command::new(programs::path(programs::CLI));
    command.args(["--api", stack.api().base(), "run"]).arg(file);
    command.arg("--report").arg(&page);
    let printed = tokio::task::spawn_blocking(move || tools::run(&mut command)).await;
    assert!(printed.unwrap().contains("two-examples"));
    let html = std::fs::read_to_string(page).unwrap();
    assert!(
        html.contains("SmolLM2 on TruthfulQA: two prompts"),
        "{html}"
    );
    assert!(
        html.contains("id=\"comparison\"") && html.contains("statistically tied"),
        "{html}"
    );
}
