//! BLEU of a sentence, as sacreBLEU computes it: tokenizer 13a, exponential smoothing, effective order.

use std::sync::LazyLock;

use domain::config::BleuScorer;
use domain::item::DatasetItem;
use regex::Regex;
use serde_json::Value;

use super::references::{cased, counted, in_common, texts};
use super::words::{is_space, words};
use super::{Unscorable, Verdict};
use crate::text::as_text;

/// The longest n-gram.
const ORDERS: usize = 4;

pub(super) fn score(
    config: &BleuScorer,
    item: &DatasetItem,
    answer: &Value,
) -> Result<Verdict, Unscorable> {
    let tokenized = |text| tokenized(&cased(text, config.case_sensitive));
    let references: Vec<String> = texts(item, config.expected_field.as_deref())?
        .into_iter()
        .map(tokenized)
        .collect();
    let references: Vec<Vec<&str>> = references
        .iter()
        .map(|text| words(text).collect())
        .collect();
    let answer = tokenized(as_text(answer));
    let answer: Vec<&str> = words(&answer).collect();
    Ok(bleu(&answer, &references))
}

fn bleu(answer: &[&str], references: &[Vec<&str>]) -> Verdict {
    let length = closest_length(answer.len(), references);
    let brevity = match answer.len() {
        0 => 0.0,
        own if own < length => (1.0 - length as f64 / own as f64).exp(),
        _ => 1.0,
    };
    let counts = (1..=ORDERS)
        .map(|order| matches(answer, references, order))
        .take_while(|(_, all)| *all > 0);
    let counts: Vec<(usize, usize)> = counts.collect();
    if counts.iter().all(|(matching, _)| *matching == 0) {
        let comment = "nothing in common with the reference".to_owned();
        return Verdict::number(0.0, comment);
    }
    let mut smoothing = 1.0;
    let mut logarithms = 0.0;
    for (matching, all) in &counts {
        let matching = match matching {
            0 => {
                smoothing *= 2.0;
                1.0 / smoothing
            }
            matching => *matching as f64,
        };
        logarithms += (matching / *all as f64).ln();
    }
    let mean = (logarithms / counts.len() as f64).exp();
    let shown: Vec<String> = counts
        .iter()
        .map(|(matching, all)| format!("{matching}/{all}"))
        .collect();
    let comment = format!(
        "n-grams in common: {}; brevity penalty {brevity:.3}",
        shown.join(", ")
    );
    // Rounding may lead above 1.
    Verdict::number((brevity * mean).min(1.0), comment)
}

/// How many n-grams of the answer a reference has too, each as often as the reference with most of it, and how many there are.
fn matches(answer: &[&str], references: &[Vec<&str>], order: usize) -> (usize, usize) {
    let own = counted(answer.windows(order));
    let mut theirs = counted([].into_iter());
    for reference in references {
        for (gram, count) in counted(reference.windows(order)) {
            let most = theirs.entry(gram).or_insert(0);
            *most = count.max(*most);
        }
    }
    (in_common(&own, &theirs), own.values().sum())
}

/// The length of the reference that is closest in length, the shorter of two.
fn closest_length(own: usize, references: &[Vec<&str>]) -> usize {
    let lengths = references.iter().map(Vec::len);
    lengths
        .min_by_key(|length| (length.abs_diff(own), *length))
        .unwrap_or_default()
}

/// The tokens of mteval-v13a, parted by spaces.
fn tokenized(text: &str) -> String {
    static STEPS: LazyLock<[(Regex, &str); 4]> = LazyLock::new(|| {
        [
            (r"([{-~\[-` -&(-+:-@/])", " $1 "),
            // A full stop or comma stays at a number that it is in.
            (r"([^0-9])([.,])", "$1 $2 "),
            (r"([.,])([^0-9])", " $1 $2"),
            (r"([0-9])(-)", "$1 $2 "),
        ]
        .map(|(pattern, replacement)| {
            let regex = Regex::new(pattern).expect("a pattern that is written here compiles");
            (regex, replacement)
        })
    });
    let text = text
        .trim_end_matches(is_space)
        .replace("<skipped>", "")
        .replace("-\n", "")
        .replace('\n', " ")
        .replace("&quot;", "\"")
        .replace("&amp;", "&")
        .replace("&lt;", "<")
        .replace("&gt;", ">");
    STEPS
        .iter()
        .fold(format!(" {text} "), |text, (regex, replacement)| {
            regex.replace_all(&text, *replacement).into_owned()
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn punctuation_is_parted_from_words_but_not_from_numbers() {
        for (text, tokens) in [
            ("It's 1,234.5, isn't it?", "It's 1,234.5 , isn't it ?"),
            ("a-b 3-4 &amp; &lt;x&gt;", "a-b 3 - 4 & < x >"),
            ("end-\nless", "endless"),
            ("(a) \u{a0} [b]", "( a ) [ b ]"),
        ] {
            let found = tokenized(text);
            let found: Vec<&str> = words(&found).collect();
            assert_eq!(found.join(" "), tokens);
        }
    }
}
