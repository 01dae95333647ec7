//! Regex: the output matches a regular expression.

use std::borrow::Cow;

use domain::config::RegexScorer;
use domain::fault::Fault;
use domain::item::DatasetItem;
use regex::RegexBuilder;
use serde_json::Value;

use super::reference::reference;
use super::{Unscorable, Verdict};
use crate::text::{as_text, quote, shorten};

/// The most bytes that a compiled expression may take.
const LARGEST_PROGRAM: usize = 10 << 20;

/// The longest expression, in bytes.
const LONGEST_PATTERN: usize = 10_000;

/// One expression for every item, or the name of the field in which each item has its own.
pub(super) enum Regex {
    Shared(regex::Regex),
    OfItem { field: Option<String> },
}

impl Regex {
    pub(super) fn compile(config: &RegexScorer) -> Result<Self, Fault> {
        match &config.pattern {
            Some(pattern) => compile(pattern)
                .map(Self::Shared)
                .map_err(|message| Fault::new("/pattern", message)),
            None => Ok(Self::OfItem {
                field: config.expected_field.clone(),
            }),
        }
    }

    pub(super) fn score(&self, item: &DatasetItem, answer: &Value) -> Result<Verdict, Unscorable> {
        let regex = match self {
            Self::Shared(regex) => Cow::Borrowed(regex),
            Self::OfItem { field } => Cow::Owned(of_item(item, field.as_deref())?),
        };
        let output = as_text(answer);
        let reason = (!regex.is_match(&output)).then(|| {
            format!(
                "{} does not match {}",
                quote(&output),
                quote(regex.as_str())
            )
        });
        Ok(Verdict::from_reason(reason))
    }
}

fn of_item(item: &DatasetItem, field: Option<&str>) -> Result<regex::Regex, Unscorable> {
    let reference = reference(item, field, &["regex", "pattern"])?;
    let Value::String(pattern) = reference else {
        let found = quote(&as_text(reference));
        return Err(Unscorable(format!(
            "the reference {found} is not a text with an expression"
        )));
    };
    compile(pattern)
        .map_err(|message| Unscorable(format!("the reference {}: {message}", quote(pattern))))
}

pub(super) fn compile(pattern: &str) -> Result<regex::Regex, String> {
    if pattern.is_empty() {
        return Err("an empty expression matches every output".to_owned());
    }
    if pattern.len() > LONGEST_PATTERN {
        return Err(format!("an expression has at most {LONGEST_PATTERN} bytes"));
    }
    RegexBuilder::new(pattern)
        .size_limit(LARGEST_PROGRAM)
        .build()
        .map_err(|error| match error {
            regex::Error::CompiledTooBig(_) => {
                "the expression is too large once compiled: make its repetitions smaller".to_owned()
            }
            error => format!("not a regular expression: {}", reason(&error)),
        })
}

/// The last line of the parser's report; those before draw an arrow below the expression.
fn reason(error: &regex::Error) -> String {
    let report = error.to_string();
    let last = report.lines().last().unwrap_or_default();
    shorten(last.strip_prefix("error: ").unwrap_or(last), 300).into_owned()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn verdict(config: Value, expected: Value, answer: Value) -> Result<Verdict, Unscorable> {
        let config: RegexScorer = serde_json::from_value(config).unwrap();
        let item =
            serde_json::from_value(json!({"id": "1", "input": {}, "expected": expected})).unwrap();
        Regex::compile(&config).unwrap().score(&item, &answer)
    }

    #[test]
    fn an_output_matches_or_it_does_not() {
        for (config, expected, answer, matches) in [
            (
                json!({"pattern": "\\d+"}),
                json!(null),
                json!("it is 42"),
                true,
            ),
            (
                json!({"pattern": "^\\d+$"}),
                json!(null),
                json!("it is 42"),
                false,
            ),
            (
                json!({"pattern": "(?i)PARIS"}),
                json!(null),
                json!("paris"),
                true,
            ),
            (json!({"pattern": "a"}), json!("b"), json!("a"), true),
            (
                json!({"pattern": "^\\{\"a\":1\\}$"}),
                json!(null),
                json!({"a": 1}),
                true,
            ),
            (json!({"pattern": "^42$"}), json!(null), json!(42), true),
            (json!({}), json!("^a+$"), json!("aaa"), true),
            (
                json!({}),
                json!({"regex": "a", "pattern": "b"}),
                json!("a"),
                true,
            ),
            (json!({}), json!({"pattern": "b"}), json!("a"), false),
            (
                json!({"expected_field": "x"}),
                json!({"x": "q", "regex": "a"}),
                json!("a"),
                false,
            ),
            (
                json!({"pattern": "^42$"}),
                json!(null),
                json!("42\n"),
                false,
            ),
            (
                json!({"pattern": "^\\w{1,100}$"}),
                json!(null),
                json!("word"),
                true,
            ),
        ] {
            let verdict = verdict(config.clone(), expected, answer.clone()).unwrap();
            assert_eq!(verdict.comment.is_none(), matches, "{config} {answer}");
        }
    }

    #[test]
    fn a_reference_that_is_no_expression_is_an_error() {
        for expected in [
            json!("(a"),
            json!(""),
            json!(4),
            json!("(\\w{1000}){1000}"),
            json!("a".repeat(10_001)),
        ] {
            assert!(
                verdict(json!({}), expected.clone(), json!("a")).is_err(),
                "{expected}"
            );
        }
    }

    #[test]
    fn a_fault_says_what_is_wrong_in_one_line() {
        let config = serde_json::from_value(json!({"pattern": "a(b"})).unwrap();
        let fault = Regex::compile(&config).err().unwrap();
        assert_eq!(
            fault.to_string(),
            "/pattern: not a regular expression: unclosed group"
        );
    }

    #[test]
    fn a_comment_shows_output_and_expression() {
        let verdict = verdict(json!({"pattern": "^a$"}), json!(null), json!("b")).unwrap();
        assert_eq!(verdict.comment.as_deref(), Some("`b` does not match `^a$`"));
    }
}
