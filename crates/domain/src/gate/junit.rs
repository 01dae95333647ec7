//! The verdict of a gate as JUnit XML, which every CI system shows as tests.

use std::fmt::Write;

use crate::gate::Verdict;

/// One test suite in which each rule is a test. The text is complete, and the same for the same verdict.
pub fn junit(run: &str, verdict: &Verdict) -> String {
    let tests = verdict.rules.len();
    let failures = verdict.rules.iter().filter(|rule| !rule.passed).count();
    let name = escaped(run);
    let mut xml = String::from("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n");
    let counts = format!("tests=\"{tests}\" failures=\"{failures}\" errors=\"0\"");
    line(&mut xml, format_args!("<testsuites {counts}>"));
    line(
        &mut xml,
        format_args!("  <testsuite name=\"{name}\" {counts} skipped=\"0\">"),
    );
    for rule in &verdict.rules {
        let test = escaped(&rule.rule);
        let message = escaped(&rule.message);
        line(
            &mut xml,
            format_args!("    <testcase classname=\"{name}\" name=\"{test}\">"),
        );
        match rule.passed {
            true => line(
                &mut xml,
                format_args!("      <system-out>{message}</system-out>"),
            ),
            false => {
                line(
                    &mut xml,
                    format_args!("      <failure type=\"gate\" message=\"{message}\"/>"),
                );
            }
        }
        line(&mut xml, format_args!("    </testcase>"));
    }
    xml.push_str("  </testsuite>\n</testsuites>\n");
    xml
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
