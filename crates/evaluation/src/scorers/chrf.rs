//! chrF2: n-grams of characters in common, as sacreBLEU computes it.

use std::collections::HashMap;

use domain::config::ChrfScorer;
use domain::item::DatasetItem;
use serde_json::Value;

use super::references::{cased, counted, in_common, texts};
use super::words::is_space;
use super::{Unscorable, Verdict};
use crate::text::as_text;

/// The longest n-gram, in characters.
const ORDERS: usize = 6;

/// How much more recall counts than precision, squared.
const FACTOR: f64 = 4.0;

/// Of each order, how often each n-gram is there.
type Grams<'a> = Vec<HashMap<&'a [char], usize>>;

pub(super) fn score(
    config: &ChrfScorer,
    item: &DatasetItem,
    answer: &Value,
) -> Result<Verdict, Unscorable> {
    let characters = |text| -> Vec<char> {
        let text = cased(text, config.case_sensitive);
        text.chars().filter(|c| !is_space(*c)).collect()
    };
    let answer = characters(as_text(answer));
    let answer = grams(&answer);
    let mut best: Option<Likeness> = None;
    for reference in texts(item, config.expected_field.as_deref())? {
        let likeness = Likeness::of(&answer, &grams(&characters(reference)));
        if best.as_ref().is_none_or(|best| likeness.f > best.f) {
            best = Some(likeness);
        }
    }
    let best = best.expect("there is at least one reference");
    let comment = format!("precision {:.3}, recall {:.3}", best.precision, best.recall);
    Ok(Verdict::number(best.f, comment))
}

fn grams(characters: &[char]) -> Grams<'_> {
    (1..=ORDERS)
        .map(|order| counted(characters.windows(order)))
        .collect()
}

struct Likeness {
    precision: f64,
    recall: f64,
    f: f64,
}

impl Likeness {
    /// Means over the orders of which both sides have n-grams.
    fn of(answer: &Grams, reference: &Grams) -> Self {
        let (mut precision, mut recall, mut orders) = (0.0, 0.0, 0.0);
        for (own, theirs) in answer.iter().zip(reference) {
            if own.is_empty() || theirs.is_empty() {
                continue;
            }
            let matching = in_common(own, theirs) as f64;
            precision += matching / own.values().sum::<usize>() as f64;
            recall += matching / theirs.values().sum::<usize>() as f64;
            orders += 1.0;
        }
        if orders > 0.0 {
            precision /= orders;
            recall /= orders;
        }
        let f = match precision + recall > 0.0 {
            true => (1.0 + FACTOR) * precision * recall / (FACTOR * precision + recall),
            false => 0.0,
        };
        Self {
            precision,
            recall,
            f: f.min(1.0),
        }
    }
}
