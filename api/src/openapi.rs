//! The published OpenAPI document: that of the routes, in the form that client generators understand.
//!
//! utoipa writes a tagged enum as `allOf` of the variant and its tag. Generators drop every operation that holds one, and
//! no value is valid against it, since neither half knows the other's keys. So each variant becomes a component of
//! its own that has the tag among its keys, and the union names the tag as its discriminator.

use serde_json::{Map, Value, json};
use utoipa::openapi::OpenApi;

/// The document to publish, from the one that utoipa makes of the routes.
pub(crate) fn published(document: &OpenApi) -> Value {
    let mut document = serde_json::to_value(document).expect("a document is JSON");
    let schemas = document["components"]["schemas"].take();
    document["components"]["schemas"] = json!({});
    if let Value::Object(mut schemas) = schemas {
        schemas.values_mut().for_each(tidy);
        split_unions(&mut schemas);
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

/// The body of a `POST` in which nothing is required may be left out.
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

fn split_unions(schemas: &mut Map<String, Value>) {
    let unions: Vec<(String, Vec<Variant>)> = schemas
        .iter()
        .filter_map(|(name, schema)| Some((name.clone(), variants(schema)?)))
        .collect();
    for (union, variants) in unions {
        let mut references = Vec::new();
        let mut mapping = Map::new();
        let mut property = String::new();
        for variant in variants {
            let name = format!("{union}{}", pascal_case(&variant.value));
            let reference = reference(&name);
            let schema = variant.schema(&schemas[&variant.of]);
            schemas.insert(name, schema);
            references.push(json!({"$ref": reference}));
            mapping.insert(variant.value, json!(reference));
            property = variant.tag;
        }
        schemas[&union]["oneOf"] = json!(references);
        schemas[&union]["discriminator"] = json!({"propertyName": property, "mapping": mapping});
    }
}

/// One variant of a tagged union.
struct Variant {
    /// The component that holds its other keys.
    of: String,
    tag: String,
    value: String,
    /// What the variant says of itself. Variants may hold the same type.
    description: Option<Value>,
}

impl Variant {
    /// The keys of the component, and the tag before them.
    fn schema(&self, of: &Value) -> Value {
        let mut schema = of.clone();
        if let Some(description) = &self.description {
            schema["description"] = description.clone();
        }
        let mut properties = Map::new();
        properties.insert(
            self.tag.clone(),
            json!({"type": "string", "enum": [self.value]}),
        );
        let mut required = vec![json!(self.tag)];
        if let Some(own) = of["properties"].as_object() {
            properties.extend(own.clone());
        }
        required.extend(of["required"].as_array().into_iter().flatten().cloned());
        schema["properties"] = Value::Object(properties);
        schema["required"] = Value::Array(required);
        schema
    }
}

/// The variants of a schema that is a tagged union.
fn variants(schema: &Value) -> Option<Vec<Variant>> {
    schema["oneOf"].as_array()?.iter().map(variant).collect()
}

fn variant(schema: &Value) -> Option<Variant> {
    let [of, tag] = schema["allOf"].as_array()?.as_slice() else {
        return None;
    };
    let description = schema.get("description").or(tag.get("description"));
    let (name, tag) = tag["properties"].as_object()?.iter().next()?;
    Some(Variant {
        description: description.cloned(),
        of: component(of["$ref"].as_str()?)?.to_owned(),
        tag: name.clone(),
        value: tag["enum"][0].as_str()?.to_owned(),
    })
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
fn references(part: &Value, used: &mut Vec<String>) {
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

fn component(reference: &str) -> Option<&str> {
    reference.strip_prefix("#/components/schemas/")
}

/// `exact_match` is `ExactMatch`.
fn pascal_case(name: &str) -> String {
    name.split('_')
        .filter_map(|word| word.split_at_checked(1))
        .map(|(first, rest)| first.to_uppercase() + rest)
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_tagged_union_becomes_a_component_for_each_variant() {
        let document = crate::openapi();
        let schemas = &document["components"]["schemas"];
        let union = &schemas["ScorerConfig"];
        assert_eq!(union["discriminator"]["propertyName"], "type");
        let regex = "#/components/schemas/ScorerConfigRegex";
        assert_eq!(union["discriminator"]["mapping"]["regex"], regex);
        assert_eq!(union["oneOf"][2]["$ref"], regex);
        assert_eq!(schemas["ScorerConfigRegex"]["required"], json!(["type"]));
        assert_eq!(schemas["RegexScorer"], Value::Null);
    }

    #[test]
    fn no_union_is_left_as_it_was() {
        assert!(!crate::openapi().to_string().contains("allOf"));
    }
}
