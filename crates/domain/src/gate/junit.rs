//! The verdicts of a gate as JUnit XML, which every CI system shows as tests.

use std::fmt::Write;

use crate::gate::{RuleOutcome, Verdict};

/// A test suite for each run, in which each rule is a test. The same verdicts always make the same text.
pub fn junit(verdicts: &[(String, Verdict)]) -> String {
    let rules = || verdicts.iter().flat_map(|(_, verdict)| &verdict.rules);
    let mut xml = String::from("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n");
    line(&mut xml, format_args!("<testsuites {}>", counts(rules())));
    for (run, verdict) in verdicts {
        suite(&mut xml, &escaped(run), verdict);
    }
    line(&mut xml, format_args!("</testsuites>"));
    xml
}

fn suite(xml: &mut String, name: &str, verdict: &Verdict) {
    let counts = counts(verdict.rules.iter());
    line(
        xml,
        format_args!("  <testsuite name=\"{name}\" {counts} skipped=\"0\">"),
    );
    for rule in &verdict.rules {
        let (test, message) = (escaped(&rule.rule), escaped(&rule.message));
        line(
            xml,
            format_args!("    <testcase classname=\"{name}\" name=\"{test}\">"),
        );
        match rule.passed {
            true => line(
                xml,
                format_args!("      <system-out>{message}</system-out>"),
            ),
            false => line(
                xml,
                format_args!("      <failure type=\"gate\" message=\"{message}\"/>"),
            ),
        }
        line(xml, format_args!("    </testcase>"));
    }
    line(xml, format_args!("  </testsuite>"));
}

fn counts<'a>(rules: impl Iterator<Item = &'a RuleOutcome>) -> String {
    let (mut tests, mut failures) = (0, 0);
    for rule in rules {
        tests += 1;
        failures += u32::from(!rule.passed);
    }
    format!("tests=\"{tests}\" failures=\"{failures}\" errors=\"0\"")
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
