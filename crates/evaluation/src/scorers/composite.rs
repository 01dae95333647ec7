//! Composite: the weighted mean of other scorers.

use std::collections::HashSet;

use domain::config::{CompositeScorer, ScorerConfig};
use domain::fault::Fault;
use domain::item::DatasetItem;
use domain::output::Output;
use domain::score::ScoreValue;
use serde_json::{Value, json};

use super::{Scorer, Unscorable, Verdict};

/// The most that a part weighs.
const LARGEST_WEIGHT: f64 = 1e9;

/// Scorers and their weights.
pub(super) struct Composite {
    parts: Vec<(f64, Scorer)>,
}

impl Composite {
    pub(super) fn compile(config: &CompositeScorer) -> Result<Self, Fault> {
        if config.scorers.is_empty() {
            return Err(Fault::new("/scorers", "a composite has at least one part"));
        }
        let mut names = HashSet::new();
        let mut parts = Vec::with_capacity(config.scorers.len());
        for (index, part) in config.scorers.iter().enumerate() {
            let pointer = format!("/scorers/{index}");
            if !(part.weight > 0.0 && part.weight <= LARGEST_WEIGHT) {
                let message = format!("a weight is more than 0 and at most {LARGEST_WEIGHT}");
                return Err(Fault::new(format!("{pointer}/weight"), message));
            }
            let pointer = format!("{pointer}/scorer");
            if let Some(message) = why_no_part(&part.scorer) {
                return Err(Fault::new(pointer, message));
            }
            if !names.insert(part.scorer.name()) {
                let message = format!(
                    "another part is named `{}` too; give one of them a `name`",
                    part.scorer.name()
                );
                return Err(Fault::new(pointer, message));
            }
            let scorer = Scorer::compile(&part.scorer).map_err(|fault| fault.under(&pointer))?;
            parts.push((part.weight, scorer));
        }
        Ok(Self { parts })
    }

    pub(super) fn score(&self, item: &DatasetItem, output: &Output) -> Result<Verdict, Unscorable> {
        let (mut sum, mut weights) = (0.0, 0.0);
        let mut shown = Vec::with_capacity(self.parts.len());
        let mut parts = Vec::with_capacity(self.parts.len());
        for (weight, scorer) in &self.parts {
            let score = scorer
                .score(item, output)
                .map_err(|error| Unscorable(format!("`{}`: {}", error.name, error.message)))?;
            let value = score.value.as_f64();
            sum += weight * value;
            weights += weight;
            shown.push(format!("{} {value:.3}", score.name));
            let mut part = json!({"weight": weight});
            if let (Value::Object(part), Ok(Value::Object(score))) =
                (&mut part, serde_json::to_value(score))
            {
                part.extend(score);
            }
            parts.push(part);
        }
        let mut verdict = Verdict::of(ScoreValue::Number((sum / weights).clamp(0.0, 1.0)));
        verdict.comment = Some(shown.join(", "));
        verdict.metadata.insert("parts".to_owned(), parts.into());
        Ok(verdict)
    }
}

fn why_no_part(scorer: &ScorerConfig) -> Option<&'static str> {
    match scorer {
        ScorerConfig::Composite(_) => {
            Some("a composite is no part of another: put its parts in its place")
        }
        scorer if scorer.asks() => Some("a scorer that asks others is no part of a composite"),
        scorer if !scorer.is_share() => {
            Some("a measure without a bound is no number between 0 and 1: give it a maximum")
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use domain::output::Answer;

    use super::*;

    fn compile(parts: Value) -> Result<Scorer, String> {
        let config = json!({"type": "composite", "scorers": parts, "pass_threshold": 0.7});
        Scorer::compile(&serde_json::from_value(config).unwrap()).map_err(|fault| fault.pointer)
    }

    #[test]
    fn the_score_is_the_weighted_mean_of_the_parts() {
        let scorer = compile(json!([
            {"weight": 3, "scorer": {"type": "contains", "values": ["a", "b"], "require_all": false}},
            {"scorer": {"type": "regex", "pattern": "a"}},
        ]));
        let item = serde_json::from_value(json!({"id": "1", "input": {}})).unwrap();
        let output = Output::answered("1".to_owned(), 1, Answer::of(json!("a c")));
        let score = scorer.unwrap().score(&item, &output).unwrap();
        assert_eq!(score.value, ScoreValue::Number(0.625));
        assert_eq!(
            score.comment.as_deref(),
            Some("contains 0.500, regex 1.000")
        );
        assert_eq!(score.metadata["passed"], json!(false));
        assert_eq!(
            score.metadata["parts"],
            json!([
                {"weight": 3.0, "name": "contains", "value": 0.5, "eval_id": "contains.v1",
                 "comment": "contains 1 of 2, but not `b`"},
                {"weight": 1.0, "name": "regex", "value": true, "eval_id": "regex.v1"},
            ])
        );
    }

    #[test]
    fn a_part_that_cannot_score_makes_the_whole_an_error() {
        let scorer = compile(json!([{"scorer": {"type": "exact_match"}}])).ok();
        let item = serde_json::from_value(json!({"id": "1", "input": {}})).unwrap();
        let output = Output::answered("1".to_owned(), 1, Answer::of(json!("a")));
        let error = scorer.unwrap().score(&item, &output).unwrap_err();
        assert_eq!(error.message, "`exact_match`: the item has no `expected`");
        assert_eq!(error.name, "composite");
    }

    #[test]
    fn parts_that_cannot_be_added_up_are_faults() {
        let part = |scorer: Value| json!({"scorer": scorer});
        for (parts, pointer) in [
            (json!([]), "/scorers"),
            (
                json!([{"weight": 0, "scorer": {"type": "bleu"}}]),
                "/scorers/0/weight",
            ),
            (
                json!([{"weight": 1e300, "scorer": {"type": "bleu"}}]),
                "/scorers/0/weight",
            ),
            (
                json!([part(json!({"type": "latency"}))]),
                "/scorers/0/scorer",
            ),
            (
                json!([part(json!({"type": "composite", "scorers": []}))]),
                "/scorers/0/scorer",
            ),
            (
                json!([part(json!({"type": "bleu"})), part(json!({"type": "bleu"}))]),
                "/scorers/1/scorer",
            ),
            (
                json!([part(json!({"type": "regex", "pattern": "("}))]),
                "/scorers/0/scorer/pattern",
            ),
            (
                json!([part(json!({"type": "bleu", "pass_threshold": 2}))]),
                "/scorers/0/scorer/pass_threshold",
            ),
        ] {
            assert_eq!(
                compile(parts.clone()).err().as_deref(),
                Some(pointer),
                "{parts}"
            );
        }
    }
}
