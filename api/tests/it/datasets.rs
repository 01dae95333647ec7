//! Uploads: what is announced, what comes in, and what is refused.

use std::sync::Arc;

use arrow_array::{ArrayRef, Int64Array, RecordBatch, StringArray};
use axum::body::Body;
use axum::http::Request;
use parquet::arrow::ArrowWriter;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

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

/// Uploads a file whole.
pub(crate) async fn upload(service: &Service, content: &[u8], change: impl FnOnce(&mut Value)) {
    let sha256 = hex::encode(Sha256::digest(content));
    let mut body =
        json!({"name": "rows", "format": "jsonl", "bytes": content.len(), "sha256": sha256});
    change(&mut body);
    let announced = service.post("/v1/datasets", &body).await;
    assert_eq!(announced.status, 201, "{}", announced.body);
    let path = announced.headers["location"].to_str().unwrap().to_owned();
    let request = Request::patch(path).header("upload-offset", "0");
    let body = Body::from(content.to_vec());
    let sent = service.send(request.body(body).unwrap()).await;
    assert_eq!(sent.body["complete"], true, "{}", sent.body);
}

const ROWS: &[u8] =
    b"{\"id\":\"a\",\"input\":{\"q\":1}}\n\n{\"q\":2}\noops\n{\"id\":\"d\",\"input\":{}}\n";

#[tokio::test]
async fn a_sample_has_the_first_rows_with_their_lines_and_faults() {
    let service = Service::new();
    assert_eq!(service.get("/v1/datasets/rows/sample").await.status, 404);
    upload(&service, ROWS, |_| {}).await;
    let sample = service.get("/v1/datasets/rows/sample").await;
    assert_eq!(sample.status, 200, "{}", sample.body);
    let rows = sample.body["rows"].as_array().unwrap();
    let lines: Vec<&Value> = rows.iter().map(|row| &row["line"]).collect();
    assert_eq!(lines, [1, 3, 4, 5]);
    assert_eq!(
        rows[0],
        json!({"line": 1, "row": {"id": "a", "input": {"q": 1}}})
    );
    assert_eq!(rows[1]["row"], json!({"q": 2}));
    assert!(rows[1]["fault"].as_str().unwrap().contains("`fields`"));
    assert_eq!(rows[2].get("row"), None);
    assert!(
        rows[2]["fault"]
            .as_str()
            .unwrap()
            .starts_with("it is not a JSON object")
    );
    assert_eq!(
        (&sample.body["more"], &sample.body["format"]),
        (&json!(false), &json!("jsonl"))
    );
    let sample = service.get("/v1/datasets/rows/sample?limit=2").await;
    assert_eq!(sample.body["rows"].as_array().unwrap().len(), 2);
    assert_eq!(sample.body["more"], true);
    for (query, status) in [
        ("limit=0", 422),
        ("limit=x", 422),
        ("size=1", 422),
        ("version=abc", 404),
        ("version=../../x", 404),
    ] {
        let refused = service
            .get(&format!("/v1/datasets/rows/sample?{query}"))
            .await;
        assert_eq!(refused.status, status, "{query}: {}", refused.body);
    }
    assert_eq!(service.get("/v1/datasets/..%2Fx/sample").await.status, 404);
}

#[tokio::test]
async fn a_sample_is_read_of_every_format_and_of_what_is_compressed() {
    let service = Service::new();
    let zipped = zstd(ROWS);
    upload(&service, &zipped, |body| {
        body["compression"] = json!("zstd")
    })
    .await;
    let sample = service.get("/v1/datasets/rows/sample").await;
    assert_eq!(sample.body["rows"][3]["row"]["id"], "d", "{}", sample.body);
    upload(&service, b"id,q,expected\n001,x,\n2\n", |body| {
        body["format"] = json!("csv");
        body["name"] = json!("table");
    })
    .await;
    let sample = service.get("/v1/datasets/table/sample").await;
    let rows = &sample.body["rows"];
    assert_eq!(
        rows[0],
        json!({"line": 2, "row": {"id": "001", "q": "x", "expected": ""}})
    );
    assert_eq!((&rows[1]["line"], rows[1].get("row")), (&json!(3), None));
    upload(&service, &parquet(), |body| {
        body["format"] = json!("parquet");
        body["name"] = json!("columns");
    })
    .await;
    let sample = service.get("/v1/datasets/columns/sample?limit=3").await;
    assert_eq!(
        sample.body["rows"][2],
        json!({"line": 3, "row": {"id": 2, "q": "q2"}})
    );
    assert_eq!(
        (&sample.body["more"], sample.body.get("fault")),
        (&json!(true), None)
    );
}

#[tokio::test]
async fn a_file_that_cannot_be_read_on_says_why_and_a_long_one_is_cut_short() {
    let service = Service::new();
    let zipped = zstd(ROWS);
    upload(&service, &zipped[..zipped.len() - 4], |body| {
        body["compression"] = json!("zstd");
    })
    .await;
    let sample = service.get("/v1/datasets/rows/sample").await;
    assert_eq!(sample.status, 200, "{}", sample.body);
    assert!(
        sample.body["fault"]
            .as_str()
            .unwrap()
            .starts_with("it cannot be read")
    );
    upload(&service, b"PAR1 is no table", |body| {
        body["format"] = json!("parquet");
        body["name"] = json!("columns");
    })
    .await;
    let sample = service.get("/v1/datasets/columns/sample").await;
    assert_eq!((sample.status, &sample.body["rows"]), (200, &json!([])));
    assert!(
        sample.body["fault"]
            .as_str()
            .unwrap()
            .contains("no Parquet file")
    );
    let long = format!("{{\"q\":\"{}\"}}\n", "x".repeat(600_000)).repeat(4);
    upload(&service, long.as_bytes(), |body| {
        body["name"] = json!("long")
    })
    .await;
    let sample = service.get("/v1/datasets/long/sample").await;
    assert_eq!(sample.body["rows"].as_array().unwrap().len(), 1);
    assert_eq!(sample.body["more"], true);
}

fn zstd(content: &[u8]) -> Vec<u8> {
    zstd::encode_all(content, 3).unwrap()
}

/// Ten rows of two columns.
pub(crate) fn parquet() -> Vec<u8> {
    let id: ArrayRef = Arc::new(Int64Array::from_iter_values(0..10));
    let q: ArrayRef = Arc::new(StringArray::from_iter_values(
        (0..10).map(|n| format!("q{n}")),
    ));
    let batch = RecordBatch::try_from_iter([("id", id), ("q", q)]).unwrap();
    let mut writer = ArrowWriter::try_new(Vec::new(), batch.schema(), None).unwrap();
    writer.write(&batch).unwrap();
    writer.into_inner().unwrap()
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
