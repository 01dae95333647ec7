//! Creating: what is archived, what is started, and what becomes of a request that comes twice.

use api::Input;
use axum::body::Body;
use axum::http::Request;
use domain::dataset::DatasetSource;
use domain::summary::Status;
use serde_json::{Value, json};

use crate::service::{Answer, Service, request};

async fn with_key(service: &Service, key: &str, body: &Value) -> Answer {
    let request = Request::post("/v1/experiments")
        .header("content-type", "application/json; charset=utf-8")
        .header("idempotency-key", key);
    service
        .send(request.body(Body::from(body.to_string())).unwrap())
        .await
}

#[tokio::test]
async fn an_experiment_is_archived_and_started() {
    let service = Service::new();
    let answer = service.post("/v1/experiments", &request(|_| {})).await;
    assert_eq!(answer.status, 201, "{}", answer.body);
    let id = answer.body["id"].as_str().unwrap();
    assert!(id.starts_with("exp_"), "{id}");
    assert_eq!(answer.headers["location"], format!("/v1/experiments/{id}"));
    assert_eq!(answer.body["status"], "running");
    assert_eq!(answer.body["models"][0]["stage"], "queued");
    assert_eq!(
        answer.body["links"]["temporal_ui"],
        format!("http://ui.test/namespaces/space/workflows/{id}")
    );
    let started = service.memory.started.lock().unwrap()[0].clone();
    let Input::OneModel(input) = started.input else {
        panic!("one model is one run");
    };
    assert_eq!((input.model.as_str(), input.run.index), ("a", 0));
    let spec_ref = input.run.spec;
    let spec = service
        .store
        .spec(&spec_ref.experiment_id, &spec_ref.sha256)
        .await
        .unwrap();
    let DatasetSource::Upload(upload) = spec.dataset else {
        panic!("inline items are uploaded");
    };
    assert_eq!(service.store.upload(&upload.sha256).await.unwrap().len(), 2);
}

#[tokio::test]
async fn several_models_are_one_workflow() {
    let service = Service::new();
    let body = request(|body| {
        body["config"]["models"] = json!([{"name": "a"}, {"name": "b"}]);
        body["config"]["execution"] = json!({"max_parallel_models": 1});
    });
    let answer = service.post("/v1/experiments", &body).await;
    assert_eq!(answer.status, 201, "{}", answer.body);
    let id = answer.body["id"].as_str().unwrap();
    assert_eq!(answer.body["models"][1]["workflow_id"], format!("{id}~1"));
    let started = service.memory.started.lock().unwrap()[0].clone();
    let Input::SeveralModels(input) = started.input else {
        panic!("several models are several runs");
    };
    assert_eq!(input.models, ["a", "b"]);
    assert_eq!(input.max_parallel_models, Some(1));
}

#[tokio::test]
async fn a_check_starts_and_writes_nothing() {
    let service = Service::new();
    *service.memory.away.lock().unwrap() = true;
    let path = "/v1/experiments?validate_only=true";
    let answer = service.post(path, &request(|_| {})).await;
    assert_eq!(answer.status, 200, "{}", answer.body);
    let (nothing, free) = (
        json!({"least": 0, "most": 0}),
        json!({"least": "0", "most": "0"}),
    );
    let estimate = json!({
        "models": [{
            "model": "a", "calls": nothing, "input_tokens": nothing, "output_tokens": nothing, "cost": free,
        }],
        "calls": nothing, "scorer_calls": nothing, "cost": free,
    });
    let checked = json!({
        "valid": true, "experiment_name": "sums", "models": ["a"], "items": 2, "estimate": estimate,
    });
    assert_eq!(answer.body, checked);
    assert_eq!(service.files(), 0);
    let faulty = service.post(path, &json!({})).await;
    assert_eq!(faulty.status, 422);
}

#[tokio::test]
async fn a_chosen_id_is_used_once() {
    let service = Service::new();
    let body = request(|body| body["experiment_id"] = json!("mine"));
    let first = service.post("/v1/experiments", &body).await;
    assert_eq!((first.status, &first.body["id"]), (201, &json!("mine")));
    let second = service.post("/v1/experiments", &body).await;
    assert_eq!(
        (second.status, &second.body["code"]),
        (409, &json!("conflict"))
    );
    assert_eq!(service.memory.started.lock().unwrap().len(), 1);
}

#[tokio::test]
async fn a_repeated_key_is_answered_alike_and_another_body_under_it_is_refused() {
    let service = Service::new();
    let first = with_key(&service, "k", &request(|_| {})).await;
    let second = with_key(&service, "k", &request(|_| {})).await;
    assert_eq!((first.status, second.status), (201, 201), "{}", second.body);
    assert_eq!(first.body["id"], second.body["id"]);
    assert_eq!(first.headers["location"], second.headers["location"]);
    let other = with_key(
        &service,
        "k",
        &request(|body| body["experiment_name"] = json!("x")),
    )
    .await;
    assert_eq!(
        (other.status, &other.body["code"]),
        (422, &json!("key_reused"))
    );
    let another = with_key(&service, "l", &request(|_| {})).await;
    assert_ne!(first.body["id"], another.body["id"]);
    assert_eq!(service.memory.started.lock().unwrap().len(), 2);
    let empty = with_key(&service, "", &request(|_| {})).await;
    assert_eq!(
        (empty.status, &empty.body["code"]),
        (422, &json!("invalid"))
    );
}

#[tokio::test]
async fn nothing_is_written_while_temporal_is_away() {
    let service = Service::new();
    *service.memory.away.lock().unwrap() = true;
    let chosen = request(|body| body["experiment_id"] = json!("mine"));
    for body in [request(|_| {}), chosen] {
        let answer = service.post("/v1/experiments", &body).await;
        assert_eq!(answer.status, 503, "{}", answer.body);
        assert_eq!(answer.headers["retry-after"], "1");
    }
    assert_eq!(service.files(), 0);
    *service.memory.away.lock().unwrap() = false;
    assert_eq!(
        service
            .post("/v1/experiments", &request(|_| {}))
            .await
            .status,
        201
    );
}

#[tokio::test]
async fn what_cannot_be_archived_is_ended_again_and_may_be_repeated() {
    let service = Service::new();
    // A file where the folder of the uploads belongs.
    let obstacle = service.folder.path().join("uploads");
    std::fs::write(&obstacle, "").unwrap();
    let chosen = request(|body| body["experiment_id"] = json!("mine"));
    let refused = service.post("/v1/experiments", &chosen).await;
    assert_eq!(refused.status, 503, "{}", refused.body);
    let keyed = with_key(&service, "k", &request(|_| {})).await;
    assert_eq!(keyed.status, 503, "{}", keyed.body);
    let statuses: Vec<Status> = {
        let executions = service.memory.executions.lock().unwrap();
        executions
            .values()
            .map(|execution| execution.status)
            .collect()
    };
    assert_eq!(statuses, [Status::Terminated; 2]);

    std::fs::remove_file(&obstacle).unwrap();
    let created = service.post("/v1/experiments", &chosen).await;
    assert_eq!(
        (created.status, &created.body["status"]),
        (201, &json!("running")),
        "{}",
        created.body
    );
    let keyed = with_key(&service, "k", &request(|_| {})).await;
    assert_eq!(
        (keyed.status, &keyed.body["status"]),
        (201, &json!("running"))
    );
    let again = service.post("/v1/experiments", &chosen).await;
    assert_eq!(again.status, 409, "{}", again.body);
}

#[tokio::test]
async fn a_repetition_archives_what_the_first_request_could_not() {
    let service = Service::new();
    let first = with_key(&service, "k", &request(|_| {})).await;
    assert_eq!(first.status, 201);
    let files = service.files();
    std::fs::remove_dir_all(service.folder.path().join("experiments")).unwrap();
    let second = with_key(&service, "k", &request(|_| {})).await;
    assert_eq!(
        (second.status, &second.body["id"]),
        (201, &first.body["id"])
    );
    assert_eq!(service.files(), files);
}
