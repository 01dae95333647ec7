//! What is said to experiments: what is sent on to Temporal, and what is refused.

use api::{Activity, Command, Execution};
use api_types::workflows::PendingActivityState;
use axum::body::Body;
use axum::http::Request;
use domain::limits::RunLimits;
use domain::progress::{Pause, PausedBy, Progress, Stage};
use domain::summary::Status;
use domain::waiting::{Wait, WaitReason};
use jiff::Timestamp;
use serde_json::{Value, json};
use workflows::activities::ChunkProgress;
use workflows::memo::ExperimentMemo;

use crate::experiments::{archive, progress, summary};
use crate::memory::execution;
use crate::service::{Answer, Service, request};

async fn created(service: &Service, change: impl FnOnce(&mut Value)) {
    let body = request(|body| {
        body["experiment_id"] = json!("e");
        change(body);
    });
    assert_eq!(service.post("/v1/experiments", &body).await.status, 201);
}

async fn without_body(service: &Service, path: &str) -> Answer {
    let request = Request::post(path).body(Body::empty()).unwrap();
    service.send(request).await
}

async fn patch(service: &Service, body: &Value) -> Answer {
    let request = Request::patch("/v1/experiments/e").header("content-type", "application/json");
    let request = request.body(Body::from(body.to_string())).unwrap();
    service.send(request).await
}

fn end(service: &Service, status: Status) {
    let mut executions = service.memory.executions.lock().unwrap();
    executions.get_mut("e").unwrap().status = status;
}

#[tokio::test]
async fn a_pause_is_sent_on_and_shown_and_taken_back() {
    let service = Service::new();
    created(&service, |_| {}).await;
    let reason = json!({"reason": "lunch"});
    let paused = service.post("/v1/experiments/e/pause", &reason).await;
    assert_eq!(
        (paused.status, &paused.body["status"]),
        (202, &json!("paused"))
    );
    let shown = service.get("/v1/experiments/e").await.body;
    assert_eq!(shown["waiting_on"]["detail"], "paused by a user: lunch");
    let pause = json!({"by": "user", "since": "1970-01-01T00:00:00Z", "reason": "lunch"});
    assert_eq!(shown["models"][0]["pause"], pause);
    let resumed = without_body(&service, "/v1/experiments/e/resume").await;
    assert_eq!(resumed.body["status"], "running", "{}", resumed.body);
    let again = without_body(&service, "/v1/experiments/e/pause").await;
    assert_eq!(again.status, 202, "{}", again.body);
    let commands = service.memory.commands.lock().unwrap();
    assert!(matches!(&commands[2].1, Command::Pause(command) if command.reason.is_none()));
}

#[tokio::test]
async fn bodies_are_checked_though_they_may_be_left_out() {
    let service = Service::new();
    created(&service, |_| {}).await;
    for what in ["pause", "terminate", "retry", "rescore", "emit"] {
        let path = format!("/v1/experiments/e/{what}");
        let strange = json!({"resaon": "lunch", "why": 1});
        let answer = service.post(&path, &strange).await;
        assert_eq!(answer.status, 422, "{what}: {}", answer.body);
        let mut pointers = answer.pointers();
        pointers.sort_unstable();
        assert_eq!(pointers, ["/resaon", "/why"], "{what}");
    }
    let long = json!({"reason": "x".repeat(501)});
    let answer = service.post("/v1/experiments/e/pause", &long).await;
    assert_eq!(answer.pointers(), ["/reason"]);
}

#[tokio::test]
async fn limits_are_changed_and_an_empty_change_is_a_fault() {
    let service = Service::new();
    created(&service, |_| {}).await;
    let change = json!({"concurrency_limit": 9, "max_cost": "2.5", "remove": ["max_tokens"]});
    let changed = patch(&service, &change).await;
    assert_eq!(changed.status, 200, "{}", changed.body);
    let limits = json!({"concurrency_limit": 9, "max_cost": "2.5"});
    assert_eq!(changed.body["models"][0]["limits"], limits);
    for faulty in [
        json!({}),
        json!({"remove": ["concurrency_limit"]}),
        json!({"max_cost": "much"}),
        json!({"max_failure_rate": 1.5}),
    ] {
        assert_eq!(patch(&service, &faulty).await.status, 422, "{faulty}");
    }
}

#[tokio::test]
async fn what_has_ended_takes_no_word_and_may_be_terminated_in_vain() {
    let service = Service::new();
    created(&service, |_| {}).await;
    let terminated = without_body(&service, "/v1/experiments/e/terminate").await;
    assert_eq!(
        (terminated.status, &terminated.body["status"]),
        (202, &json!("terminated"))
    );
    archive(&service, &summary("old", 0, "a", Status::Completed)).await;
    for id in ["e", "old"] {
        for what in ["pause", "resume"] {
            let path = format!("/v1/experiments/{id}/{what}");
            let answer = without_body(&service, &path).await;
            assert_eq!(
                (answer.status, &answer.body["code"]),
                (409, &json!("ended")),
                "{path}"
            );
        }
    }
    let answer = patch(&service, &json!({"concurrency_limit": 1})).await;
    assert_eq!(answer.body["code"], "ended");
    end(&service, Status::Completed);
    let again = without_body(&service, "/v1/experiments/e/terminate").await;
    assert_eq!(again.body["status"], "completed");
    assert_eq!(
        without_body(&service, "/v1/experiments/none/pause")
            .await
            .status,
        404
    );
}

/// A run with a stretch under way for each wait; none when it moves.
fn running(waits: &[Option<Wait>]) -> Execution {
    let activities = waits.iter().map(|wait| Activity {
        id: "1".to_owned(),
        kind: "GenerateOutput".to_owned(),
        state: PendingActivityState::Started,
        attempt: 1,
        last_started_at: None,
        last_heartbeat_at: None,
        next_attempt_at: None,
        last_failure: None,
        last_worker: None,
        progress: Some(ChunkProgress {
            wait: wait.clone(),
            next_attempt: Some(4),
            ..ChunkProgress::default()
        }),
    });
    Execution {
        experiment: Some(ExperimentMemo {
            experiment_name: "sums".to_owned(),
            models: vec!["a".to_owned()],
            created_at: None,
            spec_sha256: None,
            round: 0,
            tags: Vec::new(),
            schedule_id: None,
            trace_id: None,
        }),
        progress: Some(progress(Stage::Evaluating)),
        activities: activities.collect(),
        ..execution("e", Status::Running)
    }
}

fn wait(reason: WaitReason, until: i64) -> Wait {
    Wait {
        reason,
        until: Timestamp::from_second(until).ok(),
        detail: "HTTP 503".to_owned(),
    }
}

#[tokio::test]
async fn a_run_waits_when_no_stretch_of_it_moves() {
    let service = Service::new();
    let waiting_on = async |waits: &[Option<Wait>]| {
        let executions = &service.memory.executions;
        executions
            .lock()
            .unwrap()
            .insert("e".to_owned(), running(waits));
        service.get("/v1/experiments/e").await.body["waiting_on"].clone()
    };
    for (reason, shown) in [
        (WaitReason::RateLimit, "rate_limit"),
        (WaitReason::FleetLimit, "rate_limit"),
        (WaitReason::Provider, "provider"),
        (WaitReason::Backoff, "backoff"),
    ] {
        let later = wait(WaitReason::Backoff, 200);
        let waiting = waiting_on(&[Some(later), Some(wait(reason, 100))]).await;
        assert_eq!(waiting["reason"], shown);
        assert_eq!(waiting["until"], "1970-01-01T00:01:40Z");
        assert_eq!(waiting["attempt"], 4);
        let detail = waiting["detail"].as_str().unwrap();
        assert!(detail.starts_with("HTTP 503; "), "{detail}");
    }
    let moves = [Some(wait(WaitReason::Provider, 100)), None];
    assert_eq!(waiting_on(&moves).await, Value::Null);
}

#[tokio::test]
async fn a_budget_that_is_spent_is_named_with_what_to_do() {
    let service = Service::new();
    let limits = RunLimits {
        max_cost: Some("12.5".parse().unwrap()),
        ..RunLimits::of_concurrency(3)
    };
    let paused = Execution {
        progress: Some(Progress {
            pause: Some(Pause {
                by: PausedBy::Cost,
                since: Timestamp::UNIX_EPOCH,
                reason: None,
            }),
            limits: Some(limits),
            ..progress(Stage::Evaluating)
        }),
        ..running(&[])
    };
    let executions = &service.memory.executions;
    executions.lock().unwrap().insert("e".to_owned(), paused);
    let shown = service.get("/v1/experiments/e").await.body;
    assert_eq!(shown["status"], "paused");
    assert_eq!(
        shown["waiting_on"]["detail"],
        "the budget `max_cost` of 12.5 is spent; raise it with `PATCH /v1/experiments/e` to go on"
    );
}
