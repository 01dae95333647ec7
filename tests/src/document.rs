//! Whether an answer is one that the published document tells of: its status, its content type and its shape.

use std::collections::HashMap;
use std::sync::{Arc, LazyLock, Mutex};

use jsonschema::{Draft, Validator};
use serde_json::{Value, json};

use crate::programs;

/// Larger bodies are many small things of one kind, of which other answers have some.
const LARGEST_BODY: usize = 1 << 20;

static DOCUMENT: LazyLock<Value> = LazyLock::new(|| {
    let path = programs::repository().join("openapi/openapi.json");
    let text = std::fs::read_to_string(path).expect("the document is checked in");
    serde_json::from_str(&text).expect("the document is JSON")
});

/// Compiled schemas by their references.
static SCHEMAS: LazyLock<Mutex<HashMap<String, Arc<Validator>>>> = LazyLock::new(Mutex::default);

/// Panics unless the document tells of this answer. Of paths and methods that it does not have, it tells nothing.
#[track_caller]
pub(crate) fn check(method: &str, path: &str, status: u16, content_type: &str, body: &str) {
    let Some(operation) = operation(method, path) else {
        return;
    };
    let responses = &operation["responses"];
    let range = format!("{}XX", status / 100);
    let response = responses
        .get(status.to_string())
        .or_else(|| responses.get(range));
    let Some(response) = response else {
        panic!("the document has no answer {status} of {method} {path}: {body}");
    };
    let Some(contents) = response["content"].as_object() else {
        assert_eq!(
            body, "",
            "the answer {status} of {method} {path} has no body by the document"
        );
        return;
    };
    let kind = content_type.split(';').next().unwrap_or_default().trim();
    let Some(content) = contents.get(kind) else {
        panic!("the document has no `{kind}` for the answer {status} of {method} {path}: {body}");
    };
    if !kind.ends_with("json") || body.len() > LARGEST_BODY {
        return;
    }
    let value: Value = serde_json::from_str(body)
        .unwrap_or_else(|error| panic!("{method} {path} {status} is no JSON: {error}"));
    if let Some(reference) = content["schema"]["$ref"].as_str()
        && let Err(error) = schema(reference).validate(&value)
    {
        let place = error.instance_path();
        panic!(
            "{method} {path} {status} is not as the document says: {error} at `{place}`: {body}"
        );
    }
}

/// The operation of a request.
fn operation(method: &str, path: &str) -> Option<&'static Value> {
    let segments: Vec<&str> = path.split('/').collect();
    let paths = DOCUMENT["paths"].as_object()?;
    let (_, methods) = paths.iter().find(|(template, _)| {
        let template: Vec<&str> = template.split('/').collect();
        let mut pairs = template.iter().zip(&segments);
        template.len() == segments.len()
            && pairs.all(|(part, segment)| part.starts_with('{') || part == segment)
    })?;
    methods.get(method.to_lowercase())
}

fn schema(reference: &str) -> Arc<Validator> {
    let mut schemas = SCHEMAS.lock().expect("nobody panics with it");
    let schema = schemas.entry(reference.to_owned()).or_insert_with(|| {
        let root = json!({"$ref": reference, "components": DOCUMENT["components"]});
        let validator = jsonschema::options()
            .with_draft(Draft::Draft202012)
            .should_validate_formats(true)
            .build(&root);
        Arc::new(validator.expect("the schemas of the document compile"))
    });
    Arc::clone(schema)
}

#[cfg(test)]
mod tests {
    use super::*;

    const PROBLEM: &str =
        r#"{"type": "/problems/a", "title": "a", "status": 404, "code": "a", "detail": "a"}"#;
    const KIND: &str = "application/problem+json";

    #[test]
    fn an_answer_that_is_told_of_is_as_it_should_be() {
        check("GET", "/v1/experiments/a", 404, KIND, PROBLEM);
        check("GET", "/v1/experiments/a", 304, "", "");
        check("GET", "/healthz", 418, "text/plain", "whatever");
    }

    #[test]
    fn any_other_answer_is_not() {
        let refused = |status: u16, kind: &str, body: &str| {
            let (kind, body) = (kind.to_owned(), body.to_owned());
            std::panic::catch_unwind(move || {
                check("GET", "/v1/experiments/a", status, &kind, &body)
            })
            .is_err()
        };
        assert!(refused(418, KIND, PROBLEM), "a status that is not told of");
        assert!(refused(404, "text/plain", PROBLEM), "another content type");
        assert!(refused(404, KIND, r#"{"code": 3}"#), "another shape");
        assert!(refused(404, KIND, "<html>"), "no JSON");
        assert!(refused(304, "", "a body"), "a body where there is none");
    }
}
