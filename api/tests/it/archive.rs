//! An experiment that Temporal has forgotten is still there.

use domain::summary::Status;
use serde_json::json;

use crate::experiments::{archive, summary};
use crate::service::{Service, request};

#[tokio::test]
async fn a_forgotten_experiment_is_shown_from_its_summaries() {
    let service = Service::new();
    archive(&service, &summary("old", 0, "a", Status::Completed)).await;
    archive(&service, &summary("old", 1, "b", Status::Failed)).await;
    let experiment = service.get("/v1/experiments/old").await.body;
    assert_eq!(
        (&experiment["status"], &experiment["experiment_name"]),
        (&json!("failed"), &json!("sums"))
    );
    assert_eq!(experiment["created_at"], "1970-01-01T00:00:10Z");
    assert_eq!(experiment["ended_at"], "1970-01-01T00:00:20Z");
    assert_eq!(experiment["models"][1]["workflow_id"], "old~1");
    assert_eq!(experiment["models"][0]["scorers"][0]["count"], 40);
    let results = service.get("/v1/experiments/old/results").await;
    assert_eq!(
        (results.status, &results.body["complete"]),
        (200, &json!(true))
    );
}

#[tokio::test]
async fn the_worst_of_the_runs_is_the_status_of_the_whole() {
    let service = Service::new();
    for (id, statuses, whole) in [
        ("done", [Status::Completed, Status::Completed], "completed"),
        (
            "stopped",
            [Status::Completed, Status::Cancelled],
            "cancelled",
        ),
        ("broken", [Status::Failed, Status::Cancelled], "failed"),
    ] {
        for (index, status) in (0..).zip(statuses) {
            archive(&service, &summary(id, index, &format!("m{index}"), status)).await;
        }
        let experiment = service.get(&format!("/v1/experiments/{id}")).await.body;
        assert_eq!(experiment["status"], whole, "{id}");
    }
}

#[tokio::test]
async fn the_id_of_a_forgotten_experiment_stays_taken() {
    let service = Service::new();
    archive(&service, &summary("old", 0, "a", Status::Completed)).await;
    let files = service.files();
    let body = request(|body| body["experiment_id"] = json!("old"));
    let answer = service.post("/v1/experiments", &body).await;
    assert_eq!(
        (answer.status, &answer.body["code"]),
        (409, &json!("conflict"))
    );
    assert_eq!(service.files(), files);
}
