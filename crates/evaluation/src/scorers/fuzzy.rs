//! Fuzzy: how alike two texts are when the order of their words counts for nothing.

use domain::config::FuzzyScorer;
use domain::item::DatasetItem;
use serde_json::Value;

use super::edits::common_length;
use super::references::{cased, one_text};
use super::words::words;
use super::{Unscorable, Verdict};
use crate::text::as_text;

pub(super) fn score(
    config: &FuzzyScorer,
    item: &DatasetItem,
    answer: &Value,
) -> Result<Verdict, Unscorable> {
    let reference = one_text(item, config.expected_field.as_deref())?;
    let reference = sorted(&cased(reference, config.case_sensitive));
    let answer = sorted(&cased(as_text(answer), config.case_sensitive));
    let all = answer.len() + reference.len();
    let differing = all - 2 * common_length(&answer, &reference)?;
    let share = match all {
        0 => 0.0,
        all => differing as f64 / all as f64,
    };
    let comment =
        format!("with words sorted, {differing} of the {all} characters of both sides differ");
    Ok(Verdict::number(1.0 - share, comment))
}

/// The words in order of their code points, a space between them.
fn sorted(text: &str) -> Vec<char> {
    let mut words: Vec<&str> = words(text).collect();
    words.sort_unstable();
    words.join(" ").chars().collect()
}
