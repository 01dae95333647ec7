//! The published OpenAPI document: that of the routes, in the form that client generators understand.
//!
//! What utoipa leaves to be done is done here, once, on the document as JSON; `unions` does what tagged enums need.

mod unions;

use serde_json::{Map, Value, json};
use utoipa::openapi::OpenApi;

/// The document to publish, from the one that utoipa makes of the routes.
pub(crate) fn published(document: &OpenApi) -> Value {
    let mut document = serde_json::to_value(document).expect("a document is JSON");
    let schemas = document["components"]["schemas"].take();
    document["components"]["schemas"] = json!({});
    if let Value::Object(mut schemas) = schemas {
        schemas.values_mut().for_each(tidy);
        unions::split(&mut schemas);
        let paths = document["paths"].as_object_mut().into_iter();
        for path in paths.flat_map(Map::values_mut) {
            tidy_parameters(path);
            write_files(path);
        }
        write_out_texts(&mut document["paths"], &schemas);
        let texts = schemas.clone();
        schemas
            .values_mut()
            .for_each(|schema| write_out_texts(schema, &texts));
        allow_no_body(&mut document["paths"], &schemas);
        drop_unused(&mut schemas, &document);
        schemas.sort_keys();
        document["components"]["schemas"] = Value::Object(schemas);
    }
    let body = "/paths/~1v1~1experiments/post/requestBody/content/application~1json";
    if let Some(body) = document.pointer_mut(body) {
        body["examples"] = examples();
    }
    document
}

/// The body of a `POST` in which nothing is required may be left out, and a part of a file may be empty.
fn allow_no_body(paths: &mut Value, schemas: &Map<String, Value>) {
    let operations = paths.as_object_mut().into_iter().flat_map(Map::values_mut);
    for body in operations.filter_map(|path| path.pointer_mut("/post/requestBody")) {
        let reference = body["content"]["application/json"]["schema"]["$ref"].as_str();
        let schema = reference
            .and_then(component)
            .and_then(|name| schemas.get(name));
        if schema.is_some_and(|schema| schema["required"].is_null()) {
            body["required"] = json!(false);
        }
    }
    let paths = paths.as_object_mut().into_iter().flat_map(Map::values_mut);
    for body in paths.filter_map(|path| path.pointer_mut("/patch/requestBody")) {
        if !body["content"]["application/octet-stream"].is_null() {
            body["required"] = json!(false);
        }
    }
}

/// Requests to begin with.
fn examples() -> Value {
    let example = |summary: &str, text: &str| {
        let value: Value = serde_json::from_str(text).expect("an example is JSON");
        json!({"summary": summary, "value": value})
    };
    json!({
        "recorded": example(
            "Outputs that are there already, judged by two scorers",
            include_str!("openapi/recorded.json"),
        ),
        "models": example(
            "Two models on a dataset of the workers",
            include_str!("openapi/models.json"),
        ),
    })
}

/// Says what utoipa leaves open: whole numbers of 32 bits end somewhere, and a default of null is none.
fn tidy(schema: &mut Value) {
    match schema {
        Value::Object(entries) => {
            if entries.get("default").is_some_and(Value::is_null) {
                entries.shift_remove("default");
            }
            if entries
                .get("format")
                .is_some_and(|format| format == "int32")
            {
                entries.entry("maximum").or_insert(json!(i32::MAX));
            }
            entries.values_mut().for_each(tidy);
        }
        Value::Array(schemas) => schemas.iter_mut().for_each(tidy),
        _ => {}
    }
}

/// Bytes that are no JSON are a file, and not a list of numbers.
fn write_files(path: &mut Value) {
    let operations = path.as_object_mut().into_iter().flat_map(Map::values_mut);
    let responses = operations
        .filter_map(|operation| operation["responses"].as_object_mut())
        .flat_map(Map::values_mut);
    let contents = responses.filter_map(|response| response.get_mut("content")?.as_object_mut());
    for (kind, content) in contents.flatten() {
        if !kind.ends_with("json") && content["schema"]["type"] == "array" {
            content["schema"] = json!({"type": "string", "format": "binary"});
        }
    }
}

/// Says what utoipa leaves open of parameters, as `tidy` does of schemas. A page size, or how many rows a sample is
/// to have, may be any number: a large one is taken for the largest.
fn tidy_parameters(path: &mut Value) {
    let operations = path.as_object_mut().into_iter().flat_map(Map::values_mut);
    let parameters =
        operations.filter_map(|operation| operation.get_mut("parameters")?.as_array_mut());
    for parameter in parameters.flatten() {
        tidy(&mut parameter["schema"]);
        if (parameter["name"] == "page_size" || parameter["name"] == "limit")
            && let Some(schema) = parameter["schema"].as_object_mut()
        {
            schema.shift_remove("format");
            schema.shift_remove("maximum");
        }
    }
}

/// Writes the schema of a plain text where it is referred to. Generators of Java forget the quotes around the default of a
/// text whose schema stands elsewhere, and its description is lost beside a reference.
fn write_out_texts(part: &mut Value, schemas: &Map<String, Value>) {
    match part {
        Value::Object(entries) => {
            let reference = entries.get("$ref").and_then(Value::as_str);
            let text = reference
                .and_then(component)
                .and_then(|name| schemas.get(name))
                .filter(|schema| schema["type"] == "string" && schema["enum"].is_null())
                .and_then(Value::as_object);
            if let Some(text) = text {
                entries.shift_remove("$ref");
                for (key, value) in text {
                    entries.entry(key).or_insert_with(|| value.clone());
                }
            }
            entries
                .values_mut()
                .for_each(|part| write_out_texts(part, schemas));
        }
        Value::Array(parts) => parts
            .iter_mut()
            .for_each(|part| write_out_texts(part, schemas)),
        _ => {}
    }
}

/// Drops components that nothing refers to, such as those whose keys the variants have taken over.
fn drop_unused(schemas: &mut Map<String, Value>, document: &Value) {
    let mut used = Vec::new();
    references(document, &mut used);
    let mut seen = 0;
    while seen < used.len() {
        if let Some(schema) = schemas.get(&used[seen]) {
            references(schema, &mut used);
        }
        seen += 1;
    }
    schemas.retain(|name, _| used.contains(name));
}

/// Adds the components that a part of the document refers to, each once.
pub(crate) fn references(part: &Value, used: &mut Vec<String>) {
    match part {
        Value::Object(entries) => {
            let reference = entries
                .get("$ref")
                .and_then(Value::as_str)
                .and_then(component);
            if let Some(name) = reference
                && !used.iter().any(|used| used == name)
            {
                used.push(name.to_owned());
            }
            entries.values().for_each(|part| references(part, used));
        }
        Value::Array(parts) => parts.iter().for_each(|part| references(part, used)),
        _ => {}
    }
}

fn reference(name: &str) -> String {
    format!("#/components/schemas/{name}")
}

/// The name of the component that a reference refers to.
pub(crate) fn component(reference: &str) -> Option<&str> {
    reference.strip_prefix("#/components/schemas/")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_default_stands_beside_the_schema_of_its_text() {
        let document = crate::openapi();
        let schemas = &document["components"]["schemas"];
        let timeout = &schemas["ExecutionConfig"]["properties"]["call_timeout"];
        assert_eq!(timeout["type"], "string", "{timeout}");
        assert_eq!(timeout["default"], "2m", "{timeout}");
        assert!(timeout["pattern"].is_string(), "{timeout}");
        assert_eq!(schemas["Interval"], Value::Null);
    }

    #[test]
    fn a_file_is_no_list_of_numbers() {
        let document = crate::openapi();
        let results = &document["paths"]["/v1/experiments/{experiment_id}/results"]["get"];
        let content = &results["responses"]["200"]["content"]["application/vnd.apache.parquet"];
        assert_eq!(
            content["schema"],
            json!({"type": "string", "format": "binary"})
        );
    }

    #[test]
    fn a_page_size_has_no_end_and_other_whole_numbers_have_one() {
        let document = crate::openapi();
        let schema = |path: &str, name: &str| {
            let parameters = document["paths"][path]["get"]["parameters"].as_array();
            let mut parameters = parameters.unwrap().iter();
            parameters
                .find(|parameter| parameter["name"] == name)
                .unwrap()["schema"]
                .clone()
        };
        let page_size = schema("/v1/experiments", "page_size");
        assert_eq!(
            page_size,
            json!({"type": "integer", "default": 20, "minimum": 1})
        );
        let limit = schema("/v1/datasets/{name}/sample", "limit");
        assert_eq!(
            limit,
            json!({"type": "integer", "default": 10, "minimum": 1})
        );
        assert_eq!(schema("/v1/comparisons", "seed")["maximum"], i32::MAX);
    }
}
