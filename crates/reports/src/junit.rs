//! Runs as JUnit XML, which every CI system shows as tests: items, and the rules of gates.
//!
//! A file is written piece by piece, so that it may be of any size: `opening`, then tests, then `CLOSING`.

use std::fmt::Write;

use domain::gate::{RuleOutcome, Verdict};
use domain::result::{ItemResult, ItemState};
use domain::score::{Score, ScoreValue};

use crate::text::{excerpt, plain};

/// Characters of an answer that are shown with a failure.
const LONGEST_TEXT: usize = 2_000;

/// What follows the last test of a file of one suite.
pub const CLOSING: &str = "  </testsuite>\n</testsuites>\n";

/// How many tests there are, and what became of them.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    pub tests: u64,
    pub failures: u64,
    pub errors: u64,
    pub skipped: u64,
}

impl Counts {
    pub fn count_item(&mut self, result: &ItemResult) {
        self.tests += 1;
        match result.state {
            ItemState::Ok => self.failures += u64::from(failed(result).next().is_some()),
            ItemState::GenerationFailed | ItemState::ScorerFailed => self.errors += 1,
            ItemState::Skipped => self.skipped += 1,
        }
    }

    pub fn count_rules(&mut self, verdict: &Verdict) {
        self.tests += verdict.rules.len() as u64;
        let failed = verdict.rules.iter().filter(|rule| !rule.passed);
        self.failures += failed.count() as u64;
    }

    fn attributes(&self) -> String {
        let Self {
            tests,
            failures,
            errors,
            ..
        } = self;
        format!("tests=\"{tests}\" failures=\"{failures}\" errors=\"{errors}\"")
    }
}

/// A test suite for each run, in which each rule is a test. The same verdicts always make the same text.
pub fn verdicts(verdicts: &[(String, Verdict)]) -> String {
    let mut all = Counts::default();
    verdicts
        .iter()
        .for_each(|(_, verdict)| all.count_rules(verdict));
    let mut xml = head(&all);
    for (run, verdict) in verdicts {
        let mut counts = Counts::default();
        counts.count_rules(verdict);
        xml += &suite(run, &counts);
        xml += &rules(run, verdict);
        xml += "  </testsuite>\n";
    }
    xml + "</testsuites>\n"
}

/// The beginning of a file of one suite, with all that will be in it counted.
pub fn opening(run: &str, counts: &Counts) -> String {
    head(counts) + &suite(run, counts)
}

/// The rules of a run as tests.
pub fn rules(run: &str, verdict: &Verdict) -> String {
    let mut xml = String::new();
    for RuleOutcome {
        rule,
        passed,
        message,
        ..
    } in &verdict.rules
    {
        begin(&mut xml, run, rule, None);
        match passed {
            true => said(&mut xml, message),
            false => problem(&mut xml, "failure", "gate", message, ""),
        }
        xml += "    </testcase>\n";
    }
    xml
}

/// An item as a test, each sample by itself. It fails when a score is false or below its scorer's `pass_threshold`; it is an error when there
/// is no answer, or not every score.
pub fn item(run: &str, result: &ItemResult) -> String {
    let mut xml = String::new();
    let output = result.output.as_ref();
    let answer = output.and_then(|output| output.answer.as_ref());
    let seconds = answer
        .and_then(|answer| answer.latency_ms)
        .map(|ms| ms / 1000.0);
    begin(&mut xml, run, &result.label(), seconds);
    match result.state {
        ItemState::Ok => {
            let failed: Vec<String> = failed(result).map(told).collect();
            match failed.is_empty() {
                true => said(&mut xml, &scores(result)),
                false => problem(
                    &mut xml,
                    "failure",
                    "score",
                    &failed.join("; "),
                    &detail(result),
                ),
            }
        }
        ItemState::GenerationFailed => {
            let error = output.and_then(|output| output.error.as_ref());
            let message = error.map_or("no answer".to_owned(), ToString::to_string);
            problem(&mut xml, "error", "generation_failed", &message, "");
        }
        ItemState::ScorerFailed => {
            let errors = result.scorer_errors.iter();
            let errors: Vec<String> = errors
                .map(|e| format!("{}: {}", e.name, e.message))
                .collect();
            problem(
                &mut xml,
                "error",
                "scorer_failed",
                &errors.join("; "),
                &detail(result),
            );
        }
        ItemState::Skipped => {
            xml += "      <skipped message=\"never asked: the run ended before\"/>\n"
        }
    }
    xml + "    </testcase>\n"
}

/// The scores by which an item fails.
fn failed(result: &ItemResult) -> impl Iterator<Item = &Score> {
    let scores = result.scores.iter();
    scores.filter(|score| score.passed() == Some(false))
}

fn told(score: &Score) -> String {
    let value = match score.value {
        ScoreValue::Boolean(value) => value.to_string(),
        ScoreValue::Number(value) => value.to_string(),
    };
    match &score.comment {
        Some(comment) => format!("{} is {value}: {comment}", score.name),
        None => format!("{} is {value}", score.name),
    }
}

fn scores(result: &ItemResult) -> String {
    let scores: Vec<String> = result.scores.iter().map(told).collect();
    scores.join("; ")
}

/// What was expected and what was answered.
fn detail(result: &ItemResult) -> String {
    let mut detail = String::new();
    if let Some(expected) = &result.item.expected {
        detail += &format!("expected: {}\n", excerpt(&plain(expected), LONGEST_TEXT));
    }
    let output = result.output.as_ref();
    if let Some(answer) = output.and_then(|output| output.answer.as_ref()) {
        detail += &format!("answer: {}", excerpt(&plain(&answer.value), LONGEST_TEXT));
    }
    detail
}

fn head(counts: &Counts) -> String {
    let counts = counts.attributes();
    format!("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuites {counts}>\n")
}

fn suite(run: &str, counts: &Counts) -> String {
    let (name, skipped) = (escaped(run), counts.skipped);
    let counts = counts.attributes();
    format!("  <testsuite name=\"{name}\" {counts} skipped=\"{skipped}\">\n")
}

fn begin(xml: &mut String, run: &str, name: &str, seconds: Option<f64>) {
    let (run, name) = (escaped(run), escaped(name));
    let time = seconds.map_or(String::new(), |seconds| format!(" time=\"{seconds:.3}\""));
    line(
        xml,
        format_args!("    <testcase classname=\"{run}\" name=\"{name}\"{time}>"),
    );
}

fn said(xml: &mut String, message: &str) {
    let message = escaped(message);
    line(
        xml,
        format_args!("      <system-out>{message}</system-out>"),
    );
}

fn problem(xml: &mut String, element: &str, kind: &str, message: &str, detail: &str) {
    let message = escaped(&excerpt(message, LONGEST_TEXT));
    let start = format!("      <{element} type=\"{kind}\" message=\"{message}\"");
    match detail.is_empty() {
        true => line(xml, format_args!("{start}/>")),
        false => line(xml, format_args!("{start}>{}</{element}>", escaped(detail))),
    }
}

fn line(xml: &mut String, text: std::fmt::Arguments) {
    writeln!(xml, "{text}").expect("a string takes whatever is written");
}

/// A text within XML, in an attribute too. What XML 1.0 has no way to write is replaced.
fn escaped(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for character in text.chars() {
        match character {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' => escaped.push_str("&quot;"),
            '\'' => escaped.push_str("&apos;"),
            '\t' => escaped.push_str("&#9;"),
            '\n' => escaped.push_str("&#10;"),
            '\r' => escaped.push_str("&#13;"),
            '\u{0}'..='\u{1f}' | '\u{fffe}' | '\u{ffff}' => escaped.push('\u{fffd}'),
            other => escaped.push(other),
        }
    }
    escaped
}

#[cfg(test)]
mod tests {
    use domain::gate::{Judged, judge};
    use serde_json::{Value, json};

    use super::*;

    #[test]
    fn rules_that_are_not_kept_are_failures_and_what_is_not_xml_is_escaped() {
        let rules =
            ["failure_rate <= 50%", "mean(<&\"\u{1}>) >= 0.5"].map(|rule| rule.parse().unwrap());
        let mut judged = Judged::default();
        judged.states.ok = 3;
        let verdict = judge(&judged, &[], &rules);
        let expected = r#"<?xml version="1.0" encoding="UTF-8"?>
<testsuites tests="2" failures="1" errors="0">
  <testsuite name="a &amp; b" tests="2" failures="1" errors="0" skipped="0">
    <testcase classname="a &amp; b" name="failure_rate &lt;= 0.5">
      <system-out>passed: the share of items that are not fully scored is 0.000000, and must be &lt;= 0.5</system-out>
    </testcase>
    <testcase classname="a &amp; b" name="mean(&lt;&amp;&quot;�&gt;) &gt;= 0.5">
      <failure type="gate" message="failed: there is no score of `&lt;&amp;&quot;�&gt;`"/>
    </testcase>
  </testsuite>
</testsuites>
"#;
        assert_eq!(verdicts(&[("a & b".to_owned(), verdict)]), expected);
    }

    #[test]
    fn an_item_is_a_test_that_passes_fails_errs_or_is_skipped() {
        let result = |state: &str, scores: Value| -> ItemResult {
            let answer = json!({"value": "</failure>\u{0}\u{1b}[31m", "latency_ms": 1500.0});
            serde_json::from_value(json!({
                "item": {"id": "1", "input": {}, "expected": "<b>"},
                "state": state,
                "output": {"item_id": "1", "attempts": 1, "answer": answer},
                "scores": scores,
            }))
            .unwrap()
        };
        let score = |value: Value, metadata: Value| json!({"name": "s", "value": value, "eval_id": "s.v1", "metadata": metadata});
        let results = [
            result(
                "ok",
                json!([score(json!(true), json!({})), score(json!(0.1), json!({}))]),
            ),
            result("ok", json!([score(json!(false), json!({}))])),
            result("ok", json!([score(json!(0.1), json!({"passed": false}))])),
            result("generation_failed", json!([])),
            result("scorer_failed", json!([])),
            result("skipped", json!([])),
        ];
        let mut counts = Counts::default();
        results.iter().for_each(|result| counts.count_item(result));
        let expected = Counts {
            tests: 6,
            failures: 2,
            errors: 2,
            skipped: 1,
        };
        assert_eq!(counts, expected);
        let text = item("r", &results[1]);
        assert_eq!(
            text,
            "    <testcase classname=\"r\" name=\"1\" time=\"1.500\">\n      \
             <failure type=\"score\" message=\"s is false\">expected: &lt;b&gt;&#10;answer: \
             &lt;/failure&gt;\u{fffd}\u{fffd}[31m</failure>\n    </testcase>\n"
        );
        assert!(item("r", &results[0]).contains("<system-out>s is true; s is 0.1<"));
        assert!(item("r", &results[3]).contains("<error type=\"generation_failed\""));
        assert!(item("r", &results[4]).contains("<error type=\"scorer_failed\""));
        assert!(item("r", &results[5]).contains("<skipped "));
    }
}
