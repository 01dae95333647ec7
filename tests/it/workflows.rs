//! Those who look after the service see the workflows and their histories.

use std::time::Duration;

use harness::{ModelServer, Reply, Stack, experiments};
use serde_json::{Value, json};

use crate::SOON;

#[tokio::test]
async fn a_run_and_its_history_are_shown() {
    let stack = Stack::start().await;
    let id = stack.api().create(&experiments::valid()).await;
    let experiment = stack.api().completed(&id, SOON).await;
    assert_eq!(
        experiment["links"]["workflow"],
        format!("/v1/workflows/{id}")
    );

    let workflow = stack
        .api()
        .get(&format!("/v1/workflows/{id}"))
        .await
        .expect(200);
    assert_eq!(workflow["workflow_id"], id);
    assert_eq!(workflow["workflow_type"], "ExperimentWorkflow");
    assert_eq!(workflow["status"], "completed");
    assert_eq!(workflow["task_queue"], stack.task_queue);
    assert_eq!(workflow["pending_activities"], json!([]));
    assert_eq!(workflow["pending_children"], json!([]));
    assert!(workflow["ended_at"].is_string(), "{workflow}");

    let path = format!("/v1/workflows/{id}/history?page_size=5");
    let (events, pages) = stack.api().pages(&path, "events").await;
    assert!(pages > 1);
    assert_eq!(workflow["history_length"], events.len());
    let ids: Vec<i64> = events
        .iter()
        .filter_map(|event| event["event_id"].as_i64())
        .collect();
    assert_eq!(ids, (1..=events.len() as i64).collect::<Vec<_>>());
    assert_eq!(events[0]["event_type"], "WorkflowExecutionStarted");
    let activities: Vec<&Value> = events
        .iter()
        .filter(|event| event["event_type"] == "ActivityTaskScheduled")
        .map(|event| &event["attributes"]["activity_type"])
        .collect();
    assert_eq!(
        activities,
        [
            "LoadDataset",
            "GenerateOutput",
            "ScoreOutput",
            "EmitResults"
        ]
    );
}

#[tokio::test]
async fn several_models_are_children_of_one_workflow() {
    let server = ModelServer::start(Duration::from_millis(100), |call| {
        Reply::Text(call.prompt.clone())
    })
    .await;
    let stack = Stack::with_model(&server).await;
    let mut body = experiments::asked(experiments::inline(experiments::echo_items(100)));
    body["config"]["models"] = json!([{"name": "a"}, {"name": "b"}]);
    let id = stack.api().create(&body).await;
    let path = format!("/v1/workflows/{id}");
    let workflow = harness::eventually("the children run", SOON, async || {
        let workflow = stack.api().get(&path).await.expect(200);
        match workflow["pending_children"].as_array().map_or(0, Vec::len) {
            2 => Ok(workflow),
            _ => Err(workflow.to_string()),
        }
    })
    .await;
    assert_eq!(workflow["workflow_type"], "MultiModelWorkflow");
    let experiment = stack.api().experiment(&id).await;
    let child = experiment["models"][1]["workflow_id"].as_str().unwrap();
    let pending = harness::eventually("an activity is under way", SOON, async || {
        let child = stack
            .api()
            .get(&format!("/v1/workflows/{child}"))
            .await
            .expect(200);
        assert_eq!(child["workflow_type"], "ExperimentWorkflow");
        let pending = child["pending_activities"][0].clone();
        match pending["state"] == "started" && pending["activity_type"] == "GenerateOutput" {
            true => Ok(pending),
            false => Err(child.to_string()),
        }
    })
    .await;
    assert_eq!(pending["attempt"], 1, "{pending}");
    stack.api().completed(&id, SOON).await;
}

#[tokio::test]
async fn an_activity_that_is_tried_again_shows_why() {
    let server = ModelServer::start(Duration::ZERO, |call| match call.nth {
        1 => Reply::Refuse(502),
        _ => Reply::Text(call.prompt.clone()),
    })
    .await;
    let stack = Stack::with_model(&server).await;
    let mut body = experiments::asked(experiments::inline(experiments::echo_items(3)));
    // Shorter waits are the worker's; long ones are left to Temporal.
    body["config"]["retry"] = json!({"initial_interval": "90s", "maximum_interval": "90s"});
    let id = stack.api().create(&body).await;
    let pending = harness::eventually("the activity waits", SOON, async || {
        let workflow = stack
            .api()
            .get(&format!("/v1/workflows/{id}"))
            .await
            .expect(200);
        let pending = workflow["pending_activities"][0].clone();
        match pending["next_attempt_at"].is_string() {
            true => Ok(pending),
            false => Err(workflow.to_string()),
        }
    })
    .await;
    assert_eq!(pending["state"], "scheduled", "{pending}");
    let failure = pending["last_failure"].as_str().unwrap_or_default();
    assert!(failure.contains("502"), "{pending}");
    let cancel = format!("/v1/experiments/{id}/cancel");
    stack.api().post_empty(&cancel).await.expect(202);
    let ended = stack.api().ended(&id, SOON).await;
    assert_eq!(ended["status"], "cancelled", "{ended}");
}

#[tokio::test]
async fn what_does_not_exist_is_not_found() {
    let stack = Stack::start().await;
    for path in [
        "/v1/experiments/nothing",
        "/v1/experiments/nothing/results",
        "/v1/experiments/nothing/summary",
        "/v1/workflows/nothing",
        "/v1/workflows/nothing/history",
    ] {
        let answer = stack.api().get(path).await;
        assert_eq!(answer.status, 404, "{path}: {}", answer.text);
        assert_eq!(answer.problem()["code"], "not_found", "{path}");
    }
    let answer = stack
        .api()
        .post("/v1/experiments/nothing/cancel", &json!({}))
        .await;
    assert_eq!(answer.status, 404, "{}", answer.text);
}
