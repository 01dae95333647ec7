//! An experiment that does not move says what it waits for.

use std::time::Duration;

use harness::{Stack, experiments, temporal};

use crate::SOON;

#[tokio::test]
async fn without_a_worker_an_experiment_waits_for_one_and_says_so() {
    let mut stack = Stack::prepare(temporal::shared().await).await;
    stack.start_api().await;
    let id = stack.api().create(&experiments::valid()).await;
    let waiting = stack
        .api()
        .wait_until(
            &id,
            "waits for a worker",
            Duration::from_secs(20),
            |experiment| experiment["waiting_on"]["reason"] == "worker",
        )
        .await;
    assert_eq!(waiting["status"], "running");
    let detail = waiting["waiting_on"]["detail"].as_str().unwrap_or_default();
    assert!(
        detail.contains(&stack.task_queue),
        "the queue is not named: {detail}"
    );

    stack.start_worker();
    let completed = stack.api().completed(&id, SOON).await;
    assert!(completed["waiting_on"].is_null(), "{completed}");
}
