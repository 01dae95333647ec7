//! Levenshtein: how few edits make the output the reference.

use std::hash::Hash;

use domain::config::{EditUnit, LevenshteinScorer};
use domain::item::DatasetItem;
use serde_json::Value;

use super::edits::distance;
use super::references::{cased, one_text};
use super::words::words;
use super::{Unscorable, Verdict};
use crate::text::as_text;

pub(super) fn score(
    config: &LevenshteinScorer,
    item: &DatasetItem,
    answer: &Value,
) -> Result<Verdict, Unscorable> {
    let reference = one_text(item, config.expected_field.as_deref())?;
    let reference = cased(reference, config.case_sensitive);
    let answer = cased(as_text(answer), config.case_sensitive);
    match config.unit {
        EditUnit::Characters => {
            let sides: [Vec<char>; 2] = [&answer, &reference].map(|text| text.chars().collect());
            similarity(&sides, "characters")
        }
        EditUnit::Words => {
            let sides: [Vec<&str>; 2] = [&answer, &reference].map(|text| words(text).collect());
            similarity(&sides, "words")
        }
    }
}

fn similarity<T: Eq + Hash>([one, other]: &[Vec<T>; 2], unit: &str) -> Result<Verdict, Unscorable> {
    let edits = distance(one, other)?;
    let longer = one.len().max(other.len());
    let share = match longer {
        0 => 0.0,
        longer => edits as f64 / longer as f64,
    };
    let comment = format!("{edits} edits in {longer} {unit}");
    Ok(Verdict::number(1.0 - share, comment))
}
