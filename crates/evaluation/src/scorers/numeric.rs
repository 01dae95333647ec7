//! Numeric: the number in the output is close to the reference.

use domain::config::{NumberExtraction, NumericScorer};
use domain::fault::Fault;
use domain::item::DatasetItem;
use serde_json::Value;

use super::numbers::{numbers, whole};
use super::reference::reference;
use super::{Unscorable, Verdict};
use crate::text::{as_text, quote};

pub(super) fn checked(config: &NumericScorer) -> Result<NumericScorer, Fault> {
    for (pointer, tolerance) in [
        ("/absolute_tolerance", config.absolute_tolerance),
        ("/relative_tolerance", config.relative_tolerance),
    ] {
        if !tolerance.is_finite() || tolerance < 0.0 {
            return Err(Fault::new(pointer, "a tolerance is a number of at least 0"));
        }
    }
    Ok(config.clone())
}

pub(super) fn score(
    config: &NumericScorer,
    item: &DatasetItem,
    answer: &Value,
) -> Result<Verdict, Unscorable> {
    let reference = reference_number(reference(
        item,
        config.expected_field.as_deref(),
        &["value"],
    )?)?;
    let Some((number, written)) = number_in(answer, config.extract) else {
        let output = quote(as_text(answer).trim());
        let what = match config.extract {
            NumberExtraction::Whole => "is not a number",
            NumberExtraction::Last | NumberExtraction::First => "holds no number",
        };
        return Ok(Verdict::from_reason(Some(format!(
            "{output} {what}; expected `{reference}`"
        ))));
    };
    let difference = (number - reference).abs();
    let tolerance = config
        .absolute_tolerance
        .max(config.relative_tolerance * reference.abs());
    let is_close = number.is_finite() && difference <= tolerance;
    Ok(Verdict::from_reason((!is_close).then(|| match tolerance {
        0.0 => format!("expected `{reference}`, got {}", quote(&written)),
        tolerance => format!(
            "expected `{reference}` ± {tolerance}, got {}",
            quote(&written)
        ),
    })))
}

fn reference_number(reference: &Value) -> Result<f64, Unscorable> {
    let number = match reference {
        Value::Number(number) => number.as_f64(),
        Value::String(text) => whole(text).map(|found| found.value),
        Value::Null | Value::Bool(_) | Value::Array(_) | Value::Object(_) => None,
    };
    number.filter(|number| number.is_finite()).ok_or_else(|| {
        Unscorable(format!(
            "the reference {} is not a number",
            quote(&as_text(reference))
        ))
    })
}

/// The number that counts, and how it is written.
fn number_in(answer: &Value, extract: NumberExtraction) -> Option<(f64, String)> {
    if let Value::Number(number) = answer {
        return Some((number.as_f64()?, number.to_string()));
    }
    let output = as_text(answer);
    let found = match extract {
        NumberExtraction::Last => numbers(&output).last(),
        NumberExtraction::First => numbers(&output).next(),
        NumberExtraction::Whole => whole(&output),
    }?;
    Some((found.value, found.text.to_owned()))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn verdict(config: Value, expected: Value, answer: Value) -> Result<Verdict, Unscorable> {
        let config: NumericScorer = serde_json::from_value(config).unwrap();
        let item =
            serde_json::from_value(json!({"id": "1", "input": {}, "expected": expected})).unwrap();
        score(&config, &item, &answer)
    }

    #[test]
    fn a_number_is_close_or_it_is_not() {
        for (config, expected, answer, close) in [
            (
                json!({}),
                json!(18),
                json!("She makes 9 * 2 = $18.00."),
                true,
            ),
            (json!({}), json!("18"), json!(18), true),
            (json!({}), json!("1,234"), json!("1234"), true),
            (json!({}), json!({"value": 5}), json!("5"), true),
            (
                json!({"expected_field": "n"}),
                json!({"n": 6, "value": 5}),
                json!("5"),
                false,
            ),
            (json!({}), json!(18), json!("I do not know"), false),
            (json!({}), json!(18), json!("18 of 20"), false),
            (
                json!({"extract": "first"}),
                json!(18),
                json!("18 of 20"),
                true,
            ),
            (
                json!({"extract": "whole"}),
                json!(18),
                json!("18 of 20"),
                false,
            ),
            (json!({"extract": "whole"}), json!(18), json!(" 18 "), true),
            (json!({"extract": "whole"}), json!(18), json!([18]), false),
            (json!({}), json!(18), json!({"answer": 18}), true),
            (json!({}), json!(18), json!(null), false),
            (
                json!({"absolute_tolerance": 0.5}),
                json!(18),
                json!("18.5"),
                true,
            ),
            (
                json!({"absolute_tolerance": 0.5}),
                json!(18),
                json!("18.51"),
                false,
            ),
            (
                json!({"relative_tolerance": 0.1}),
                json!(-100),
                json!("-110"),
                true,
            ),
            (
                json!({"relative_tolerance": 0.1}),
                json!(-100),
                json!("-111"),
                false,
            ),
            (
                json!({"relative_tolerance": 0.1}),
                json!(0),
                json!("0.01"),
                false,
            ),
            (
                json!({"absolute_tolerance": 20, "relative_tolerance": 0.1}),
                json!(100),
                json!("115"),
                true,
            ),
            (
                json!({"relative_tolerance": 1e308}),
                json!(1e308),
                json!("1e999"),
                false,
            ),
            (json!({}), json!(50), json!("50%"), true),
        ] {
            let verdict = verdict(config.clone(), expected.clone(), answer.clone()).unwrap();
            assert_eq!(
                verdict.comment.is_none(),
                close,
                "{config} {expected} {answer}"
            );
        }
    }

    #[test]
    fn a_reference_that_is_no_number_is_an_error() {
        for expected in [
            json!("five"),
            json!(true),
            json!([5]),
            json!({"value": null}),
            json!("1e999"),
            json!("3-4"),
        ] {
            assert!(
                verdict(json!({}), expected.clone(), json!("5")).is_err(),
                "{expected}"
            );
        }
    }

    #[test]
    fn a_comment_says_what_was_expected_and_found() {
        for (config, answer, comment) in [
            (json!({}), json!("it is $6.00"), "expected `5`, got `$6.00`"),
            (
                json!({"absolute_tolerance": 0.5}),
                json!("6"),
                "expected `5` ± 0.5, got `6`",
            ),
            (
                json!({}),
                json!("none"),
                "`none` holds no number; expected `5`",
            ),
            (
                json!({"extract": "whole"}),
                json!("none"),
                "`none` is not a number; expected `5`",
            ),
        ] {
            let verdict = verdict(config, json!(5), answer).unwrap();
            assert_eq!(verdict.comment.as_deref(), Some(comment));
        }
    }

    #[test]
    fn a_negative_tolerance_is_a_fault() {
        let config = serde_json::from_value(json!({"relative_tolerance": -0.1})).unwrap();
        assert_eq!(checked(&config).unwrap_err().pointer, "/relative_tolerance");
    }
}
