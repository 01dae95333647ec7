//! The F1 of SQuAD: words in common after its normalisation.

use std::sync::LazyLock;

use domain::config::TokenF1Scorer;
use domain::item::DatasetItem;
use regex::{Captures, Regex};
use serde_json::Value;

use super::references::{counted, f1, in_common, texts};
use super::words::{lower, words};
use super::{Unscorable, Verdict};
use crate::text::as_text;

pub(super) fn score(
    config: &TokenF1Scorer,
    item: &DatasetItem,
    answer: &Value,
) -> Result<Verdict, Unscorable> {
    let answer = normalised(&as_text(answer));
    let answer: Vec<&str> = words(&answer).collect();
    let mut best: Option<(f64, String)> = None;
    for reference in texts(item, config.expected_field.as_deref())? {
        let reference = normalised(&reference);
        let reference: Vec<&str> = words(&reference).collect();
        let (value, comment) = compared(&answer, &reference);
        if best.as_ref().is_none_or(|(best, _)| value > *best) {
            best = Some((value, comment));
        }
    }
    let (value, comment) = best.expect("there is at least one reference");
    Ok(Verdict::number(value, comment))
}

fn compared(answer: &[&str], reference: &[&str]) -> (f64, String) {
    if answer.is_empty() || reference.is_empty() {
        let both = answer.is_empty() && reference.is_empty();
        let who = match (both, answer.is_empty()) {
            (true, _) => "both sides have",
            (false, true) => "the output has",
            (false, false) => "the reference has",
        };
        return (f64::from(u8::from(both)), format!("{who} no words"));
    }
    let common = in_common(
        &counted(answer.iter().copied()),
        &counted(reference.iter().copied()),
    );
    let precision = common as f64 / answer.len() as f64;
    let recall = common as f64 / reference.len() as f64;
    let comment = format!("precision {precision:.3}, recall {recall:.3}");
    (f1(precision, recall), comment)
}

/// Lower case, without ASCII punctuation and articles.
fn normalised(text: &str) -> String {
    // A word of Python's `\b`: letters, digits and the underline, but no combining marks.
    static WORD: LazyLock<Regex> = LazyLock::new(|| {
        Regex::new(r"[\p{L}\p{N}_]+").expect("a pattern that is written here compiles")
    });
    let text = lower(text).replace(|c: char| c.is_ascii_punctuation(), "");
    let without_articles = WORD.replace_all(&text, |word: &Captures| match &word[0] {
        "a" | "an" | "the" => " ".to_owned(),
        word => word.to_owned(),
    });
    without_articles.into_owned()
}
