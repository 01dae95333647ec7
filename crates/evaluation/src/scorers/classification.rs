//! Classification: the label that an output names is the one expected.

use domain::config::ClassificationScorer;
use domain::fault::Fault;
use domain::item::DatasetItem;
use domain::score::ScoreValue;
use domain::statistics::classification::{EXPECTED_LABEL, PREDICTED_LABEL};
use regex::{Captures, Regex, RegexBuilder};
use serde_json::Value;

use super::reference::reference;
use super::regex::compile;
use super::{Unscorable, Verdict};
use crate::text::{as_text, quote, quote_all};

/// A classification ready to score.
pub(super) struct Classification {
    labels: Vec<String>,
    case_sensitive: bool,
    expected_field: Option<String>,
    finder: Finder,
}

/// How the label of an output is found.
enum Finder {
    /// By the last match of an expression of the user's.
    Pattern(Regex),
    /// By the labels themselves, the longest first.
    Labels(Regex),
}

impl Classification {
    pub(super) fn compile(config: &ClassificationScorer) -> Result<Self, Fault> {
        let mut labels: Vec<String> = Vec::new();
        for (place, label) in config.labels.iter().enumerate() {
            let pointer = || format!("/labels/{place}");
            if label.trim().is_empty() || label.trim() != label {
                let message = "a label is text without white space around it";
                return Err(Fault::new(pointer(), message));
            }
            if labels
                .iter()
                .any(|known| equal(known, label, config.case_sensitive))
            {
                return Err(Fault::new(
                    pointer(),
                    format!("{} is there twice", quote(label)),
                ));
            }
            labels.push(label.clone());
        }
        let finder = match &config.pattern {
            Some(pattern) => {
                Finder::Pattern(compile(pattern).map_err(|fault| Fault::new("/pattern", fault))?)
            }
            None => Finder::Labels(any_of(&labels, config.case_sensitive)?),
        };
        Ok(Self {
            labels,
            case_sensitive: config.case_sensitive,
            expected_field: config.expected_field.clone(),
            finder,
        })
    }

    pub(super) fn score(&self, item: &DatasetItem, answer: &Value) -> Result<Verdict, Unscorable> {
        let field = self.expected_field.as_deref();
        let expected = as_text(reference(item, field, &["label", "value"])?);
        let expected = self.label(&expected).ok_or_else(|| {
            let labels = quote_all(self.labels.iter().map(String::as_str));
            Unscorable(format!(
                "the reference {} is none of {labels}",
                quote(&expected)
            ))
        })?;
        let output = as_text(answer);
        let predicted = self.predicted(&output);
        let comment = match &predicted {
            Ok(predicted) if *predicted == expected => None,
            Ok(predicted) => Some(format!("{} for {}", quote(predicted), quote(expected))),
            Err(reason) => Some(reason.clone()),
        };
        let mut verdict = Verdict::of(ScoreValue::Boolean(comment.is_none()));
        verdict.comment = comment;
        let mut tell = |key: &str, label: &str| {
            verdict.metadata.insert(key.to_owned(), label.into());
        };
        tell(EXPECTED_LABEL, expected);
        if let Ok(predicted) = predicted {
            tell(PREDICTED_LABEL, predicted);
        }
        Ok(verdict)
    }

    /// The label of an output, or why it has none.
    fn predicted(&self, output: &str) -> Result<&str, String> {
        match &self.finder {
            Finder::Pattern(pattern) => {
                let found = pattern.captures_iter(output).last();
                let found = found.as_ref().map(named);
                found
                    .and_then(|found| self.label(found))
                    .ok_or_else(|| match found {
                        Some(found) => format!("{} is no label", quote(found)),
                        None => format!("{} has no match of the expression", quote(output)),
                    })
            }
            Finder::Labels(labels) => {
                let mut named: Vec<&str> = labels
                    .find_iter(output)
                    .filter(|found| stands_alone(output, found.start(), found.end()))
                    .filter_map(|found| self.label(found.as_str()))
                    .collect();
                named.sort_unstable();
                named.dedup();
                match named.as_slice() {
                    [label] => Ok(label),
                    [] => Err(format!("{} names no label", quote(output))),
                    several => Err(format!(
                        "the output names {}",
                        quote_all(several.iter().copied())
                    )),
                }
            }
        }
    }

    /// The label that is written so, as the configuration writes it.
    fn label(&self, text: &str) -> Option<&str> {
        let text = text.trim();
        let mut labels = self.labels.iter();
        let found = labels.find(|label| equal(label, text, self.case_sensitive));
        found.map(String::as_str)
    }
}

fn equal(one: &str, other: &str, case_sensitive: bool) -> bool {
    match case_sensitive {
        true => one == other,
        false => one.to_lowercase() == other.to_lowercase(),
    }
}

/// Matches any of the labels. One that holds another goes before it.
fn any_of(labels: &[String], case_sensitive: bool) -> Result<Regex, Fault> {
    let mut sorted: Vec<&String> = labels.iter().collect();
    sorted.sort_by_key(|label| std::cmp::Reverse(label.len()));
    let escaped: Vec<String> = sorted.iter().map(|label| regex::escape(label)).collect();
    RegexBuilder::new(&escaped.join("|"))
        .case_insensitive(!case_sensitive)
        .build()
        .map_err(|_| Fault::new("/labels", "together they are too long"))
}

/// Whether no letter or digit touches it on either side.
fn stands_alone(text: &str, start: usize, end: usize) -> bool {
    let before = text[..start].chars().next_back();
    let after = text[end..].chars().next();
    let touches = |neighbour: Option<char>| neighbour.is_some_and(char::is_alphanumeric);
    !touches(before) && !touches(after)
}

fn named<'a>(found: &Captures<'a>) -> &'a str {
    let group = found.name("label").or_else(|| found.get(1));
    group
        .or_else(|| found.get(0))
        .map_or("", |group| group.as_str())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn compiled(config: Value) -> Result<Classification, Fault> {
        Classification::compile(&serde_json::from_value(config).unwrap())
    }

    fn predicted(config: Value, output: &str) -> Option<String> {
        let item = json!({"id": "1", "input": {}, "expected": "positive"});
        let item = serde_json::from_value(item).unwrap();
        let verdict = compiled(config)
            .unwrap()
            .score(&item, &json!(output))
            .unwrap();
        let label = verdict.metadata.get(PREDICTED_LABEL)?.as_str()?.to_owned();
        assert_eq!(verdict.value, ScoreValue::Boolean(label == "positive"));
        Some(label)
    }

    #[test]
    fn a_label_is_the_only_one_that_stands_in_the_output_as_a_word() {
        let labels = json!({"labels": ["positive", "negative", "not positive"]});
        for (output, label) in [
            ("Positive.", Some("positive")),
            ("It is **negative**", Some("negative")),
            ("not positive", Some("not positive")),
            ("positive, or negative?", None),
            ("positive; yes, POSITIVE", Some("positive")),
            ("unpositively", None),
            ("", None),
        ] {
            assert_eq!(
                predicted(labels.clone(), output).as_deref(),
                label,
                "{output}"
            );
        }
        let strict = json!({"labels": ["positive", "Positive"], "case_sensitive": true});
        assert_eq!(predicted(strict, "Positive").as_deref(), Some("Positive"));
    }

    #[test]
    fn an_expression_finds_the_label_by_its_last_match() {
        let config =
            |pattern: &str| json!({"labels": ["positive", "negative"], "pattern": pattern});
        let output = "first I thought: negative\nanswer: positive";
        for (pattern, label) in [
            (r"(?:thought|answer): (\w+)", Some("positive")),
            (r"(\w+): (?P<label>\w+)", Some("positive")),
            (r"negative", Some("negative")),
            (r"answer: (\w{3})", None),
            (r"verdict: (\w+)", None),
        ] {
            assert_eq!(
                predicted(config(pattern), output).as_deref(),
                label,
                "{pattern}"
            );
        }
    }

    #[test]
    fn a_reference_that_is_no_label_is_an_error() {
        let item = json!({"id": "1", "input": {}, "expected": {"label": "neutral"}});
        let item = serde_json::from_value(item).unwrap();
        let scorer = compiled(json!({"labels": ["a", "b"]})).unwrap();
        let error = scorer.score(&item, &json!("a")).unwrap_err();
        assert_eq!(error.0, "the reference `neutral` is none of `a`, `b`");
    }

    #[test]
    fn labels_and_expressions_at_fault_are_named() {
        for (config, pointer) in [
            (json!({"labels": ["a", "A"]}), "/labels/1"),
            (json!({"labels": ["a", " b"]}), "/labels/1"),
            (json!({"labels": ["a", "b"], "pattern": "("}), "/pattern"),
        ] {
            assert_eq!(compiled(config).err().unwrap().pointer, pointer);
        }
    }
}
