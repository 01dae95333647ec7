//! The OpenAPI document is current, true to the routes and the examples in it, and has what generators need.

use axum::body::Body;
use axum::http::{Method, Request};
use serde_json::Value;

use crate::service::Service;

const PATH: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../openapi/openapi.json");

/// Every operation, by method and path.
fn operations(document: &Value) -> Vec<(Method, String, Value)> {
    let paths = document["paths"].as_object().unwrap();
    let operations = paths.iter().flat_map(|(path, methods)| {
        methods
            .as_object()
            .unwrap()
            .iter()
            .map(move |(method, operation)| {
                let method = method.to_uppercase().parse().unwrap();
                (method, path.clone(), operation.clone())
            })
    });
    operations.collect()
}

#[test]
fn checked_in_document_is_current() {
    let current = format!("{:#}\n", api::openapi());
    let checked_in = std::fs::read_to_string(PATH).unwrap();
    assert!(
        checked_in == current,
        "run `cargo run -p api -- openapi > openapi/openapi.json` and read the diff"
    );
}

#[tokio::test]
async fn the_document_is_served_beside_a_page_that_shows_it() {
    let service = Service::new();
    assert_eq!(service.get("/openapi.json").await.body, api::openapi());
    assert_eq!(service.get("/docs/").await.status, 200);
}

#[tokio::test]
async fn every_operation_of_the_document_has_a_route() {
    let service = Service::new();
    for (method, path, operation) in operations(&api::openapi()) {
        let request = Request::builder()
            .method(method.clone())
            .uri(path.replace(['{', '}'], "."));
        let answer = service.send(request.body(Body::empty()).unwrap()).await;
        let status = answer.status.to_string();
        assert_ne!(status, "405", "{method} {path}");
        let detail = answer.body["detail"].as_str().unwrap_or_default();
        assert!(
            !detail.contains("nothing is here"),
            "{method} {path}: {detail}"
        );
        assert!(
            operation["responses"][&status].is_object(),
            "{method} {path}: {status}"
        );
    }
}

/// The failures that come of what an operation takes.
fn expected(operation: &Value) -> Vec<&'static str> {
    let mut statuses = vec!["401", "403", "429", "500", "503"];
    let parameters = operation["parameters"].as_array().into_iter().flatten();
    let mut places = parameters.map(|parameter| &parameter["in"]);
    if places.any(|place| place == "query") {
        statuses.push("422");
    }
    let content = &operation["requestBody"]["content"];
    if content.is_object() {
        statuses.extend(["400", "413", "422"]);
    }
    if content["application/json"].is_object() {
        statuses.push("415");
    }
    statuses
}

#[test]
fn every_operation_documents_its_failures_as_problems() {
    for (method, path, operation) in operations(&api::openapi()) {
        let responses = operation["responses"].as_object().unwrap();
        for status in expected(&operation) {
            assert!(responses.contains_key(status), "{method} {path} {status}");
        }
        assert_eq!(
            responses.contains_key("404"),
            path.contains('{'),
            "{method} {path}"
        );
        for (status, response) in responses
            .iter()
            .filter(|(status, _)| status.as_str() >= "400")
        {
            let schema = &response["content"]["application/problem+json"]["schema"]["$ref"];
            assert_eq!(
                schema, "#/components/schemas/Problem",
                "{method} {path} {status}"
            );
        }
        assert!(operation["operationId"].is_string() && operation["description"].is_string());
    }
}

#[tokio::test]
async fn the_examples_are_valid() {
    let service = Service::new();
    let document = api::openapi();
    let content = &document["paths"]["/v1/experiments"]["post"]["requestBody"]["content"];
    let examples = content["application/json"]["examples"].as_object().unwrap();
    assert!(!examples.is_empty());
    for (name, example) in examples {
        let answer = service
            .post("/v1/experiments?validate_only=true", &example["value"])
            .await;
        assert_eq!(answer.status, 200, "{name}: {}", answer.body);
    }
}
