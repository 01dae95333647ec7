//! Another round of an experiment that has ended: what it is started with, and when it is refused.

use api::{Execution, IdUse, Input, Start};
use artifacts::run::Run;
use domain::dataset::DatasetRef;
use domain::progress::{Progress, Stage};
use domain::summary::{RunSummary, Status};
use serde_json::{Value, json};
use workflows::experiment::{RunInput, Work};

use crate::experiments::{archive, progress, summary};
use crate::memory::execution;
use crate::service::{Service, request};

/// An experiment that has completed with 40 of its 100 items.
async fn ended(service: &Service) {
    let body = request(|body| body["experiment_id"] = json!("e"));
    assert_eq!(service.post("/v1/experiments", &body).await.status, 201);
    let mut executions = service.memory.executions.lock().unwrap();
    let execution = executions.get_mut("e").unwrap();
    execution.status = Status::Completed;
    execution.progress = Some(progress(Stage::Done));
}

fn last(service: &Service) -> (Start, RunInput) {
    let started = service.memory.started.lock().unwrap();
    let start = started.last().unwrap().clone();
    match &start.input {
        Input::OneModel(input) => (start.clone(), (**input).clone()),
        Input::SeveralModels(_) => panic!("one model is one run"),
    }
}

async fn begin(service: &Service, what: &str, body: &Value) {
    let path = format!("/v1/experiments/e/{what}");
    let answer = service.post(&path, body).await;
    assert_eq!(answer.status, 202, "{what}: {}", answer.body);
    assert_eq!(answer.body["status"], "running");
}

#[tokio::test]
async fn a_retry_runs_under_the_same_id_with_what_is_changed() {
    let service = Service::new();
    ended(&service).await;
    let first = last(&service).0.memo;
    let config = json!({"execution": {"concurrency_limit": 2}, "retry": {"maximum_attempts": 9}});
    begin(&service, "retry", &json!({"config": config})).await;
    let (start, input) = last(&service);
    assert_eq!(start.id_use, IdUse::Again);
    assert_eq!((start.memo.round, input.run.round), (1, 1));
    assert_eq!(start.memo.created_at, first.created_at);
    assert_ne!(start.memo.spec_sha256, first.spec_sha256);
    assert_eq!(input.work, Work::Generate);
    assert_eq!(input.retry.maximum_attempts, 9);
    assert_eq!(input.limits.unwrap().concurrency_limit, 2);
    // The dataset stays the one it was; what was counted is counted anew.
    let dataset = Some(DatasetRef::new("d".to_owned(), 100));
    assert_eq!(input.resumed.progress.dataset, dataset);
    assert_eq!(input.resumed.progress.states.total(), 0);
    let spec_ref = input.run.spec;
    let spec = service
        .store
        .spec(&spec_ref.experiment_id, &spec_ref.sha256)
        .await
        .unwrap();
    assert_eq!(spec.retry.maximum_attempts, 9);
    assert_eq!(spec.models[0].name, "a");
}

#[tokio::test]
async fn the_configuration_of_the_latest_round_can_be_posted_again() {
    let service = Service::new();
    let none = service.get("/v1/experiments/e/config").await;
    assert_eq!(
        (none.status, &none.body["code"]),
        (404, &json!("not_found"))
    );
    ended(&service).await;
    let posted = request(|_| {});
    let told = service.get("/v1/experiments/e/config").await;
    assert_eq!(told.status, 200, "{}", told.body);
    assert_eq!(told.body["dataset"], posted["config"]["dataset"]);
    let models = json!([{"name": "a", "adapter": {"type": "recorded"}}]);
    assert_eq!(told.body["models"], models);
    let again = json!({"experiment_name": "again", "config": told.body});
    let path = "/v1/experiments?validate_only=true";
    assert_eq!(service.post(path, &again).await.status, 200);
    let scorers = json!([{"type": "numeric"}]);
    begin(&service, "rescore", &json!({"scorers": scorers})).await;
    let told = service.get("/v1/experiments/e/config").await;
    assert_eq!(told.body["scorers"][0]["type"], "numeric");
    // Temporal may have forgotten it.
    let sha256 = last(&service).0.memo.spec_sha256;
    let summary = RunSummary {
        spec_sha256: sha256,
        ..summary("e", 0, "a", Status::Completed)
    };
    archive(&service, &summary).await;
    service.memory.executions.lock().unwrap().clear();
    let archived = service.get("/v1/experiments/e/config").await;
    assert_eq!(archived.body, told.body);
}

#[tokio::test]
async fn faults_of_a_round_are_named_where_they_stand() {
    let service = Service::new();
    ended(&service).await;
    for (what, body, pointers) in [
        (
            "retry",
            json!({"config": {"scorers": [{"type": "regex", "pattern": "("}],
                "adapter": {"type": "openai", "provider": "p", "prompt": "{{ x"}}}),
            vec!["/config/adapter/prompt", "/config/scorers/0/pattern"],
        ),
        (
            "retry",
            json!({"config": {"models": [], "execution": {"concurrency_limit": 0}}}),
            vec!["/config/execution/concurrency_limit", "/config/models"],
        ),
        (
            "rescore",
            json!({"scorers": [{"type": "regex", "pattern": "("}]}),
            vec!["/scorers/0/pattern"],
        ),
    ] {
        let path = format!("/v1/experiments/e/{what}");
        let answer = service.post(&path, &body).await;
        assert_eq!(answer.status, 422, "{what}: {}", answer.body);
        let mut named = answer.pointers();
        named.sort_unstable();
        assert_eq!(named, pointers);
    }
    assert_eq!(service.memory.started.lock().unwrap().len(), 1);
}

#[tokio::test]
async fn results_are_delivered_again_in_the_same_round_once_there_are_some() {
    let service = Service::new();
    ended(&service).await;
    let path = "/v1/experiments/e/emit";
    let refused = service.post(path, &json!({})).await;
    assert_eq!(
        (refused.status, &refused.body["code"]),
        (409, &json!("not_repeatable"))
    );
    archive(&service, &summary("e", 0, "a", Status::Completed)).await;
    begin(&service, "emit", &json!({"sinks": [{"type": "csv"}]})).await;
    let (start, input) = last(&service);
    assert_eq!((start.memo.round, input.work), (0, Work::Emit));
    assert_eq!(input.resumed.progress.states.ok, 38);
}

#[tokio::test]
async fn while_results_are_delivered_again_the_summary_is_what_it_was() {
    let service = Service::new();
    let body = request(|body| {
        body["experiment_id"] = json!("e");
        body["config"]["models"] = json!([{"name": "a"}, {"name": "b"}]);
    });
    assert_eq!(service.post("/v1/experiments", &body).await.status, 201);
    archive(&service, &summary("e", 1, "b", Status::Completed)).await;
    let delivering = Execution {
        progress: Some(Progress {
            stage: Stage::Emitting,
            ..Progress::default()
        }),
        ..execution("e~1", Status::Running)
    };
    let executions = &service.memory.executions;
    let id = delivering.workflow_id.clone();
    executions.lock().unwrap().insert(id, delivering);
    let shown = service.get("/v1/experiments/e").await.body;
    let run = &shown["models"][1];
    assert_eq!(run["stage"], "emitting");
    assert_eq!(
        (&run["status"], &run["states"]["ok"]),
        (&json!("running"), &json!(38))
    );
    assert_eq!(run["scorers"][0]["count"], 40);
}

#[tokio::test]
async fn what_runs_begins_no_round() {
    let service = Service::new();
    ended(&service).await;
    begin(&service, "rescore", &json!({})).await;
    assert_eq!(last(&service).1.work, Work::Score);
    for what in ["retry", "rescore", "emit"] {
        let path = format!("/v1/experiments/e/{what}");
        let answer = service.post(&path, &json!({})).await;
        assert_eq!(
            (answer.status, &answer.body["code"]),
            (409, &json!("running"))
        );
    }
}

#[tokio::test]
async fn a_forgotten_experiment_begins_a_round_by_what_is_archived() {
    let service = Service::new();
    ended(&service).await;
    let sha256 = last(&service).0.memo.spec_sha256;
    service.memory.executions.lock().unwrap().clear();
    let run = Run {
        experiment: "e".parse().unwrap(),
        index: 0,
        round: 2,
    };
    let summary = RunSummary {
        round: 2,
        spec_sha256: sha256,
        ..summary("e", 0, "a", Status::Failed)
    };
    service.store.put_summary(&run, &summary).await.unwrap();
    begin(&service, "retry", &json!({})).await;
    let (start, _) = last(&service);
    assert_eq!(start.memo.round, 3);
    assert_eq!(start.memo.created_at, Some(summary.started_at));

    archive(
        &service,
        &crate::experiments::summary("old", 0, "a", Status::Failed),
    )
    .await;
    let refused = service.post("/v1/experiments/old/retry", &json!({})).await;
    assert_eq!(refused.body["code"], "not_repeatable");
}

#[tokio::test]
async fn a_repeated_key_still_finds_its_experiment_after_a_round() {
    let service = Service::new();
    let create = async || {
        let body = request(|_| {}).to_string();
        let request = axum::http::Request::post("/v1/experiments")
            .header("content-type", "application/json")
            .header("idempotency-key", "k");
        service.send(request.body(body.into()).unwrap()).await
    };
    let id = create().await.body["id"].as_str().unwrap().to_owned();
    let executions = &service.memory.executions;
    executions.lock().unwrap().get_mut(&id).unwrap().status = Status::Completed;
    let body = json!({"scorers": [{"type": "contains"}]});
    let path = format!("/v1/experiments/{id}/rescore");
    assert_eq!(service.post(&path, &body).await.status, 202);
    let again = create().await;
    assert_eq!((again.status, &again.body["id"]), (201, &json!(id)));
}
