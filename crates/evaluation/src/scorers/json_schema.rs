//! JSON Schema: the output is JSON of a given shape.

use domain::config::JsonSchemaScorer;
use domain::fault::Fault;
use jsonschema::{Draft, PatternOptions, ValidationError, Validator};
use serde_json::Value;

use super::Verdict;
use super::document::json;
use crate::text::{quote, shorten};

/// The most bytes that a compiled `pattern` may take.
const LARGEST_PATTERN: usize = 10 << 20;

/// How many faults of an output a comment tells.
const FAULTS_TOLD: usize = 3;

/// A schema ready to judge.
pub(super) struct JsonSchema {
    validator: Validator,
}

impl JsonSchema {
    pub(super) fn compile(config: &JsonSchemaScorer) -> Result<Self, Fault> {
        let schema: Value = config.schema.clone().into_iter().collect();
        let mut options = jsonschema::options()
            .offline()
            // The other engine backtracks: an output could keep it busy for very long.
            .with_pattern_options(PatternOptions::regex().size_limit(LARGEST_PATTERN));
        if !config.schema.contains_key("$schema") {
            options = options.with_draft(Draft::Draft202012);
        }
        match options.build(&schema) {
            Ok(validator) => Ok(Self { validator }),
            Err(error) => Err(Fault::new(
                "/schema",
                format!("not a usable JSON Schema: {}", describe(&error)),
            )),
        }
    }

    pub(super) fn score(&self, answer: &Value) -> Verdict {
        match json(answer) {
            Ok(value) => Verdict::from_reason(self.faults(&value)),
            Err(reason) => Verdict::from_reason(Some(reason)),
        }
    }

    fn faults(&self, value: &Value) -> Option<String> {
        let faults: Vec<String> = self
            .validator
            .iter_errors(value)
            .take(FAULTS_TOLD)
            .map(|error| describe(&error))
            .collect();
        (!faults.is_empty()).then(|| faults.join("; "))
    }
}

/// Where the fault is and what, without the value itself, which may be long.
fn describe(error: &ValidationError) -> String {
    let what = error.masked().to_string();
    let what = shorten(&what, 200);
    match error.instance_path().as_str() {
        "" => what.into_owned(),
        place => format!("at {}: {what}", quote(place)),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn compile(schema: Value) -> Result<JsonSchema, Fault> {
        JsonSchema::compile(&serde_json::from_value(json!({"schema": schema})).unwrap())
    }

    #[test]
    fn an_output_is_accepted_or_it_is_not() {
        let schema =
            json!({"type": "object", "required": ["a"], "properties": {"a": {"type": "integer"}}});
        for (answer, accepted) in [
            (json!({"a": 1}), true),
            (json!({"a": "1"}), false),
            (json!("{\"a\": 1}"), true),
            (json!(" \n{\"a\": 1}\n "), true),
            (json!("```json\n{\"a\": 1}\n```"), true),
            (json!("```\n{\"a\": 1}\n```\n"), true),
            (json!("~~~json\n{\"a\": 1}\n~~~"), true),
            (json!("```json\r\n{\"a\": 1}\r\n```"), true),
            (json!("```json\n{\"a\": 1}"), false),
            (json!("```"), false),
            (json!("Here it is: {\"a\": 1}"), false),
            (json!("{\"a\": 1} {}"), false),
            (json!("{}"), false),
            (json!(""), false),
            (json!(null), false),
        ] {
            let verdict = compile(schema.clone()).unwrap().score(&answer);
            assert_eq!(verdict.comment.is_none(), accepted, "{answer}");
        }
    }

    #[test]
    fn the_dialect_is_2020_12_unless_the_schema_names_another() {
        let tuple = json!({"prefixItems": [{"type": "integer"}]});
        assert!(
            compile(tuple)
                .unwrap()
                .score(&json!(["x"]))
                .comment
                .is_some()
        );
        let draft7 = json!({
            "$schema": "http://json-schema.org/draft-07/schema#",
            "prefixItems": [{"type": "integer"}],
            "items": [{"type": "string"}],
        });
        assert_eq!(compile(draft7).unwrap().score(&json!(["x"])).comment, None);
    }

    #[test]
    fn references_inside_the_schema_are_followed() {
        let tree = json!({
            "$ref": "#/$defs/tree",
            "$defs": {"tree": {"type": "array", "items": {"$ref": "#/$defs/tree"}}},
        });
        let schema = compile(tree).unwrap();
        assert_eq!(schema.score(&json!([[[]], []])).comment, None);
        assert!(schema.score(&json!([[[1]]])).comment.is_some());
    }

    #[test]
    fn a_schema_that_cannot_be_used_is_a_fault() {
        for schema in [
            json!({"type": "strin"}),
            json!({"properties": 3}),
            json!({"pattern": "(a"}),
            json!({"pattern": "a(?=b)"}),
            json!({"pattern": "(\\w{1000}){1000}"}),
            json!({"$ref": "https://example.com/schema.json"}),
            json!({"$ref": "file:///etc/passwd"}),
            json!({"$ref": "other.json"}),
            json!({"$ref": "#/nowhere"}),
            json!({"$schema": "https://example.com/dialect"}),
            json!({"properties": {"a": {"$ref": "http://127.0.0.1:1/x"}}}),
        ] {
            let fault = compile(schema.clone()).err();
            assert_eq!(
                fault.map(|fault| fault.pointer).as_deref(),
                Some("/schema"),
                "{schema}"
            );
        }
    }

    #[test]
    fn a_schema_that_only_refers_to_itself_ends() {
        for schema in [
            json!({"$ref": "#"}),
            json!({"$ref": "#/$defs/a", "$defs": {"a": {"$ref": "#/$defs/b"}, "b": {"$ref": "#/$defs/a"}}}),
            json!({"allOf": [{"$ref": "#"}, {"$ref": "#"}]}),
            json!({"not": {"$ref": "#"}}),
            json!({"$dynamicRef": "#x", "$dynamicAnchor": "x"}),
        ] {
            if let Ok(schema) = compile(schema) {
                schema.score(&json!({"a": 1}));
            }
        }
    }

    #[test]
    fn a_comment_names_the_place_and_stays_short() {
        let schema =
            compile(json!({"properties": {"a": {"maxLength": 3}}, "required": ["b"]})).unwrap();
        let verdict = schema.score(&json!({"a": "x".repeat(100_000)}));
        assert_eq!(
            verdict.comment.as_deref(),
            Some("\"b\" is a required property; at `/a`: value is longer than 3 characters")
        );
    }
}
