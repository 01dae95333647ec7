//! Following an experiment: by tags, by an answer that waits, and by events.

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use axum::body::Body;
use axum::http::Request;
use domain::summary::Status;
use futures::future::join_all;
use serde_json::{Value, json};

use crate::service::{Answer, Service, request};

const PATH: &str = "/v1/experiments/e";

async fn service() -> Arc<Service> {
    let service = Service::new();
    let body = request(|body| body["experiment_id"] = json!("e"));
    assert_eq!(service.post("/v1/experiments", &body).await.status, 201);
    Arc::new(service)
}

fn end(service: &Service) {
    let mut executions = service.memory.executions.lock().unwrap();
    executions.get_mut("e").unwrap().status = Status::Completed;
}

fn described(service: &Service) -> usize {
    service.memory.described.load(Ordering::Relaxed)
}

/// Waits for the first look of a watch.
async fn looked_at(service: &Service) {
    let before = described(service);
    while described(service) < before + 2 {
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
}

async fn get(service: &Service, path: &str, header: (&str, &str)) -> Answer {
    let request = Request::get(path).header(header.0, header.1);
    service.send(request.body(Body::empty()).unwrap()).await
}

/// Ids and data of events.
fn events(text: &str) -> Vec<(String, Value)> {
    let field = |event: &str, name: &str| {
        let mut lines = event.lines();
        lines
            .find_map(|line| line.strip_prefix(name))
            .map(ToOwned::to_owned)
    };
    let events = text.split("\n\n").filter_map(|event| {
        let data = field(event, "data: ")?;
        assert_eq!(field(event, "event: ").as_deref(), Some("experiment"));
        Some((field(event, "id: ")?, serde_json::from_str(&data).unwrap()))
    });
    events.collect()
}

#[tokio::test]
async fn what_has_not_changed_is_not_told_again() {
    let service = service().await;
    let first = service.get(PATH).await;
    let tag = first.headers["etag"].to_str().unwrap().to_owned();
    let same = get(&service, PATH, ("if-none-match", &tag)).await;
    assert_eq!((same.status, same.body), (304, Value::Null));
    assert_eq!(same.headers["etag"], tag.as_str());
    end(&service);
    let changed = get(&service, PATH, ("if-none-match", &tag)).await;
    assert_eq!(
        (changed.status, &changed.body["status"]),
        (200, &json!("completed"))
    );
    assert_ne!(changed.headers["etag"], tag.as_str());
}

/// A request on its own.
fn ask(service: &Arc<Service>) -> impl Future<Output = Answer> + use<> {
    let service = Arc::clone(service);
    async move { service.get(PATH).await }
}

/// Waits until a workflow was asked for so often.
async fn described_by(service: &Service, times: usize) {
    while described(service) < times {
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
}

#[tokio::test]
async fn whoever_asks_while_it_is_looked_at_shares_the_next_look() {
    let service = service().await;
    let before = described(&service);
    let held = service.memory.descriptions.write().await;
    let first = tokio::spawn(ask(&service));
    described_by(&service, before + 1).await;
    let mut others = join_all((0..50).map(|_| ask(&service)));
    assert!(futures::poll!(&mut others).is_pending());
    end(&service);
    drop(held);
    for other in others.await {
        assert_eq!(other.body["status"], "completed");
    }
    first.await.unwrap();
    assert_eq!(described(&service), before + 2);
    // What has ended is shared by nobody.
    ask(&service).await;
    assert_eq!(described(&service), before + 3);
}

#[tokio::test]
async fn a_look_that_nobody_waits_for_any_more_keeps_nobody_waiting() {
    let service = service().await;
    let before = described(&service);
    let held = service.memory.descriptions.write().await;
    let gone = tokio::spawn(ask(&service));
    described_by(&service, before + 1).await;
    gone.abort();
    assert!(gone.await.unwrap_err().is_cancelled());
    let next = tokio::spawn(ask(&service));
    described_by(&service, before + 2).await;
    drop(held);
    assert_eq!(next.await.unwrap().status, 200);
}

#[tokio::test]
async fn an_answer_waits_for_the_end_or_for_a_change() {
    let service = service().await;
    let tag = service.get(PATH).await.headers["etag"]
        .to_str()
        .unwrap()
        .to_owned();
    let path = format!("{PATH}?wait=20s");
    let waiting = {
        let (service, path) = (Arc::clone(&service), path.clone());
        tokio::spawn(async move {
            tokio::join!(
                service.get(&path),
                get(&service, &path, ("if-none-match", &tag))
            )
        })
    };
    looked_at(&service).await;
    assert!(!waiting.is_finished());
    end(&service);
    let (ended, changed) = waiting.await.unwrap();
    assert_eq!(ended.body["status"], "completed");
    assert_eq!(changed.body["status"], "completed");
    assert_eq!(service.get(&path).await.body["status"], "completed");
}

#[tokio::test]
async fn an_answer_does_not_wait_longer_than_it_was_told() {
    let service = service().await;
    let answer = service.get(&format!("{PATH}?wait=50ms")).await;
    assert_eq!(
        (answer.status, &answer.body["status"]),
        (200, &json!("running"))
    );
    let tag = answer.headers["etag"].to_str().unwrap();
    let path = format!("{PATH}?wait=50ms");
    assert_eq!(
        get(&service, &path, ("if-none-match", tag)).await.status,
        304
    );
    for wait in ["31s", "x", "5"] {
        let refused = service.get(&format!("{PATH}?wait={wait}")).await;
        assert_eq!(
            (refused.status, refused.pointers()),
            (422, vec!["/wait"]),
            "{wait}"
        );
    }
}

#[tokio::test]
async fn events_tell_every_change_up_to_the_end() {
    let service = service().await;
    let path = format!("{PATH}/events");
    let following = {
        let (service, path) = (Arc::clone(&service), path.clone());
        tokio::spawn(async move { service.text(&path, None).await })
    };
    looked_at(&service).await;
    end(&service);
    let (status, text) = following.await.unwrap();
    assert_eq!(status, 200);
    let events = events(&text);
    let told: Vec<_> = events.iter().map(|(_, data)| &data["status"]).collect();
    assert_eq!(told, ["running", "completed"]);
    let (first, last) = (&events[0].0, &events[1].0);
    let (_, again) = service.text(&path, Some(first)).await;
    assert_eq!(self::events(&again), events[1..]);
    let (status, nothing) = service.text(&path, Some(last)).await;
    assert_eq!((status, nothing.as_str()), (204, ""));
}

#[tokio::test]
async fn a_thousand_who_follow_one_experiment_cost_as_much_as_one() {
    let service = service().await;
    let path = format!("{PATH}/events");
    let following: Vec<_> = (0..1000)
        .map(|_| {
            let (service, path) = (Arc::clone(&service), path.clone());
            tokio::spawn(async move { service.text(&path, None).await })
        })
        .collect();
    let before = described(&service);
    looked_at(&service).await;
    end(&service);
    let followed = join_all(following).await;
    assert!(followed.iter().all(|followed| {
        let (_, text) = followed.as_ref().unwrap();
        events(text).last().unwrap().1["status"] == "completed"
    }));
    let asked = described(&service) - before;
    assert!(asked < 20, "Temporal was asked {asked} times");
}

#[tokio::test]
async fn nothing_can_be_followed_that_is_not_there_or_cannot_be_reached() {
    let service = service().await;
    for path in [
        "/v1/experiments/none/events",
        "/v1/experiments/none?wait=1s",
    ] {
        assert_eq!(service.get(path).await.status, 404, "{path}");
    }
    *service.memory.away.lock().unwrap() = true;
    for path in ["/v1/experiments/e/events", "/v1/experiments/e?wait=1s"] {
        assert_eq!(service.get(path).await.status, 503, "{path}");
    }
}
