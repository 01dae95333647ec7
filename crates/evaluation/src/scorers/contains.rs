//! Contains: the output contains given texts.

use std::borrow::Cow;

use domain::config::ContainsScorer;
use domain::fault::Fault;
use domain::item::DatasetItem;
use serde_json::Value;

use super::reference::reference;
use super::{Unscorable, Verdict};
use crate::text::{as_text, fold, quote, quote_all};

pub(super) fn checked(config: &ContainsScorer) -> Result<ContainsScorer, Fault> {
    match config.values.iter().position(String::is_empty) {
        None => Ok(config.clone()),
        Some(index) => Err(Fault::new(
            format!("/values/{index}"),
            "every output contains the empty text; give a text to look for",
        )),
    }
}

pub(super) fn score(
    config: &ContainsScorer,
    item: &DatasetItem,
    answer: &Value,
) -> Result<Verdict, Unscorable> {
    let texts = texts(config, item)?;
    let output = as_text(answer);
    let missing = missing(&output, &texts, config.case_sensitive);
    if config.require_all {
        let reason = (!missing.is_empty()).then(|| format!("does not contain {}", list(&missing)));
        return Ok(Verdict::from_reason(reason));
    }
    let found = texts.len() - missing.len();
    let comment = match missing.is_empty() {
        true => format!("contains all {found}"),
        false => format!(
            "contains {found} of {}, but not {}",
            texts.len(),
            list(&missing)
        ),
    };
    Ok(Verdict::number(found as f64 / texts.len() as f64, comment))
}

/// What to look for: never nothing, and never an empty text, which every output contains.
fn texts<'a>(
    config: &'a ContainsScorer,
    item: &'a DatasetItem,
) -> Result<Vec<Cow<'a, str>>, Unscorable> {
    if !config.values.is_empty() {
        return Ok(config
            .values
            .iter()
            .map(|value| Cow::Borrowed(value.as_str()))
            .collect());
    }
    let reference = reference(
        item,
        config.expected_field.as_deref(),
        &["contains", "value"],
    )?;
    let texts = match reference {
        Value::Array(values) => values.iter().map(text).collect::<Result<Vec<_>, _>>()?,
        value => vec![text(value)?],
    };
    match texts.is_empty() {
        true => Err(Unscorable(
            "the reference is an empty list: there is nothing to look for".to_owned(),
        )),
        false => Ok(texts),
    }
}

fn text(value: &Value) -> Result<Cow<'_, str>, Unscorable> {
    match value {
        Value::String(text) if text.is_empty() => Err(Unscorable(
            "the reference is an empty text, which every output contains".to_owned(),
        )),
        Value::String(_) | Value::Number(_) | Value::Bool(_) => Ok(as_text(value)),
        Value::Null | Value::Array(_) | Value::Object(_) => Err(Unscorable(format!(
            "the reference {} is neither a text nor a list of texts",
            quote(&as_text(value))
        ))),
    }
}

fn missing<'a>(output: &str, texts: &'a [Cow<'a, str>], case_sensitive: bool) -> Vec<&'a str> {
    let folded = match case_sensitive {
        true => Cow::Borrowed(output),
        false => Cow::Owned(fold(output)),
    };
    texts
        .iter()
        .map(AsRef::as_ref)
        .filter(|text| match case_sensitive {
            true => !folded.contains(*text),
            false => !folded.contains(&fold(text)),
        })
        .collect()
}

fn list(texts: &[&str]) -> String {
    quote_all(texts.iter().copied())
}

#[cfg(test)]
mod tests {
    use domain::score::ScoreValue;
    use serde_json::json;

    use super::*;

    fn verdict(config: Value, expected: Value, answer: Value) -> Result<Verdict, Unscorable> {
        let config: ContainsScorer = serde_json::from_value(config).unwrap();
        let item =
            serde_json::from_value(json!({"id": "1", "input": {}, "expected": expected})).unwrap();
        score(&config, &item, &answer)
    }

    #[test]
    fn an_output_contains_all_or_it_does_not() {
        for (config, expected, answer, contains) in [
            (json!({}), json!("paris"), json!("It is PARIS."), true),
            (
                json!({"case_sensitive": true}),
                json!("paris"),
                json!("It is PARIS."),
                false,
            ),
            (json!({}), json!(["a", "b"]), json!("b a"), true),
            (json!({}), json!(["a", "c"]), json!("b a"), false),
            (
                json!({}),
                json!({"contains": "a", "value": "z"}),
                json!("a"),
                true,
            ),
            (json!({}), json!({"value": ["a"]}), json!("a"), true),
            (
                json!({"expected_field": "x"}),
                json!({"x": "q", "value": "a"}),
                json!("a"),
                false,
            ),
            (json!({"values": ["a"]}), json!(null), json!("a"), true),
            (json!({"values": ["a"]}), json!("b"), json!("a"), true),
            (json!({}), json!(42), json!("it is 42"), true),
            (json!({}), json!("\"a\":1"), json!({"a": 1}), true),
            (json!({}), json!("x"), json!(""), false),
            (json!({}), json!("ÜBER"), json!("über"), true),
        ] {
            let verdict = verdict(config, expected.clone(), answer.clone()).unwrap();
            assert_eq!(
                verdict.value,
                ScoreValue::Boolean(contains),
                "{expected} {answer}"
            );
            assert_eq!(verdict.comment.is_none(), contains);
        }
    }

    #[test]
    fn the_share_found_is_the_score_unless_all_are_required() {
        let config = || json!({"require_all": false});
        for (expected, share, comment) in [
            (
                json!(["a", "x", "y"]),
                1.0 / 3.0,
                "contains 1 of 3, but not `x`, `y`",
            ),
            (json!(["a", "b"]), 1.0, "contains all 2"),
            (json!("x"), 0.0, "contains 0 of 1, but not `x`"),
        ] {
            let verdict = verdict(config(), expected, json!("a b c")).unwrap();
            assert_eq!(verdict.value, ScoreValue::Number(share));
            assert_eq!(verdict.comment.as_deref(), Some(comment));
        }
    }

    #[test]
    fn what_every_output_would_contain_is_no_reference() {
        for expected in [
            json!([]),
            json!(""),
            json!(["a", ""]),
            json!({"value": null}),
            json!([["a"]]),
        ] {
            assert!(
                verdict(json!({}), expected.clone(), json!("a")).is_err(),
                "{expected}"
            );
        }
        let config = serde_json::from_value(json!({"values": ["a", ""]})).unwrap();
        assert_eq!(checked(&config).unwrap_err().pointer, "/values/1");
    }
}
