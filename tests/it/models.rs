//! Several models run side by side, and one that fails takes nothing from the others.

use harness::experiments;
use harness::{ModelServer, Reply, Stack};
use serde_json::json;

use crate::SOON;

#[tokio::test]
async fn a_refused_model_leaves_the_other_complete() {
    let server = ModelServer::start(std::time::Duration::ZERO, |call| {
        match call.model.as_str() {
            "refused" => Reply::Refuse(401),
            _ => Reply::Text(call.prompt.clone()),
        }
    })
    .await;
    let stack = Stack::with_model(&server).await;
    let mut body = experiments::asked(experiments::inline(experiments::echo_items(150)));
    body["config"]["models"] = json!([{"name": "refused"}, {"name": "good"}]);
    let id = stack.api().create(&body).await;
    let experiment = stack.api().ended(&id, SOON).await;

    assert_eq!(experiment["status"], "failed");
    let reason = experiment["reason"].as_str().expect("a reason");
    assert!(
        reason.contains("`refused`") && !reason.contains("`good`"),
        "{reason}"
    );
    assert!(reason.contains("401"), "{reason}");
    let (refused, good) = (&experiment["models"][0], &experiment["models"][1]);
    assert_eq!(
        (&refused["model"], &refused["status"]),
        (&json!("refused"), &json!("failed"))
    );
    assert_eq!(
        (&good["model"], &good["status"]),
        (&json!("good"), &json!("completed"))
    );
    assert_eq!(good["reason"], json!(null));

    let results = stack.api().results(&id, "model=good").await;
    assert_eq!(results.len(), 150);
    let summary = stack.api().summary(&id).await;
    assert_eq!(summary["models"][1]["states"]["ok"], 150);
    assert_eq!(summary["models"][1]["scorers"][0]["mean"], 1.0);

    // Bad credentials would fail every item alike, so the run stops at the calls that were already under way.
    let (calls, concurrency) = (server.asked_of("refused").len(), 5);
    assert!(
        calls <= 2 * concurrency,
        "{calls} calls with refused credentials"
    );
    let states = &summary["models"][0]["states"];
    let counted: u64 = ["ok", "generation_failed", "scorer_failed", "skipped"]
        .iter()
        .filter_map(|state| states[state].as_u64())
        .sum();
    assert_eq!(counted, 150, "{states}");
    assert_eq!(states["ok"], 0);
}

#[tokio::test]
async fn a_model_that_the_provider_does_not_know_fails_the_run_with_its_reason() {
    let server = ModelServer::start(std::time::Duration::ZERO, |_| Reply::Refuse(404)).await;
    let stack = Stack::with_model(&server).await;
    let body = experiments::asked(experiments::inline(experiments::echo_items(50)));
    let id = stack.api().create(&body).await;
    let experiment = stack.api().ended(&id, SOON).await;
    assert_eq!(experiment["status"], "failed");
    let reason = experiment["reason"].as_str().expect("a reason");
    assert!(reason.contains("404"), "{reason}");
}

#[tokio::test]
async fn a_provider_that_is_not_in_the_table_fails_the_run_with_its_name() {
    let stack = Stack::start().await;
    let mut body = experiments::asked(experiments::inline(experiments::echo_items(5)));
    body["config"]["adapter"]["provider"] = json!("nobody");
    let id = stack.api().create(&body).await;
    let experiment = stack.api().ended(&id, SOON).await;
    assert_eq!(experiment["status"], "failed");
    let reason = experiment["reason"].as_str().expect("a reason");
    assert!(reason.contains("`nobody`"), "{reason}");
}

#[tokio::test]
async fn models_run_one_after_another_when_asked_to() {
    let server = ModelServer::start(std::time::Duration::from_millis(20), |call| {
        Reply::Text(call.prompt.clone())
    })
    .await;
    let stack = Stack::with_model(&server).await;
    let mut body = experiments::asked(experiments::inline(experiments::echo_items(40)));
    body["config"]["models"] = json!([{"name": "a"}, {"name": "b"}, {"name": "c"}]);
    body["config"]["execution"] = json!({"concurrency_limit": 4, "max_parallel_models": 1});
    let id = stack.api().create(&body).await;
    stack.api().completed(&id, SOON).await;
    assert_eq!(server.calls(), 120);
    assert!(server.most_in_flight() <= 4, "{}", server.most_in_flight());
    let order: Vec<String> = server
        .bodies()
        .iter()
        .map(|body| body["model"].as_str().unwrap_or_default().to_owned())
        .collect();
    assert!(order.is_sorted(), "the models overlap: {order:?}");
}
