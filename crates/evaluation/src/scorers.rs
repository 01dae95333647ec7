//! Scorers: compiled once, then each judges the output of every item.
//!
//! What each kind promises is said at its configuration, in `domain::config`.

mod contains;
mod exact_match;
mod json_schema;
mod numbers;
mod numeric;
mod reference;
mod regex;

use domain::config::{ContainsScorer, ExactMatchScorer, NumericScorer, ScorerConfig};
use domain::fault::Fault;
use domain::item::DatasetItem;
use domain::score::{Score, ScoreValue, ScorerError};
use serde_json::{Map, Value};

use self::json_schema::JsonSchema;
use self::regex::Regex;

/// A scorer ready to score.
pub struct Scorer {
    name: String,
    eval_id: String,
    kind: Kind,
}

enum Kind {
    ExactMatch(ExactMatchScorer),
    Contains(ContainsScorer),
    Regex(Regex),
    Numeric(NumericScorer),
    JsonSchema(JsonSchema),
}

impl Scorer {
    /// The fault's pointer is relative to the scorer.
    pub fn compile(config: &ScorerConfig) -> Result<Self, Fault> {
        let kind = match config {
            ScorerConfig::ExactMatch(config) => Kind::ExactMatch(config.clone()),
            ScorerConfig::Contains(config) => Kind::Contains(contains::checked(config)?),
            ScorerConfig::Regex(config) => Kind::Regex(Regex::compile(config)?),
            ScorerConfig::Numeric(config) => Kind::Numeric(numeric::checked(config)?),
            ScorerConfig::JsonSchema(config) => Kind::JsonSchema(JsonSchema::compile(config)?),
        };
        Ok(Self {
            name: config.name().to_owned(),
            eval_id: config.eval_id(),
            kind,
        })
    }

    /// The scorer's name in the experiment.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Judges an answer; an item without the reference that the scorer needs is an error.
    pub fn score(&self, item: &DatasetItem, answer: &Value) -> Result<Score, ScorerError> {
        let verdict = match &self.kind {
            Kind::ExactMatch(config) => exact_match::score(config, item, answer),
            Kind::Contains(config) => contains::score(config, item, answer),
            Kind::Regex(regex) => regex.score(item, answer),
            Kind::Numeric(config) => numeric::score(config, item, answer),
            Kind::JsonSchema(schema) => Ok(schema.score(answer)),
        };
        match verdict {
            Ok(verdict) => Ok(Score {
                name: self.name.clone(),
                value: verdict.value,
                eval_id: self.eval_id.clone(),
                comment: verdict.comment,
                metadata: Map::new(),
            }),
            Err(Unscorable(message)) => Err(ScorerError {
                name: self.name.clone(),
                eval_id: self.eval_id.clone(),
                message,
            }),
        }
    }
}

/// What a kind of scorer finds.
#[derive(Debug, PartialEq)]
struct Verdict {
    value: ScoreValue,
    comment: Option<String>,
}

impl Verdict {
    /// True without a word, or false with the reason.
    fn from_reason(reason_against: Option<String>) -> Self {
        Self {
            value: ScoreValue::Boolean(reason_against.is_none()),
            comment: reason_against,
        }
    }
}

/// Why an item cannot be scored.
#[derive(Debug, PartialEq, Eq)]
struct Unscorable(String);

#[cfg(test)]
mod tests {
    use std::time::{Duration, Instant};

    use proptest::prelude::*;
    use serde_json::json;

    use super::*;

    fn scorer(config: Value) -> Scorer {
        Scorer::compile(&serde_json::from_value(config).unwrap()).unwrap()
    }

    fn item(expected: Option<Value>) -> DatasetItem {
        DatasetItem {
            id: "1".to_owned(),
            input: Map::new(),
            expected,
            output: None,
            tags: Vec::new(),
            metadata: Map::new(),
        }
    }

    fn one_of_each_kind() -> Vec<Scorer> {
        [
            json!({"type": "exact_match"}),
            json!({"type": "exact_match", "case_sensitive": false, "expected_field": "a"}),
            json!({"type": "contains"}),
            json!({"type": "contains", "require_all": false, "case_sensitive": true}),
            json!({"type": "contains", "values": ["a", "1"], "require_all": false}),
            json!({"type": "regex"}),
            json!({"type": "regex", "pattern": "^(\\w+\\s?)*$"}),
            json!({"type": "numeric"}),
            json!({"type": "numeric", "extract": "first", "relative_tolerance": 0.1}),
            json!({"type": "numeric", "extract": "whole", "absolute_tolerance": 1e308}),
            json!({"type": "json_schema", "schema": {"type": ["object", "number"], "required": ["a"]}}),
        ]
        .into_iter()
        .map(scorer)
        .collect()
    }

    #[test]
    fn a_score_bears_the_scorers_name_and_version() {
        let score = scorer(json!({"type": "exact_match", "name": "same"}))
            .score(&item(Some(json!("5"))), &json!("6"))
            .unwrap();
        assert_eq!(
            serde_json::to_value(&score).unwrap(),
            json!({"name": "same", "value": false, "eval_id": "exact_match.v1", "comment": "expected `5`, got `6`"})
        );
    }

    #[test]
    fn a_missing_reference_is_an_error_and_not_a_score() {
        for kind in ["exact_match", "contains", "regex", "numeric"] {
            let scorer = scorer(json!({"type": kind}));
            let error = scorer.score(&item(None), &json!("5")).unwrap_err();
            assert_eq!(error.message, "the item has no `expected`", "{kind}");
            assert_eq!(error.name, kind);
            let error = scorer
                .score(&item(Some(json!({"other": 5}))), &json!("5"))
                .unwrap_err();
            assert!(
                error.message.contains("has no key"),
                "{kind}: {}",
                error.message
            );
        }
    }

    #[test]
    fn very_long_outputs_are_scored_in_linear_time() {
        let outputs = [
            "1,234,", "9", "-", "a ", "```\n", "[", "\"\\", "1e", ".5", "−$",
        ]
        .map(|part| Value::from(part.repeat(200_000 / part.len())));
        let started = Instant::now();
        for scorer in one_of_each_kind() {
            for output in &outputs {
                for expected in [json!("5"), json!("a+$"), output.clone()] {
                    let _ = scorer.score(&item(Some(expected)), output);
                }
            }
        }
        // 330 scores; anything quadratic would take far longer.
        assert!(
            started.elapsed() < Duration::from_secs(60),
            "{:?}",
            started.elapsed()
        );
    }

    fn any_json() -> impl Strategy<Value = Value> {
        let leaf = prop_oneof![
            Just(Value::Null),
            any::<bool>().prop_map(Value::from),
            any::<i64>().prop_map(Value::from),
            any::<u64>().prop_map(Value::from),
            any::<f64>().prop_map(Value::from),
            "\\PC{0,20}".prop_map(Value::from),
            "[-−+$€%0-9.,eE a(){}\\[\\]`\"\n]{0,20}".prop_map(Value::from),
        ];
        leaf.prop_recursive(3, 20, 4, |inner| {
            prop_oneof![
                prop::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
                prop::collection::btree_map(
                    prop_oneof!["[a-c]", Just("value".to_owned()), Just("regex".to_owned())],
                    inner,
                    0..4
                )
                .prop_map(|map| map.into_iter().collect::<Map<_, _>>().into()),
            ]
        })
    }

    proptest! {
        #[test]
        fn any_answer_and_reference_give_a_finite_score_or_an_error(answer in any_json(), expected in any_json()) {
            let item = item(Some(expected));
            for scorer in one_of_each_kind() {
                if let Ok(score) = scorer.score(&item, &answer) {
                    prop_assert!(score.value.as_f64().is_finite());
                    prop_assert!(score.value == ScoreValue::Boolean(true) || score.comment.is_some());
                    prop_assert!(score.comment.is_none_or(|comment| comment.chars().count() < 1000));
                }
            }
        }
    }
}
