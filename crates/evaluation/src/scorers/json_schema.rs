//! JSON Schema: the output is JSON of a given shape.

mod effort;
mod references;

use domain::config::JsonSchemaScorer;
use domain::fault::Fault;
use jsonschema::{Draft, PatternOptions, ValidationError, Validator};
use serde_json::Value;

use self::effort::Effort;
use super::document::json;
use super::{Unscorable, Verdict};
use crate::text::{quote, shorten};

/// The most bytes that a compiled `pattern` may take.
const LARGEST_PATTERN: usize = 10 << 20;

/// How many faults of an output a comment tells.
const FAULTS_TOLD: usize = 3;

/// A schema ready to judge.
pub(super) struct JsonSchema {
    validator: Validator,
    /// The schema itself, when its references make the effort depend on the value.
    with_references: Option<Value>,
}

impl JsonSchema {
    pub(super) fn compile(config: &JsonSchemaScorer) -> Result<Self, Fault> {
        let schema: Value = config.schema.clone().into_iter().collect();
        let effort = Effort::of(&schema);
        effort.check().map_err(|message| {
            Fault::new("/schema", format!("not a usable JSON Schema: {message}"))
        })?;
        let has_references = effort.has_references();
        let mut options = jsonschema::options()
            .offline()
            // The other engine backtracks: an output could keep it busy for very long.
            .with_pattern_options(PatternOptions::regex().size_limit(LARGEST_PATTERN));
        if !config.schema.contains_key("$schema") {
            options = options.with_draft(Draft::Draft202012);
        }
        match options.build(&schema) {
            Ok(validator) => Ok(Self {
                validator,
                with_references: has_references.then_some(schema),
            }),
            Err(error) => Err(Fault::new(
                "/schema",
                format!("not a usable JSON Schema: {}", describe(&error)),
            )),
        }
    }

    pub(super) fn score(&self, answer: &Value) -> Result<Verdict, Unscorable> {
        let value = match json(answer) {
            Ok(value) => value,
            Err(reason) => return Ok(Verdict::from_reason(Some(reason))),
        };
        match &self.with_references {
            Some(schema) if !Effort::of(schema).is_bearable(&value) => Err(Unscorable(
                "the references of the schema make it look at this output too many times"
                    .to_owned(),
            )),
            _ => Ok(Verdict::from_reason(self.faults(&value))),
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
            let verdict = compile(schema.clone()).unwrap().score(&answer).unwrap();
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
                .unwrap()
                .comment
                .is_some()
        );
        let draft7 = json!({
            "$schema": "http://json-schema.org/draft-07/schema#",
            "prefixItems": [{"type": "integer"}],
            "items": [{"type": "string"}],
        });
        assert_eq!(
            compile(draft7)
                .unwrap()
                .score(&json!(["x"]))
                .unwrap()
                .comment,
            None
        );
    }

    #[test]
    fn references_inside_the_schema_are_followed() {
        let tree = json!({
            "$ref": "#/$defs/tree",
            "$defs": {"tree": {"type": "array", "items": {"$ref": "#/$defs/tree"}}},
        });
        let schema = compile(tree).unwrap();
        assert_eq!(schema.score(&json!([[[]], []])).unwrap().comment, None);
        assert!(schema.score(&json!([[[1]]])).unwrap().comment.is_some());
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
                schema.score(&json!({"a": 1})).unwrap();
            }
        }
    }

    /// A chain of definitions, each of which refers twice to the next.
    fn doubled(length: usize, step: impl Fn(Value) -> Value) -> Value {
        let definitions = (0..length).map(|i| {
            let next = json!({"$ref": format!("#/$defs/d{}", i + 1)});
            (format!("d{i}"), step(json!({"allOf": [next, next]})))
        });
        let mut definitions: serde_json::Map<_, _> = definitions.collect();
        definitions.insert(format!("d{length}"), json!({"type": "string"}));
        json!({"$ref": "#/$defs/d0", "$defs": definitions})
    }

    #[test]
    fn references_that_double_the_work_at_every_step_are_refused() {
        let in_place = doubled(40, |next| next);
        let mut chain = serde_json::Map::new();
        for i in 0..50_000 {
            chain.insert(
                format!("d{i}"),
                json!({"$ref": format!("#/$defs/d{}", i + 1)}),
            );
        }
        chain.insert("d50000".to_owned(), json!(true));
        let chain = json!({"$ref": "#/$defs/d0", "$defs": chain});
        let by_anchor = json!({"$defs": {
            "a": {"$anchor": "a", "anyOf": [{"$ref": "#b"}, {"$ref": "x#b"}]},
            "b": {"$anchor": "b", "not": {"$dynamicRef": "#a"}},
            "x": {"$id": "https://example.com/x", "$defs": {}},
        }});
        for schema in [in_place, chain, by_anchor, json!({"not": {"$ref": "#"}})] {
            let fault = compile(schema).err().unwrap();
            assert_eq!(fault.pointer, "/schema");
        }
    }

    #[test]
    fn an_output_that_would_be_looked_at_too_many_times_is_an_error() {
        let deeper = |next| json!({"properties": {"a": next}, "items": next});
        let bounded = compile(doubled(60, deeper)).unwrap();
        let endless = json!({"$id": "https://example.com/t", "items": {"allOf": [{"$ref": "t"}, {"$ref": "#"}]}});
        let endless = compile(endless).unwrap();
        let nested = |depth| (0..depth).fold(json!(1), |inner, _| json!([inner]));
        for schema in [bounded, endless] {
            assert!(schema.score(&nested(5)).is_ok());
            assert!(schema.score(&nested(100)).is_err());
        }
    }

    #[test]
    fn a_schema_of_any_json_is_no_burden() {
        let any = compile(json!({"$ref": "#/$defs/any", "$defs": {"any": {"anyOf": [
            {"type": ["null", "boolean", "number", "string"]},
            {"type": "array", "items": {"$ref": "#/$defs/any"}},
            {"type": "object", "additionalProperties": {"$ref": "#/$defs/any"}},
        ]}}}));
        let any = any.unwrap();
        let list: Value = (0..2000).map(|n| json!({"n": [n, {"m": null}]})).collect();
        assert_eq!(any.score(&list).unwrap().comment, None);
        let deep = (0..100).fold(json!(1), |inner, _| json!([{"a": inner}]));
        assert_eq!(any.score(&deep).unwrap().comment, None);
    }

    #[test]
    fn a_comment_names_the_place_and_stays_short() {
        let schema =
            compile(json!({"properties": {"a": {"maxLength": 3}}, "required": ["b"]})).unwrap();
        let verdict = schema.score(&json!({"a": "x".repeat(100_000)})).unwrap();
        assert_eq!(
            verdict.comment.as_deref(),
            Some("\"b\" is a required property; at `/a`: value is longer than 3 characters")
        );
    }
}
