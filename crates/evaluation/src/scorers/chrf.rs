//! chrF2: n-grams of characters in common, as sacreBLEU computes it.

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
    let references: Vec<Vec<char>> = texts(item, config.expected_field.as_deref())?
        .into_iter()
        .map(characters)
        .collect();
    let best = likenesses(&answer, &references)
        .into_iter()
        .reduce(|best, other| if other.f() > best.f() { other } else { best })
        .unwrap_or_default();
    let comment = format!("precision {:.3}, recall {:.3}", best.precision, best.recall);
    // Rounding may lead above 1.
    Ok(Verdict::number(best.f().min(1.0), comment))
}

/// How like each reference the answer is: means over the orders of which both sides have n-grams.
///
/// One order after the other, for the n-grams of a long text take many times its memory.
fn likenesses(answer: &[char], references: &[Vec<char>]) -> Vec<Likeness> {
    let mut likenesses = vec![Likeness::default(); references.len()];
    for order in 1..=ORDERS {
        let own = counted(answer.windows(order));
        for (likeness, reference) in likenesses.iter_mut().zip(references) {
            let theirs = counted(reference.windows(order));
            if own.is_empty() || theirs.is_empty() {
                continue;
            }
            let matching = in_common(&own, &theirs) as f64;
            likeness.precision += matching / own.values().sum::<usize>() as f64;
            likeness.recall += matching / theirs.values().sum::<usize>() as f64;
            likeness.orders += 1.0;
        }
    }
    for likeness in likenesses
        .iter_mut()
        .filter(|likeness| likeness.orders > 0.0)
    {
        likeness.precision /= likeness.orders;
        likeness.recall /= likeness.orders;
    }
    likenesses
}

#[derive(Clone, Default)]
struct Likeness {
    precision: f64,
    recall: f64,
    orders: f64,
}

impl Likeness {
    fn f(&self) -> f64 {
        let (precision, recall) = (self.precision, self.recall);
        match precision + recall > 0.0 {
            true => (1.0 + FACTOR) * precision * recall / (FACTOR * precision + recall),
            false => 0.0,
        }
    }
}
