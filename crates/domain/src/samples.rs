//! The samples of one item taken together: items are independent of each other, and the samples of one are not.

use crate::result::ItemResult;
use crate::score::ScoreValue;
use crate::statistics::sample::sum;

/// The results item by item: samples of one stand side by side.
pub fn by_item(results: &[ItemResult]) -> impl Iterator<Item = &[ItemResult]> {
    results.chunk_by(|one, next| one.item.id == next.item.id)
}

/// The score of an item: of one sample as it is, of several the mean of those that are scored; none when none is.
pub fn score(samples: &[ItemResult], scorer: &str) -> Option<ScoreValue> {
    let mut scores = scored(samples, scorer);
    if let [_] = samples {
        return scores.next();
    }
    let scores: Vec<f64> = scores.map(ScoreValue::as_f64).collect();
    let mean = sum(scores.iter().copied()) / scores.len() as f64;
    ScoreValue::number(mean).ok()
}

/// The scores of the samples that are scored. Of several scores under one name the first counts.
fn scored(samples: &[ItemResult], scorer: &str) -> impl Iterator<Item = ScoreValue> {
    let first = move |result: &ItemResult| {
        let score = result.scores.iter().find(|score| score.name == scorer)?;
        Some(score.value)
    };
    samples.iter().filter_map(first)
}

#[cfg(test)]
pub(crate) mod tests {
    use serde_json::{Value, json};

    use super::*;

    /// The samples of an item with these scores by the scorer `s`; one without was answered and could not be scored.
    pub(crate) fn samples(id: &str, scores: &[Value]) -> Vec<ItemResult> {
        let result = |(sample, score): (usize, &Value)| {
            let score =
                (!score.is_null()).then(|| json!({"name": "s", "value": score, "eval_id": "s.v1"}));
            serde_json::from_value(json!({
                "item": {"id": id, "input": {}}, "sample": sample,
                "state": if score.is_some() { "ok" } else { "scorer_failed" },
                "scores": score.into_iter().collect::<Vec<_>>(),
            }))
            .unwrap()
        };
        scores.iter().enumerate().map(result).collect()
    }

    #[test]
    fn an_item_counts_by_the_mean_of_its_scored_samples() {
        let score = |scores: &[Value]| score(&samples("a", scores), "s");
        let number = |number| Some(ScoreValue::Number(number));
        assert_eq!(score(&[json!(true)]), Some(ScoreValue::Boolean(true)));
        assert_eq!(score(&[json!(true), json!(false)]), number(0.5));
        assert_eq!(
            score(&[json!(0.25), json!(null), json!(0.5)]),
            number(0.375)
        );
        assert_eq!(score(&[json!(null), json!(null)]), None);
        assert_eq!(score(&[json!(null)]), None);
    }

    #[test]
    fn results_come_apart_item_by_item() {
        let mut results = samples("a", &[json!(1), json!(2)]);
        results.extend(samples("b", &[json!(3)]));
        let sizes: Vec<usize> = by_item(&results).map(<[_]>::len).collect();
        assert_eq!(sizes, [2, 1]);
    }
}
