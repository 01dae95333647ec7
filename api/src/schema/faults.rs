//! Schema errors in words that tell how to mend them.

use domain::fault::Fault;
use jsonschema::ValidationError;
use jsonschema::error::{TypeKind, ValidationErrorKind as Kind};
use serde_json::Value;

/// Adds the faults that one error stands for.
pub(super) fn explain(root: &Value, error: &ValidationError<'_>, faults: &mut Vec<Fault>) {
    let pointer = error.instance_path().as_str();
    match error.kind() {
        Kind::OneOfNotValid { context } => union(root, error, context, faults),
        Kind::AdditionalProperties { unexpected } => {
            let known = known_keys(root, error);
            faults.extend(unexpected.iter().map(|key| {
                let message = format!("the key is not known here; known are {known}");
                Fault::new(format!("{pointer}/{}", escape(key)), message)
            }));
        }
        _ => faults.push(Fault::new(pointer, message(root, error))),
    }
}

/// The faults of the variant that is meant, as its tag says.
fn union(
    root: &Value,
    error: &ValidationError<'_>,
    branches: &[Vec<ValidationError<'static>>],
    faults: &mut Vec<Fault>,
) {
    let pointer = error.instance_path().as_str();
    let schema = schema_of(root, error);
    let tag = schema["discriminator"]["propertyName"]
        .as_str()
        .unwrap_or("type");
    let Some(mapping) = schema["discriminator"]["mapping"].as_object() else {
        faults.push(Fault::new(pointer, error.to_string()));
        return;
    };
    let types = list(mapping.keys());
    let Some(value) = error.instance().as_object() else {
        let message = format!(
            "{} stands where an object with the key `{tag}` belongs",
            kind(error.instance())
        );
        faults.push(Fault::new(pointer, message));
        return;
    };
    let Some(chosen) = value.get(tag) else {
        faults.push(Fault::new(
            pointer,
            format!("the key `{tag}` is missing; it is one of {types}"),
        ));
        return;
    };
    let variant = chosen.as_str().and_then(|chosen| mapping.get(chosen));
    let branch = schema["oneOf"].as_array().and_then(|variants| {
        variants
            .iter()
            .position(|schema| Some(&schema["$ref"]) == variant)
    });
    match branch.and_then(|branch| branches.get(branch)) {
        Some(errors) => errors.iter().for_each(|error| explain(root, error, faults)),
        None => faults.push(Fault::new(
            format!("{pointer}/{tag}"),
            format!("{} is not one of {types}", quote(chosen)),
        )),
    }
}

fn message(root: &Value, error: &ValidationError<'_>) -> String {
    let value = || quote(error.instance());
    match error.kind() {
        Kind::Required { property } => {
            format!(
                "the key `{}` is missing",
                property.as_str().unwrap_or_default()
            )
        }
        Kind::Type {
            kind: TypeKind::Single(_) | TypeKind::Multiple(_),
        } => {
            format!(
                "{} stands where {} belongs",
                kind(error.instance()),
                wanted(root, error)
            )
        }
        Kind::Enum { options } => {
            let options = options.as_array().map(Vec::as_slice).unwrap_or_default();
            format!(
                "{} is not one of {}",
                value(),
                list(options.iter().filter_map(Value::as_str))
            )
        }
        Kind::Pattern { pattern } => match schema_of(root, error)["example"].as_str() {
            Some(example) => format!("{} is not written like `{example}` (`{pattern}`)", value()),
            None => format!("{} does not match `{pattern}`", value()),
        },
        Kind::Minimum { limit } => format!("{} is less than {limit}", value()),
        Kind::Maximum { limit } => format!("{} is more than {limit}", value()),
        Kind::MinItems { limit } => format!("the list has fewer entries than {limit}"),
        Kind::MaxItems { limit } => format!("the list has more entries than {limit}"),
        Kind::MinLength { limit } => format!("the text has fewer characters than {limit}"),
        Kind::MaxLength { limit } => format!("the text has more characters than {limit}"),
        _ => shorten(&error.to_string()),
    }
}

/// The schema that holds the keyword which failed.
fn schema_of<'a>(root: &'a Value, error: &ValidationError<'_>) -> &'a Value {
    let keyword = error.schema_path().as_str();
    let schema = keyword.rsplit_once('/').map_or("", |(schema, _)| schema);
    root.pointer(schema).unwrap_or(&Value::Null)
}

fn known_keys(root: &Value, error: &ValidationError<'_>) -> String {
    match schema_of(root, error)["properties"].as_object() {
        Some(properties) if !properties.is_empty() => list(properties.keys()),
        _ => "none".to_owned(),
    }
}

fn wanted(root: &Value, error: &ValidationError<'_>) -> String {
    match &schema_of(root, error)["type"] {
        Value::String(name) => article(name).to_owned(),
        Value::Array(names) => {
            let names: Vec<&str> = names
                .iter()
                .filter_map(Value::as_str)
                .map(article)
                .collect();
            names.join(" or ")
        }
        _ => "another type".to_owned(),
    }
}

fn kind(value: &Value) -> &'static str {
    article(match value {
        Value::Null => "null",
        Value::Bool(_) => "boolean",
        Value::Number(_) => "number",
        Value::String(_) => "string",
        Value::Array(_) => "array",
        Value::Object(_) => "object",
    })
}

fn article(name: &str) -> &'static str {
    match name {
        "null" => "null",
        "boolean" => "a boolean",
        "number" => "a number",
        "integer" => "a whole number",
        "string" => "text",
        "array" => "a list",
        _ => "an object",
    }
}

fn list<S: AsRef<str>>(names: impl IntoIterator<Item = S>) -> String {
    let names: Vec<String> = names
        .into_iter()
        .map(|name| format!("`{}`", name.as_ref()))
        .collect();
    names.join(", ")
}

fn quote(value: &Value) -> String {
    match value {
        Value::String(text) => format!("`{}`", shorten(text)),
        value => format!("`{}`", shorten(&value.to_string())),
    }
}

fn shorten(text: &str) -> String {
    match text.char_indices().nth(100) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text.to_owned(),
    }
}

/// A key as it is written in a JSON Pointer.
pub(super) fn escape(key: &str) -> String {
    key.replace('~', "~0").replace('/', "~1")
}
