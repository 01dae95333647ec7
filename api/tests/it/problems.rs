//! Every failure is a problem document with a stable code, and tells nothing that is none of the client's business.

use std::time::Duration;

use api::Limits;
use axum::body::Body;
use axum::http::Request;
use serde_json::json;

use crate::service::{Answer, Service, request};

/// Checks the form of a problem document, whatever the problem.
fn check(answer: &Answer, status: u16, code: &str) {
    assert_eq!(
        (answer.status, &answer.body["code"]),
        (status, &json!(code)),
        "{}",
        answer.body
    );
    assert_eq!(answer.headers["content-type"], "application/problem+json");
    assert_eq!(answer.body["type"], format!("/problems/{code}"));
    assert_eq!(answer.body["status"], status);
    assert!(answer.body["title"].is_string() && answer.body["detail"].is_string());
    assert_eq!(
        answer.body["request_id"],
        answer.headers["x-request-id"].to_str().unwrap()
    );
    assert_eq!(answer.headers.contains_key("retry-after"), status == 503);
}

fn post(content_type: Option<&str>, body: impl Into<Body>) -> Request<Body> {
    let request = Request::post("/v1/experiments");
    let request = match content_type {
        Some(content_type) => request.header("content-type", content_type),
        None => request,
    };
    request.body(body.into()).unwrap()
}

#[tokio::test]
async fn a_body_that_cannot_be_read_is_told_as_such() {
    let service = Service::with(Limits {
        body: 300_000,
        ..Limits::default()
    });
    let json = Some("application/json");
    let malformed = service.send(post(json, "{\n  \"a\": ")).await;
    check(&malformed, 400, "malformed");
    let detail = malformed.body["detail"].as_str().unwrap();
    assert!(detail.contains("line 2 column"), "{detail}");
    check(
        &service.send(post(json, "[".repeat(100_000))).await,
        400,
        "malformed",
    );
    check(&service.send(post(json, "")).await, 400, "malformed");
    check(
        &service.send(post(json, vec![b'"', 0xff, b'"'])).await,
        400,
        "malformed",
    );
    check(
        &service.send(post(json, " ".repeat(300_001))).await,
        413,
        "too_large",
    );
    check(
        &service.send(post(Some("text/plain"), "{}")).await,
        415,
        "unsupported_media_type",
    );
    check(
        &service.send(post(None, "{}")).await,
        415,
        "unsupported_media_type",
    );
    check(
        &service
            .send(post(Some("application/x+json; charset=utf-8"), "{}"))
            .await,
        422,
        "invalid",
    );
}

#[tokio::test]
async fn what_is_not_there_is_told_as_such() {
    let service = Service::new();
    for path in [
        "/dashboard",
        "/v1",
        "/v1/experiments/",
        "/v1/experiments/nothing",
        "/v1/experiments/%ff",
        "/v1/experiments/a~0",
        "/v1/experiments/nothing/results",
        "/v1/experiments/nothing/summary",
        "/v1/workflows/nothing",
        "/v1/workflows/%20",
        "/v1/workflows/nothing/history",
    ] {
        check(&service.get(path).await, 404, "not_found");
    }
    check(
        &service
            .post("/v1/experiments/nothing/cancel", &json!({}))
            .await,
        404,
        "not_found",
    );
    let delete = Request::delete("/v1/experiments")
        .body(Body::empty())
        .unwrap();
    let refused = service.send(delete).await;
    check(&refused, 405, "method_not_allowed");
    let allowed = refused.headers["allow"].to_str().unwrap();
    assert!(
        allowed.contains("GET") && allowed.contains("POST"),
        "{allowed}"
    );
}

#[tokio::test]
async fn a_bad_page_token_is_told_as_such() {
    let service = Service::new();
    let body = request(|body| body["experiment_id"] = json!("e"));
    service.post("/v1/experiments", &body).await;
    for list in [
        "/v1/experiments",
        "/v1/experiments/e/results",
        "/v1/workflows/e/history",
    ] {
        for token in ["x", "e30", "%00", "eyJmIjoxfQ"] {
            let answer = service.get(&format!("{list}?page_token={token}")).await;
            check(&answer, 400, "bad_page_token");
        }
    }
}

#[tokio::test]
async fn every_operation_says_that_temporal_is_away() {
    let service = Service::new();
    *service.memory.away.lock().unwrap() = true;
    for path in [
        "/readyz",
        "/v1/experiments",
        "/v1/experiments/e",
        "/v1/experiments/e/results",
        "/v1/experiments/e/summary",
        "/v1/workflows/e",
        "/v1/workflows/e/history",
    ] {
        let answer = service.get(path).await;
        check(&answer, 503, "unavailable");
        let detail = answer.body["detail"].as_str().unwrap();
        assert!(
            detail.contains("Temporal") && !detail.contains("10.0.0.7"),
            "{detail}"
        );
    }
    check(
        &service.post("/v1/experiments/e/cancel", &json!({})).await,
        503,
        "unavailable",
    );
    check(
        &service.post("/v1/experiments", &request(|_| {})).await,
        503,
        "unavailable",
    );
    assert_eq!(service.get("/healthz").await.status, 200);
}

#[tokio::test]
async fn a_bug_is_told_without_its_message() {
    let service = Service::new();
    *service.memory.panics.lock().unwrap() = true;
    let answer = service.get("/v1/experiments/e").await;
    check(&answer, 500, "internal");
    assert!(
        !answer.body.to_string().contains("secret"),
        "{}",
        answer.body
    );
}

#[tokio::test]
async fn a_request_that_takes_too_long_is_ended() {
    let service = Service::with(Limits {
        time: Duration::from_millis(20),
        ..Limits::default()
    });
    *service.memory.slow.lock().unwrap() = true;
    check(&service.get("/v1/experiments/e").await, 503, "timeout");
}

#[tokio::test]
async fn the_id_of_a_request_is_kept_when_it_has_one() {
    let service = Service::new();
    let request = Request::get("/healthz").header("x-request-id", "mine");
    let answer = service.send(request.body(Body::empty()).unwrap()).await;
    assert_eq!(answer.headers["x-request-id"], "mine");
    assert_eq!(answer.headers["x-content-type-options"], "nosniff");
}
