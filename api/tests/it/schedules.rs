//! Schedules: what is archived and handed on, what is refused, and what becomes of a request that comes twice.

use api::Input;
use axum::body::Body;
use axum::http::Request;
use serde_json::{Value, json};

use crate::service::{Answer, Service, request};

/// A request that creates a schedule; `change` makes it another.
fn schedule(change: impl FnOnce(&mut Value)) -> Value {
    let mut body = request(|_| {});
    body["schedule_id"] = json!("nightly");
    body["spec"] = json!({"cron": ["0 3 * * *"]});
    change(&mut body);
    body
}

async fn patch(service: &Service, path: &str, body: &Value) -> Answer {
    let request = Request::patch(path).header("content-type", "application/json");
    let request = request.body(Body::from(body.to_string())).unwrap();
    service.send(request).await
}

async fn with_key(service: &Service, body: &Value) -> Answer {
    let request = Request::post("/v1/schedules")
        .header("content-type", "application/json")
        .header("idempotency-key", "k");
    let request = request.body(Body::from(body.to_string())).unwrap();
    service.send(request).await
}

#[tokio::test]
async fn what_the_experiments_do_is_archived_with_the_schedule() {
    let service = Service::new();
    let answer = service.post("/v1/schedules", &schedule(|_| {})).await;
    assert_eq!(answer.status, 201, "{}", answer.body);
    assert_eq!(answer.headers["location"], "/v1/schedules/nightly");
    let new = service
        .memory
        .schedules
        .lock()
        .unwrap()
        .values()
        .next()
        .cloned();
    let new = new.unwrap();
    assert_eq!(new.action.memo.schedule_id, Some(new.id.clone()));
    assert_eq!(new.action.memo.created_at, None);
    let Input::OneModel(input) = new.action.input else {
        panic!("one model is one run");
    };
    let spec_ref = input.run.spec;
    assert_eq!(spec_ref.schedule, Some(new.id.clone()));
    let spec = service.store.scheduled_spec(&new.id, &spec_ref.sha256);
    assert_eq!(spec.await.unwrap().experiment_name, "sums");

    // The experiment that is started has it from there, whatever becomes of the schedule.
    let experiment = "nightly-2026-11-27T03:00:00Z".parse().unwrap();
    let taken = service
        .store
        .take_over_spec(&new.id, &experiment, &spec_ref.sha256);
    taken.await.unwrap();
    let own = service.store.spec(&experiment, &spec_ref.sha256).await;
    assert_eq!(own.unwrap().experiment_name, "sums");
}

type Change = fn(&mut Value);

/// A change of a valid request, and the pointers of the faults it makes.
const FAULTS: &[(Change, &[&str])] = &[
    (
        |b| *b = json!({"schedule_id": "a:b"}),
        &["", "", "", "/schedule_id"],
    ),
    (|b| b["spec"] = json!({}), &["/spec"]),
    (|b| b["spec"]["crom"] = json!([]), &["/spec/crom"]),
    (
        |b| b["spec"] = json!({"cron": ["0 3 * * *", "0 25 * * *", "@every 1s"]}),
        &["/spec/cron/1", "/spec/cron/2"],
    ),
    (
        |b| b["spec"]["time_zone"] = json!("Europe/Bern-Wankdorf"),
        &["/spec/time_zone"],
    ),
    (
        |b| b["spec"] = json!({"intervals": [{"every": "100ms"}, {"every": "1m", "offset": "1m"}]}),
        &[
            "/spec/intervals/0/every",
            "/spec/intervals/0/every",
            "/spec/intervals/1/offset",
        ],
    ),
    (
        |b| {
            b["spec"]["calendars"] =
                json!([{"hour": [{"start": 24}], "day_of_month": [{"start": 9, "end": 1}]}])
        },
        &[
            "/spec/calendars/0/day_of_month/0/end",
            "/spec/calendars/0/hour/0/start",
        ],
    ),
    (
        |b| {
            b["spec"]["start_time"] = json!("2026-01-01T00:00:00Z");
            b["spec"]["end_time"] = json!("2026-01-01T00:00:00Z");
        },
        &["/spec/end_time"],
    ),
    (
        |b| b["spec"]["start_time"] = json!("0001-01-01T00:00:00Z"),
        &["/spec/start_time"],
    ),
    (|b| b["catchup_window"] = json!("9s"), &["/catchup_window"]),
    (
        |b| b["overlap_policy"] = json!("sometimes"),
        &["/overlap_policy"],
    ),
    // Faults of the schedule and of its experiments are named together.
    (
        |b| {
            b["spec"] = json!({});
            b["experiment_name"] = json!(" ");
            b["config"]["models"] = json!([{"name": "a"}, {"name": "a"}]);
        },
        &["/config/models/1/name", "/experiment_name", "/spec"],
    ),
];

#[tokio::test]
async fn every_fault_of_a_schedule_is_named_and_nothing_is_kept() {
    let service = Service::new();
    for (number, (change, pointers)) in FAULTS.iter().enumerate() {
        let answer = service.post("/v1/schedules", &schedule(change)).await;
        assert_eq!(answer.status, 422, "{number}: {}", answer.body);
        let mut named = answer.pointers();
        named.sort_unstable();
        assert_eq!(named, *pointers, "{number}: {}", answer.body);
    }
    assert_eq!(service.files(), 0);
    assert!(service.memory.schedules.lock().unwrap().is_empty());
}

#[tokio::test]
async fn a_request_that_comes_twice_makes_one_schedule() {
    let service = Service::new();
    let body = schedule(|body| {
        body.as_object_mut().unwrap().remove("schedule_id");
    });
    let first = with_key(&service, &body).await;
    assert_eq!(first.status, 201, "{}", first.body);
    assert_eq!(with_key(&service, &body).await.body, first.body);
    let other = schedule(|body| {
        body.as_object_mut().unwrap().remove("schedule_id");
        body["overlap_policy"] = json!("allow_all");
    });
    let refused = with_key(&service, &other).await;
    assert_eq!(
        (refused.status, &refused.body["code"]),
        (422, &json!("key_reused"))
    );

    let chosen = schedule(|_| {});
    assert_eq!(service.post("/v1/schedules", &chosen).await.status, 201);
    let taken = service.post("/v1/schedules", &chosen).await;
    assert_eq!(
        (taken.status, &taken.body["code"]),
        (409, &json!("conflict"))
    );
    let listed = service.get("/v1/schedules?page_size=1").await;
    assert_eq!(listed.body["schedules"].as_array().unwrap().len(), 1);
    let token = listed.body["next_page_token"].as_str().unwrap();
    let rest = format!("/v1/schedules?page_token={token}");
    let rest = service.get(&rest).await;
    assert_eq!(rest.body["schedules"].as_array().unwrap().len(), 1);
    assert!(rest.body["next_page_token"].is_null());
    let strange = service.get("/v1/schedules?page_token=e30").await;
    assert_eq!(strange.status, 400);
}

#[tokio::test]
async fn what_is_changed_is_checked_and_the_rest_stays() {
    let service = Service::new();
    service.post("/v1/schedules", &schedule(|_| {})).await;
    let path = "/v1/schedules/nightly";
    let before = service.get(path).await.body;
    let faulty = json!({"spec": {}, "config": {"models": []}, "note": 3});
    assert_eq!(patch(&service, path, &faulty).await.status, 422);
    let faulty = json!({"spec": {}, "experiment_name": "\u{7}"});
    let answer = patch(&service, path, &faulty).await;
    assert_eq!(answer.pointers(), ["/spec", "/experiment_name"]);
    assert_eq!(service.get(path).await.body, before);

    let renamed = patch(&service, path, &json!({"experiment_name": "other"})).await;
    assert_eq!(renamed.status, 200, "{}", renamed.body);
    assert_eq!(renamed.body["experiment_name"], "other");
    assert_ne!(renamed.body["spec_sha256"], before["spec_sha256"]);
    let mut config = request(|_| {})["config"].clone();
    config["models"] = json!([{"name": "b"}, {"name": "c"}]);
    let change = json!({"config": config, "overlap_policy": "buffer_one"});
    let changed = patch(&service, path, &change).await.body;
    assert_eq!(changed["models"], json!(["b", "c"]));
    assert_eq!(changed["experiment_name"], "other");
    assert_eq!(changed["overlap_policy"], "buffer_one");
    assert_eq!(changed["spec"], before["spec"]);
    let note = json!({"note": "lunch"});
    let paused = service.post(&format!("{path}/pause"), &note).await;
    assert_eq!(
        (paused.status, &paused.body["note"]),
        (202, &json!("lunch"))
    );
}

#[tokio::test]
async fn a_range_to_make_up_for_is_neither_backward_nor_endless() {
    let service = Service::new();
    service.post("/v1/schedules", &schedule(|_| {})).await;
    let path = "/v1/schedules/nightly/backfill";
    for (start, end, pointer) in [
        ("2026-01-02T00:00:00Z", "2026-01-01T00:00:00Z", "/end_time"),
        ("2020-01-01T00:00:00Z", "2026-01-01T00:00:00Z", "/end_time"),
        (
            "1960-01-01T00:00:00Z",
            "1970-01-01T00:00:00Z",
            "/start_time",
        ),
        ("yesterday", "2026-01-01T00:00:00Z", "/start_time"),
    ] {
        let body = json!({"start_time": start, "end_time": end});
        let refused = service.post(path, &body).await;
        assert_eq!(refused.status, 422, "{}", refused.body);
        assert!(refused.pointers().contains(&pointer), "{}", refused.body);
    }
}

#[tokio::test]
async fn what_is_no_schedule_is_not_found() {
    let service = Service::new();
    for id in ["nothing", "a:b", "%FF"] {
        let path = format!("/v1/schedules/{id}");
        assert_eq!(service.get(&path).await.status, 404, "{id}");
        let request = Request::delete(&path).body(Body::empty()).unwrap();
        assert_eq!(service.send(request).await.status, 404, "{id}");
        for what in ["pause", "resume", "trigger"] {
            let answer = service.post(&format!("{path}/{what}"), &json!({})).await;
            assert_eq!(answer.status, 404, "{id} {what}");
        }
    }
}
