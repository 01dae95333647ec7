//! Every kind of scorer, on answers and references of every kind.

use std::time::{Duration, Instant};

use domain::output::{Answer, TokenUsage};
use domain::score::ScoreValue;
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

/// An output of which everything is known.
fn output(value: &Value) -> Output {
    let answer = Answer {
        latency_ms: Some(12.5),
        usage: TokenUsage::counted(Some(10), Some(5)),
        ..Answer::of(value.clone())
    };
    Output {
        cost: Some(domain::money::Money::ZERO),
        ..Output::answered("1".to_owned(), 1, answer)
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
        json!({"type": "levenshtein"}),
        json!({"type": "levenshtein", "unit": "words", "case_sensitive": false}),
        json!({"type": "fuzzy", "pass_threshold": 0.5}),
        json!({"type": "bleu"}),
        json!({"type": "chrf", "case_sensitive": false}),
        json!({"type": "rouge", "variant": "rouge1", "measure": "precision"}),
        json!({"type": "rouge", "variant": "rouge2", "measure": "recall"}),
        json!({"type": "rouge"}),
        json!({"type": "token_f1", "expected_field": "a"}),
        json!({"type": "json_diff"}),
        json!({"type": "json_diff", "unordered": true, "ignored_keys": ["b"], "weights": {"/a/*": 3}}),
        json!({"type": "json_diff", "required_paths": ["/a"]}),
        json!({"type": "json_path", "assertions": [
            {"path": "$..a", "equals": 1}, {"path": "$[*]", "matches": "a", "at_least": 0},
        ]}),
        json!({"type": "latency"}),
        json!({"type": "token_usage", "max_tokens": 14}),
        json!({"type": "cost"}),
        json!({"type": "composite", "scorers": [
            {"scorer": {"type": "levenshtein"}},
            {"weight": 0.1, "scorer": {"type": "exact_match"}},
        ]}),
    ]
    .into_iter()
    .map(scorer)
    .collect()
}

#[test]
fn a_score_bears_the_scorers_name_and_version() {
    let score = scorer(json!({"type": "exact_match", "name": "same"}))
        .score(&item(Some(json!("5"))), &output(&json!("6")))
        .unwrap();
    assert_eq!(
        serde_json::to_value(&score).unwrap(),
        json!({"name": "same", "value": false, "eval_id": "exact_match.v1", "comment": "expected `5`, got `6`"})
    );
}

#[test]
fn a_missing_reference_is_an_error_and_not_a_score() {
    for kind in [
        "exact_match",
        "contains",
        "regex",
        "numeric",
        "levenshtein",
        "fuzzy",
        "bleu",
        "chrf",
        "rouge",
        "token_f1",
    ] {
        let scorer = scorer(json!({"type": kind}));
        let error = scorer.score(&item(None), &output(&json!("5"))).unwrap_err();
        assert_eq!(error.message, "the item has no `expected`", "{kind}");
        assert_eq!(error.name, kind);
        let error = scorer
            .score(&item(Some(json!({"other": 5}))), &output(&json!("5")))
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
    .map(|part| output(&Value::from(part.repeat(20_000 / part.len()))));
    let started = Instant::now();
    for scorer in one_of_each_kind() {
        for output in &outputs {
            for expected in [
                json!("5"),
                json!("a+$"),
                output.answer.clone().unwrap().value,
            ] {
                let _ = scorer.score(&item(Some(expected)), output);
            }
        }
    }
    // Hundreds of scores; anything quadratic would take far longer.
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
        let (item, output) = (item(Some(expected)), output(&answer));
        for scorer in one_of_each_kind() {
            if let Ok(score) = scorer.score(&item, &output) {
                prop_assert!(score.value.as_f64().is_finite());
                prop_assert!(score.value == ScoreValue::Boolean(true) || score.comment.is_some());
                prop_assert!(score.comment.is_none_or(|comment| comment.chars().count() < 1000));
            }
        }
    }
}
