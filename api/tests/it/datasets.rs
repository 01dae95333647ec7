//! Uploads: what is announced, what comes in, and what is refused.

use axum::body::Body;
use axum::http::Request;
use serde_json::{Value, json};

use crate::service::{Answer, Service};

/// `one two three`, by sha256sum.
const SHA256: &str = "6899ee404683a14e8c2a03149860df25d67d34d9cd4dae7350cbe91e4b3976be";
const CONTENT: &str = "one two three";

fn announcement(change: impl FnOnce(&mut Value)) -> Value {
    let mut body =
        json!({"name": "set", "format": "csv", "bytes": CONTENT.len(), "sha256": SHA256});
    change(&mut body);
    body
}

async fn send(service: &Service, offset: &str, part: &str) -> Answer {
    let path = format!("/v1/datasets/set/versions/{SHA256}");
    let request = Request::patch(path).header("upload-offset", offset);
    let body = Body::from(part.to_owned());
    service.send(request.body(body).unwrap()).await
}

#[tokio::test]
async fn a_file_is_announced_sent_in_parts_and_then_a_version() {
    let service = Service::new();
    let announced = service.post("/v1/datasets", &announcement(|_| {})).await;
    assert_eq!(announced.status, 201, "{}", announced.body);
    let path = format!("/v1/datasets/set/versions/{SHA256}");
    assert_eq!(announced.headers["location"], path.as_str());
    assert_eq!(send(&service, "0", "one ").await.body["received"], 4);
    let now = service.get(&path).await;
    assert_eq!((now.status, &now.body["complete"]), (200, &json!(false)));
    assert_eq!(now.headers["upload-offset"], "4");
    assert_eq!(service.get("/v1/datasets/set").await.status, 404);
    assert_eq!(
        send(&service, "4", "two three").await.body["complete"],
        true
    );
    // A sender that has not heard the answer may ask again.
    assert_eq!(send(&service, "13", "").await.status, 200);
    let versions = service.get("/v1/datasets/set").await;
    assert_eq!(versions.body["versions"][0]["version"], SHA256);
    let listed = service.get("/v1/datasets?page_size=1").await;
    assert_eq!(listed.body["datasets"][0]["name"], "set");
    assert_eq!(listed.body.get("next_page_token"), None);
}

#[tokio::test]
async fn every_fault_of_an_announcement_is_named() {
    let service = Service::new();
    let faulty = announcement(|body| {
        body["name"] = json!("../set");
        body["sha256"] = json!("abc");
        body["bytes"] = json!(0);
        body["format"] = json!("xml");
    });
    let refused = service.post("/v1/datasets", &faulty).await;
    assert_eq!(refused.status, 422);
    let mut pointers = refused.pointers();
    pointers.sort_unstable();
    assert_eq!(pointers, ["/bytes", "/format", "/name", "/sha256"]);
    let compressed = announcement(|body| {
        body["format"] = json!("parquet");
        body["compression"] = json!("gzip");
    });
    let refused = service.post("/v1/datasets", &compressed).await;
    assert_eq!(refused.pointers(), ["/compression"]);
    assert_eq!(service.files(), 0);
}

#[tokio::test]
async fn a_part_that_does_not_fit_is_refused() {
    let service = Service::new();
    assert_eq!(send(&service, "0", "one").await.status, 404);
    service.post("/v1/datasets", &announcement(|_| {})).await;
    for (offset, part, status, code) in [
        ("", "one", 422, "invalid"),
        ("-1", "one", 422, "invalid"),
        ("1", "ne", 409, "wrong_offset"),
        ("0", "one two three four", 422, "invalid"),
        ("0", "one two THREE", 422, "content_mismatch"),
    ] {
        let refused = send(&service, offset, part).await;
        assert_eq!(refused.status, status, "{}", refused.body);
        assert_eq!(refused.body["code"], code);
    }
    assert_eq!(send(&service, "0", CONTENT).await.body["complete"], true);
    assert_eq!(send(&service, "13", "more").await.status, 409);
}
