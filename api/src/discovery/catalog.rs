//! The types of scorers and adapters: what the published document and the domain say of each, and one table of what
//! neither can.

use api_types::discovery::{AdapterType, ScorerKind, ScorerType, ValueKind};
use domain::config::{AdapterConfig, ScorerConfig};
use serde::de::DeserializeOwned;
use serde_json::{Map, Value, json};

use self::ValueKind::{Boolean, Number};

/// All types of scorers and adapters.
pub(crate) struct Catalog {
    pub(crate) scorers: Vec<ScorerType>,
    pub(crate) adapters: Vec<AdapterType>,
}

/// What the scores of each type may be, and the least that its configuration has beside the type.
const SCORERS: &[(&str, &[ValueKind], &str)] = &[
    ("exact_match", &[Boolean], "{}"),
    ("contains", &[Boolean, Number], "{}"),
    ("regex", &[Boolean], "{}"),
    ("numeric", &[Boolean], "{}"),
    ("json_schema", &[Boolean], r#"{"schema": {}}"#),
    ("levenshtein", &[Number], "{}"),
    ("fuzzy", &[Number], "{}"),
    ("bleu", &[Number], "{}"),
    ("chrf", &[Number], "{}"),
    ("rouge", &[Number], "{}"),
    ("token_f1", &[Number], "{}"),
    ("json_diff", &[Number], "{}"),
    ("json_path", &[Boolean, Number], r#"{"assertions": []}"#),
    ("latency", &[Boolean, Number], "{}"),
    ("token_usage", &[Boolean, Number], "{}"),
    ("cost", &[Boolean, Number], "{}"),
    ("composite", &[Number], r#"{"scorers": []}"#),
    ("llm_judge", &[Number], r#"{"rubric": "r"}"#),
    (
        "activity",
        &[Boolean, Number],
        r#"{"activity": "a", "task_queue": "q"}"#,
    ),
    ("http", &[Boolean, Number], r#"{"provider": "p"}"#),
    ("tool_calls", &[Boolean, Number], "{}"),
    ("classification", &[Boolean], r#"{"labels": []}"#),
    (
        "embedding_similarity",
        &[Number],
        r#"{"provider": "p", "model": "m"}"#,
    ),
];

/// The least configuration of each adapter beside the type.
const ADAPTERS: &[(&str, &str)] = &[
    ("recorded", "{}"),
    ("openai", r#"{"provider": "p"}"#),
    ("chat", r#"{"provider": "p"}"#),
    ("http", r#"{"provider": "p", "response": {"answer": "$"}}"#),
    ("sse", r#"{"provider": "p", "events": {"complete": []}}"#),
    ("embeddings", r#"{"provider": "p"}"#),
    ("activity", r#"{"activity": "a", "task_queue": "q"}"#),
];

impl Catalog {
    /// Of the published document.
    pub(crate) fn of(document: &Value) -> Self {
        let scorers = SCORERS.iter().map(|(name, values, least)| {
            let config: ScorerConfig = example(name, least);
            let schema = Schema::of(document, "ScorerConfig", name);
            ScorerType {
                name: (*name).to_owned(),
                eval_id: config.eval_id(),
                kind: match config.asks() {
                    true => ScorerKind::Asking,
                    false => ScorerKind::Pure,
                },
                description: schema.description,
                values: values.to_vec(),
                minimum: 0.0,
                maximum: config.is_share().then_some(1.0),
                config_schema: schema.complete,
            }
        });
        let adapters = ADAPTERS.iter().map(|(name, least)| {
            let config: AdapterConfig = example(name, least);
            let schema = Schema::of(document, "AdapterConfig", name);
            AdapterType {
                name: (*name).to_owned(),
                description: schema.description,
                asks_provider: config.provider().is_some(),
                config_schema: schema.complete,
            }
        });
        Self {
            scorers: scorers.collect(),
            adapters: adapters.collect(),
        }
    }
}

/// A configuration of a type that has the least it can have.
fn example<T: DeserializeOwned>(name: &str, least: &str) -> T {
    let mut config: Value = serde_json::from_str(least).expect("the table holds JSON");
    config["type"] = json!(name);
    serde_json::from_value(config).expect("the table has what a configuration needs")
}

/// The schema of one variant of a union.
struct Schema {
    description: String,
    /// With all that it refers to.
    complete: Value,
}

impl Schema {
    fn of(document: &Value, union: &str, name: &str) -> Self {
        let schemas = &document["components"]["schemas"];
        let reference = schemas[union]["discriminator"]["mapping"][name].as_str();
        let component = reference.and_then(crate::openapi::component);
        let mut complete = schemas[component.unwrap_or_default()].clone();
        let mut definitions = Map::new();
        let mut found = Vec::new();
        crate::openapi::references(&complete, &mut found);
        let mut seen = 0;
        while seen < found.len() {
            let name = found[seen].clone();
            let definition = schemas[&name].clone();
            crate::openapi::references(&definition, &mut found);
            definitions.insert(name, definition);
            seen += 1;
        }
        complete["$schema"] = json!("https://json-schema.org/draft/2020-12/schema");
        if !definitions.is_empty() {
            complete["$defs"] = Value::Object(definitions);
        }
        relocate(&mut complete);
        Self {
            description: complete["description"]
                .as_str()
                .unwrap_or_default()
                .to_owned(),
            complete,
        }
    }
}

/// Makes references to components of the document references to definitions beside them.
fn relocate(schema: &mut Value) {
    match schema {
        Value::Object(entries) => {
            // What names the variants of a union is for readers of the whole document.
            entries.shift_remove("discriminator");
            for (key, value) in entries {
                match value.as_str().and_then(crate::openapi::component) {
                    Some(name) if key == "$ref" => *value = json!(format!("#/$defs/{name}")),
                    _ => relocate(value),
                }
            }
        }
        Value::Array(values) => values.iter_mut().for_each(relocate),
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn published(document: &Value, union: &str) -> Vec<String> {
        let mapping = &document["components"]["schemas"][union]["discriminator"]["mapping"];
        let mut names: Vec<String> = mapping.as_object().unwrap().keys().cloned().collect();
        names.sort();
        names
    }

    #[test]
    fn every_type_that_is_published_is_in_the_catalog() {
        let document = crate::openapi();
        let catalog = Catalog::of(&document);
        let mut scorers: Vec<String> = catalog.scorers.into_iter().map(|it| it.name).collect();
        scorers.sort();
        assert_eq!(scorers, published(&document, "ScorerConfig"));
        let mut adapters: Vec<String> = catalog.adapters.into_iter().map(|it| it.name).collect();
        adapters.sort();
        assert_eq!(adapters, published(&document, "AdapterConfig"));
    }

    #[test]
    fn each_schema_is_complete_and_takes_what_the_service_takes() {
        let catalog = Catalog::of(&crate::openapi());
        for scorer in &catalog.scorers {
            assert!(!scorer.description.is_empty(), "{}", scorer.name);
            let validator = jsonschema::validator_for(&scorer.config_schema);
            let validator = validator.unwrap_or_else(|error| panic!("{}: {error}", scorer.name));
            assert!(
                !validator.is_valid(&json!({"type": "another"})),
                "{}",
                scorer.name
            );
            let strange = json!({"type": scorer.name, "no_such_key": 1});
            assert!(!validator.is_valid(&strange), "{}", scorer.name);
        }
        let exact = &catalog.scorers[0];
        let validator = jsonschema::validator_for(&exact.config_schema).unwrap();
        assert!(validator.is_valid(&json!({"type": "exact_match", "pass_threshold": 0.5})));
        for adapter in &catalog.adapters {
            assert!(!adapter.description.is_empty(), "{}", adapter.name);
            jsonschema::validator_for(&adapter.config_schema).unwrap();
        }
    }
}
