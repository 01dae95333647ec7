//! All results as a file: complete, or seen to be broken.

use axum::body::{Body, Bytes};
use axum::http::{HeaderMap, Request};
use http_body_util::BodyExt;
use parquet::file::reader::{FileReader, SerializedFileReader};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use crate::results::service;
use crate::service::Service;

/// The headers, the body and the trailers of a file.
struct File {
    headers: HeaderMap,
    body: Bytes,
    trailers: HeaderMap,
}

fn request(query: &str, accept: &str) -> Request<Body> {
    let path = format!("/v1/experiments/e/results?{query}");
    let request = Request::get(path).header("accept", accept);
    request.body(Body::empty()).unwrap()
}

async fn file(service: &Service, query: &str, accept: &str) -> File {
    let response = service.answer(request(query, accept)).await;
    assert_eq!(response.status(), 200, "{accept}");
    let headers = response.headers().clone();
    let body = response.into_body().collect().await.unwrap();
    let trailers = body.trailers().cloned().unwrap_or_default();
    let body = body.to_bytes();
    File {
        headers,
        body,
        trailers,
    }
}

fn sha256(bytes: &[u8]) -> String {
    format!("sha256:{}", hex::encode(Sha256::digest(bytes)))
}

#[tokio::test]
async fn json_lines_are_the_results_of_the_pages_and_end_with_their_count_and_digest() {
    let service = service().await;
    let page = service.get("/v1/experiments/e/results").await.body;
    for media_type in ["application/x-ndjson", "application/jsonl"] {
        let file = file(&service, "", media_type).await;
        assert_eq!(file.headers["content-type"], media_type);
        let name = "attachment; filename=\"e.jsonl\"";
        assert_eq!(file.headers["content-disposition"], name);
        assert_eq!(file.headers["x-results-ended"], "false");
        let text = std::str::from_utf8(&file.body).unwrap();
        let lines: Vec<Value> = text
            .lines()
            .map(|line| serde_json::from_str(line).unwrap())
            .collect();
        let (end, lines) = lines.split_last().unwrap();
        assert_eq!(json!(lines), page["results"]);
        let last = text.trim_end().rfind('\n').unwrap() + 1;
        let digest = sha256(&text.as_bytes()[..last]);
        let expected = json!({"complete": true, "count": 20, "digest": digest, "ended": false});
        assert_eq!(*end, expected);
        assert_eq!(file.trailers["x-results-count"], "20");
        assert_eq!(file.trailers["x-results-digest"], digest);
    }
}

#[tokio::test]
async fn a_table_has_a_row_for_each_result_that_passes() {
    let service = service().await;
    let query = "scorer=exact_match&max_score=0.1&model=b";
    let table = file(&service, query, "text/csv").await;
    assert!(
        table.headers["content-type"]
            .to_str()
            .unwrap()
            .starts_with("text/csv")
    );
    let text = String::from_utf8(table.body.to_vec()).unwrap();
    let ids: Vec<&str> = text
        .lines()
        .skip(1)
        .filter_map(|line| line.split(',').next())
        .collect();
    assert_eq!(ids, ["0-0", "0-1", "2-0", "2-1"]);
    assert!(text.lines().next().unwrap().ends_with(",score.exact_match"));
    assert_eq!(table.trailers["x-results-count"], "4");
    assert_eq!(table.trailers["x-results-digest"], sha256(&table.body));
    // Nothing passes: a table with no rows is one, too.
    let none = file(&service, "tag=nothing", "text/csv").await;
    assert_eq!(none.body.iter().filter(|byte| **byte == b'\n').count(), 1);
    assert_eq!(none.trailers["x-results-count"], "0");
}

#[tokio::test]
async fn a_parquet_file_says_in_its_footer_that_it_is_complete() {
    let service = service().await;
    let file = file(&service, "", "application/vnd.apache.parquet").await;
    assert_eq!(file.trailers["x-results-digest"], sha256(&file.body));
    let reader = SerializedFileReader::new(file.body).unwrap();
    let metadata = reader.metadata().file_metadata();
    assert_eq!(metadata.num_rows(), 20);
    let told = metadata.key_value_metadata().unwrap();
    let told = |key: &str| {
        let entry = told.iter().find(|entry| entry.key == key);
        entry.and_then(|entry| entry.value.as_deref())
    };
    assert_eq!(told("ai_evolution.complete"), Some("true"));
    assert_eq!(told("ai_evolution.count"), Some("20"));
    assert_eq!(told("ai_evolution.experiment_id"), Some("e"));
}

#[tokio::test]
async fn a_file_that_cannot_be_completed_breaks_off_without_its_end() {
    let service = service().await;
    let chunk = "experiments/e/runs/0001/results/00000002.jsonl";
    std::fs::write(service.folder.path().join(chunk), "{\"item\":").unwrap();
    for media_type in [
        "application/x-ndjson",
        "text/csv",
        "application/vnd.apache.parquet",
    ] {
        let response = service.answer(request("", media_type)).await;
        assert_eq!(response.status(), 200);
        let mut body = response.into_body();
        let mut received = Vec::new();
        let broken = loop {
            match body.frame().await {
                Some(Ok(frame)) => received.extend(frame.into_data().unwrap()),
                Some(Err(_)) => break true,
                None => break false,
            }
        };
        assert!(broken, "{media_type}");
        let received = String::from_utf8_lossy(&received);
        assert!(!received.contains("complete"), "{received}");
    }
}

#[tokio::test]
async fn text_is_compressed_for_clients_that_say_so() {
    let service = service().await;
    let encoding = async |accept: &str, encodings: &str| {
        let mut request = request("", accept);
        let headers = request.headers_mut();
        headers.insert("accept-encoding", encodings.parse().unwrap());
        let response = service.answer(request).await;
        let encoding = response.headers().get("content-encoding").cloned();
        encoding.map(|encoding| encoding.to_str().unwrap().to_owned())
    };
    for accept in ["application/json", "text/csv", "application/x-ndjson"] {
        assert_eq!(encoding(accept, "gzip").await.as_deref(), Some("gzip"));
        assert_eq!(
            encoding(accept, "zstd, gzip").await.as_deref(),
            Some("zstd")
        );
        assert_eq!(encoding(accept, "identity").await, None);
    }
    let parquet = "application/vnd.apache.parquet";
    assert_eq!(encoding(parquet, "gzip").await, None, "it is compressed");
    let refused = encoding("text/html", "gzip").await;
    assert_eq!(refused.as_deref(), Some("gzip"), "problems are text, too");
}

#[tokio::test]
async fn a_form_that_there_is_not_and_pages_of_a_file_are_refused() {
    let service = service().await;
    let answer = service.send(request("", "text/html")).await;
    assert_eq!(
        (answer.status, &answer.body["code"]),
        (406, &json!("not_acceptable"))
    );
    let answer = service
        .send(request("page_size=5&page_token=x", "text/csv"))
        .await;
    assert_eq!(answer.status, 422);
    assert_eq!(answer.pointers(), ["/page_size", "/page_token"]);
    let mut missing = request("", "text/csv");
    *missing.uri_mut() = "/v1/experiments/nothing/results".parse().unwrap();
    assert_eq!(service.send(missing).await.status, 404);
}
