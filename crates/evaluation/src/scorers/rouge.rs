//! ROUGE: words, pairs of words or the longest subsequence in common, as rouge-score computes it without stemming.

use domain::config::{RougeMeasure, RougeScorer, RougeVariant};
use domain::item::DatasetItem;
use serde_json::Value;

use super::edits::common_length;
use super::references::{counted, f1, in_common, texts};
use super::words::lower;
use super::{Unscorable, Verdict};
use crate::text::as_text;

pub(super) fn score(
    config: &RougeScorer,
    item: &DatasetItem,
    answer: &Value,
) -> Result<Verdict, Unscorable> {
    let answer = lower(&as_text(answer));
    let answer = tokens(&answer);
    let mut best: Option<(f64, f64, f64)> = None;
    for reference in texts(item, config.expected_field.as_deref())? {
        let reference = lower(&reference);
        let reference = tokens(&reference);
        let (common, own, theirs) = match config.variant {
            RougeVariant::Rouge1 => grams_in_common(&answer, &reference, 1),
            RougeVariant::Rouge2 => grams_in_common(&answer, &reference, 2),
            RougeVariant::RougeL => {
                let common = common_length(&answer, &reference)?;
                (common, answer.len(), reference.len())
            }
        };
        let precision = common as f64 / own.max(1) as f64;
        let recall = common as f64 / theirs.max(1) as f64;
        let f1 = f1(precision, recall);
        if best.is_none_or(|(.., best)| f1 > best) {
            best = Some((precision, recall, f1));
        }
    }
    let (precision, recall, f1) = best.expect("there is at least one reference");
    let value = match config.measure {
        RougeMeasure::Precision => precision,
        RougeMeasure::Recall => recall,
        RougeMeasure::F1 => f1,
    };
    let comment = format!("precision {precision:.3}, recall {recall:.3}, F1 {f1:.3}");
    Ok(Verdict::number(value, comment))
}

/// How many n-grams both have, and how many each.
fn grams_in_common(answer: &[&str], reference: &[&str], order: usize) -> (usize, usize, usize) {
    let (own, theirs) = (
        counted(answer.windows(order)),
        counted(reference.windows(order)),
    );
    let common = in_common(&own, &theirs);
    (common, own.values().sum(), theirs.values().sum())
}

fn tokens(lower_case: &str) -> Vec<&str> {
    lower_case
        .split(|c: char| !c.is_ascii_lowercase() && !c.is_ascii_digit())
        .filter(|token| !token.is_empty())
        .collect()
}
