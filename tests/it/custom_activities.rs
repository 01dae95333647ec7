//! Workers of others, in another language, obtain outputs and score them: no call is made twice, and a queue without a worker
//! is waited for by name.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::Command;

use harness::Process;
use harness::experiments::{self, result_of};
use harness::{Stack, programs, temporal, tools};
use serde_json::{Value, json};

use crate::SOON;

fn examples() -> PathBuf {
    programs::repository().join("examples/custom_activities")
}

fn python() -> PathBuf {
    tools::python(&examples().join("requirements.txt"), &[]).join("python")
}

/// The worker that ships with the examples.
async fn example_worker(stack: &Stack, task_queue: &str) -> Process {
    let mut command = Command::new(python());
    command.arg(examples().join("worker.py"));
    command.args(["--temporal", &temporal::shared().await.address]);
    command.args(["--task-queue", task_queue]);
    Process::start("example", command, &stack.folder().join("example.log")).unwrap()
}

/// A worker that counts what it carries out in a file.
async fn counting_worker(stack: &Stack, task_queue: &str, counts: &Path) -> Process {
    let mut command = Command::new(python());
    command
        .arg(programs::repository().join("tests/activities/counting.py"))
        .arg(&temporal::shared().await.address)
        .arg(task_queue)
        .arg(counts);
    Process::start("counting", command, &stack.folder().join("counting.log")).unwrap()
}

/// How often each thing was carried out.
fn counted(counts: &Path) -> BTreeMap<String, u32> {
    let mut counted = BTreeMap::new();
    for line in std::fs::read_to_string(counts).unwrap_or_default().lines() {
        *counted.entry(line.to_owned()).or_default() += 1;
    }
    counted
}

fn activity(task_queue: &str, activity: &str) -> Value {
    json!({"type": "activity", "task_queue": task_queue, "activity": activity,
           "schedule_to_start_timeout": "2s"})
}

fn body(dataset: Value, adapter: Value, scorers: Value) -> Value {
    let mut body = experiments::asked(dataset);
    body["config"]["adapter"] = adapter;
    body["config"]["scorers"] = scorers;
    body
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_worker_in_python_answers_and_scores_and_is_waited_for_until_it_is_there() {
    let stack = Stack::start().await;
    let queue = format!("{}-sums", stack.task_queue);
    let items = json!([
        {"id": "sum", "input": {"prompt": "2+3"}, "expected": "5"},
        {"id": "off", "input": {"prompt": "2+3"}, "expected": "6"},
        {"id": "none", "input": {"prompt": "who?"}, "expected": "me"},
    ]);
    let dataset = json!({"type": "inline", "items": items});
    let scorers = json!([activity(&queue, "closeness"), {"type": "exact_match"}]);
    let body = body(dataset, activity(&queue, "answer"), scorers);
    let id = stack.api().create(&body).await;
    let waiting = stack
        .api()
        .wait_until(&id, "waits for the worker", SOON, |experiment| {
            let waiting_on = &experiment["models"][0]["waiting_on"];
            let detail = waiting_on["detail"].as_str().unwrap_or_default();
            waiting_on["reason"] == "worker"
                && detail.contains("no worker has taken")
                && detail.contains(&queue)
        })
        .await;
    assert_eq!(waiting["status"], "running");

    let _worker = example_worker(&stack, &queue).await;
    let completed = stack.api().completed(&id, 2 * SOON).await;
    let states = &completed["models"][0]["states"];
    assert_eq!(
        (&states["ok"], &states["generation_failed"]),
        (&json!(2), &json!(1))
    );
    let results = stack.api().results(&id, "").await;
    let sum = result_of(&results, "sum");
    assert_eq!(sum["output"]["answer"]["value"], "5");
    assert_eq!(sum["output"]["answer"]["model"], "sums-for-echo");
    assert_eq!(sum["output"]["answer"]["usage"]["input_tokens"], 2);
    assert_eq!(sum["scores"][0]["value"], 1.0);
    let off = &result_of(&results, "off")["scores"][0];
    assert_eq!(
        (&off["value"], &off["comment"]),
        (&json!(0.5), &json!("1 away"))
    );
    assert_eq!(off["metadata"]["distance"], 1.0);
    // What is not worth another attempt has none.
    let none = &result_of(&results, "none")["output"];
    assert_eq!(none["error"]["kind"], "bad_request", "{none}");
    let message = none["error"]["message"].as_str().unwrap();
    assert!(
        message.contains("NoSum") && message.contains("this is no sum"),
        "{message}"
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_killed_worker_of_ours_finds_the_activities_that_it_asked_for_again() {
    const ITEMS: usize = 60;
    let mut stack = Stack::start().await;
    let queue = format!("{}-slow", stack.task_queue);
    let counts = stack.folder().join("counts");
    let _theirs = counting_worker(&stack, &queue, &counts).await;
    let dataset = experiments::inline(experiments::echo_items(ITEMS));
    let scorers = json!([activity(&queue, "slow_score")]);
    let mut body = body(dataset, activity(&queue, "slow_answer"), scorers);
    body["config"]["execution"] = json!({"concurrency_limit": 10});
    let id = stack.api().create(&body).await;
    for done in [20, ITEMS + 20] {
        harness::eventually("some are carried out", SOON, async || {
            match counted(&counts).len() {
                count if count >= done => Ok(()),
                count => Err(format!("{count}")),
            }
        })
        .await;
        stack.take_worker().kill();
        stack.start_worker();
    }
    stack.api().completed(&id, 2 * SOON).await;
    let summary = stack.api().summary(&id).await;
    let model = &summary["models"][0];
    assert_eq!(model["states"]["ok"], ITEMS, "{summary}");
    assert_eq!(model["scorers"][0]["mean"], 1.0, "{summary}");
    let counted = counted(&counts);
    assert_eq!(counted.len(), 2 * ITEMS, "{counted:?}");
    let twice: Vec<_> = counted.iter().filter(|(_, times)| **times != 1).collect();
    assert!(twice.is_empty(), "carried out more than once: {twice:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_activity_that_fails_is_tried_again_as_it_asks() {
    let stack = Stack::start().await;
    let queue = format!("{}-fickle", stack.task_queue);
    let counts = stack.folder().join("counts");
    let _theirs = counting_worker(&stack, &queue, &counts).await;
    let items = ["fine", "never", "odd"];
    let items = items.map(|id| json!({"id": id, "input": {"prompt": id}, "expected": id}));
    let dataset = json!({"type": "inline", "items": items});
    let scorers = json!([{"type": "exact_match"}]);
    let id = stack
        .api()
        .create(&body(dataset, activity(&queue, "fickle"), scorers))
        .await;
    stack.api().completed(&id, SOON).await;
    let results = stack.api().results(&id, "").await;
    assert_eq!(result_of(&results, "fine")["scores"][0]["value"], true);
    let kind = |id: &str| result_of(&results, id)["output"]["error"]["kind"].clone();
    assert_eq!(
        (kind("never"), kind("odd")),
        (json!("bad_request"), json!("bad_answer"))
    );
    let expected = ["fine", "never", "odd"].map(|id| (format!("fickle {id}"), 2));
    assert_eq!(counted(&counts), BTreeMap::from(expected));
}

#[tokio::test]
async fn the_queue_of_the_service_itself_is_refused() {
    let stack = Stack::start().await;
    let dataset = experiments::inline(experiments::echo_items(2));
    let own = || activity(&stack.task_queue, "GenerateOutput");
    let body = body(dataset, own(), json!([{"type": "exact_match"}, own()]));
    let answer = stack.api().post("/v1/experiments", &body).await;
    assert_eq!(answer.status, 422, "{}", answer.text);
    assert_eq!(
        answer.pointers(),
        ["/config/adapter/task_queue", "/config/scorers/1/task_queue"]
    );
}
