//! Exact match: the output equals the reference.

use domain::config::ExactMatchScorer;
use domain::item::DatasetItem;
use serde_json::{Number, Value};

use super::reference::reference;
use super::{Unscorable, Verdict};
use crate::text::{as_text, fold, quote};

pub(super) fn score(
    config: &ExactMatchScorer,
    item: &DatasetItem,
    answer: &Value,
) -> Result<Verdict, Unscorable> {
    let reference = reference(item, config.expected_field.as_deref(), &["exact", "value"])?;
    let equal = match (answer, reference) {
        (Value::String(_), _) | (_, Value::String(_)) => texts_equal(
            as_text(answer).trim(),
            as_text(reference).trim(),
            config.case_sensitive,
        ),
        _ => values_equal(answer, reference, config.case_sensitive),
    };
    Ok(Verdict::from_reason((!equal).then(|| {
        format!(
            "expected {}, got {}",
            quote(as_text(reference).trim()),
            quote(as_text(answer).trim())
        )
    })))
}

fn texts_equal(one: &str, other: &str, case_sensitive: bool) -> bool {
    one == other || (!case_sensitive && fold(one) == fold(other))
}

/// Equality of JSON values; `1` equals `1.0`.
pub(super) fn values_equal(one: &Value, other: &Value, case_sensitive: bool) -> bool {
    let equal = |one: &Value, other: &Value| values_equal(one, other, case_sensitive);
    match (one, other) {
        (Value::String(one), Value::String(other)) => texts_equal(one, other, case_sensitive),
        (Value::Number(one), Value::Number(other)) => numbers_equal(one, other),
        (Value::Array(one), Value::Array(other)) => {
            one.len() == other.len() && one.iter().zip(other).all(|(one, other)| equal(one, other))
        }
        (Value::Object(one), Value::Object(other)) => {
            one.len() == other.len()
                && one
                    .iter()
                    .all(|(key, value)| other.get(key).is_some_and(|other| equal(value, other)))
        }
        _ => one == other,
    }
}

fn numbers_equal(one: &Number, other: &Number) -> bool {
    match (as_integer(one), as_integer(other)) {
        (Some(one), Some(other)) => one == other,
        (None, None) => one.as_f64() == other.as_f64(),
        _ => false,
    }
}

/// The number when it is whole and an `i128` can hold it: exact where a float would round.
pub(super) fn as_integer(number: &Number) -> Option<i128> {
    number.as_i128().or_else(|| {
        let float = number.as_f64()?;
        let is_whole = float.fract() == 0.0 && float.abs() < 1e38;
        is_whole.then_some(float as i128)
    })
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn verdict(config: Value, expected: Value, answer: Value) -> Verdict {
        let config: ExactMatchScorer = serde_json::from_value(config).unwrap();
        let item =
            serde_json::from_value(json!({"id": "1", "input": {}, "expected": expected})).unwrap();
        score(&config, &item, &answer).unwrap()
    }

    #[test]
    fn equal_is_equal_and_nothing_else() {
        for (expected, answer, equal) in [
            (json!("4"), json!("4"), true),
            (json!("4"), json!(" 4\n"), true),
            (json!(" 4 "), json!("4"), true),
            (json!(""), json!("  "), true),
            (json!("a b"), json!("a  b"), false),
            (json!("Paris"), json!("paris"), false),
            (json!(4), json!("4"), true),
            (json!(4), json!(" 4 "), true),
            (json!(4), json!("4.0"), false),
            (json!("4"), json!(4), true),
            (json!(true), json!("true"), true),
            (json!(["a"]), json!("[\"a\"]"), true),
            (json!({"value": null}), json!("null"), true),
            (json!(1), json!(1.0), true),
            (json!(1), json!(1.5), false),
            (json!(0), json!(-0.0), true),
            (json!(0.1), json!(0.1), true),
            (
                json!(9_007_199_254_740_993_i64),
                json!(9_007_199_254_740_992_i64),
                false,
            ),
            (
                json!(9_007_199_254_740_993_i64),
                json!(9_007_199_254_740_992.0),
                false,
            ),
            (json!(u64::MAX), json!(u64::MAX), true),
            (json!(u64::MAX), json!(-1), false),
            (json!(1e300), json!(1e300), true),
            (json!([1, {"a": 2}]), json!([1.0, {"a": 2.0}]), true),
            (json!([1, 2]), json!([2, 1]), false),
            (json!([1, 2]), json!([1]), false),
            (
                json!({"value": {"a": 1, "b": 2}}),
                json!({"b": 2, "a": 1}),
                true,
            ),
            (json!({"value": {"a": 1}}), json!({"a": 1, "b": 2}), false),
            (json!(["a"]), json!([" a"]), false),
            (json!({"value": null}), json!(null), true),
            (json!({"value": null}), json!(false), false),
            (json!(1), json!(true), false),
        ] {
            let verdict = verdict(json!({}), expected.clone(), answer.clone());
            assert_eq!(verdict.value.as_f64() == 1.0, equal, "{expected} {answer}");
            assert_eq!(verdict.comment.is_none(), equal);
        }
    }

    #[test]
    fn letter_case_can_be_ignored() {
        let config = || json!({"case_sensitive": false});
        for (expected, answer) in [
            (json!("Paris"), json!("PARIS")),
            (json!("ÄÖ"), json!("äö")),
            (json!(true), json!("True")),
            (json!(["A"]), json!(["a"])),
        ] {
            assert_eq!(verdict(config(), expected, answer).comment, None);
        }
        assert!(
            verdict(config(), json!({"value": {"A": 1}}), json!({"a": 1}))
                .comment
                .is_some()
        );
    }

    #[test]
    fn a_comment_shows_both_sides_in_short() {
        let verdict = verdict(json!({}), json!(5), json!("é".repeat(1000)));
        let comment = verdict.comment.unwrap();
        assert_eq!(comment, format!("expected `5`, got `{}…`", "é".repeat(80)));
    }
}
