//! The items with the lowest scores, for each scorer, with what was asked and answered.

use std::sync::Arc;

use domain::result::ItemResult;
use domain::score::ScoreValue;
use serde::Serialize;
use serde_json::Value;

use crate::text::{excerpt, plain};

/// Characters that are kept of each text.
const LONGEST_TEXT: usize = 1_000;

/// The worst items under one scorer.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct WorstItems {
    pub scorer: String,
    /// Lowest score first; of equal scores in the order of the dataset.
    pub items: Vec<WorstItem>,
}

/// An item with its score.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct WorstItem {
    pub value: ScoreValue,
    /// Why the score is what it is.
    pub comment: Option<String>,
    #[serde(flatten)]
    pub shown: Arc<Shown>,
}

/// What is shown of an item, be it under one scorer or several.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Shown {
    /// The item's id, with the number of the sample unless it is the first.
    pub item_id: String,
    pub input: String,
    pub expected: Option<String>,
    pub answer: Option<String>,
}

#[derive(Debug)]
pub(super) struct Worst {
    most: usize,
    scorers: Vec<Ranking>,
}

#[derive(Debug)]
struct Ranking {
    worst: WorstItems,
    best: f64,
}

impl Worst {
    pub(super) fn new(most: usize) -> Self {
        let scorers = Vec::new();
        Self { most, scorers }
    }

    pub(super) fn push(&mut self, result: &ItemResult) {
        let mut shown: Option<Arc<Shown>> = None;
        for score in &result.scores {
            let most = self.most;
            let ranking = self.ranking(&score.name);
            let value = score.value.as_f64();
            ranking.best = ranking.best.max(value);
            let items = &mut ranking.worst.items;
            let place = items.partition_point(|item| item.value.as_f64() <= value);
            if place >= most {
                continue;
            }
            let shown = shown.get_or_insert_with(|| Arc::new(Shown::of(result)));
            let item = WorstItem {
                value: score.value,
                comment: score
                    .comment
                    .as_deref()
                    .map(|text| excerpt(text, LONGEST_TEXT)),
                shown: Arc::clone(shown),
            };
            items.insert(place, item);
            items.truncate(most);
        }
    }

    fn ranking(&mut self, scorer: &str) -> &mut Ranking {
        let found = self
            .scorers
            .iter()
            .position(|known| known.worst.scorer == scorer);
        let found = found.unwrap_or_else(|| {
            let (scorer, items) = (scorer.to_owned(), Vec::new());
            let worst = WorstItems { scorer, items };
            self.scorers.push(Ranking {
                worst,
                best: f64::MIN,
            });
            self.scorers.len() - 1
        });
        &mut self.scorers[found]
    }

    /// Items that scored as well as any, and well, are not the worst of anything.
    pub(super) fn finish(self) -> Vec<WorstItems> {
        let rankings = self.scorers.into_iter().map(|Ranking { mut worst, best }| {
            worst.items.retain(|item| match item.value {
                ScoreValue::Boolean(value) => !value,
                ScoreValue::Number(value) => value < best || value < 1.0,
            });
            worst
        });
        rankings.filter(|worst| !worst.items.is_empty()).collect()
    }
}

impl Shown {
    fn of(result: &ItemResult) -> Self {
        let text = |value: &Value| excerpt(&plain(value), LONGEST_TEXT);
        let answer = result
            .output
            .as_ref()
            .and_then(|output| output.answer.as_ref());
        Self {
            item_id: result.label().into_owned(),
            input: input(result),
            expected: result.item.expected.as_ref().map(text),
            answer: answer.map(|answer| text(&answer.value)),
        }
    }
}

/// One value by itself, several each after its name.
fn input(result: &ItemResult) -> String {
    let values = &result.item.input;
    let text = match values.values().next() {
        Some(only) if values.len() == 1 => plain(only),
        _ => {
            let lines = values
                .iter()
                .map(|(name, value)| format!("{name}: {}", plain(value)));
            lines.collect::<Vec<_>>().join("\n")
        }
    };
    excerpt(&text, LONGEST_TEXT)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn result(id: usize, score: Value) -> ItemResult {
        let answer = json!({"value": format!("answer {id}")});
        serde_json::from_value(json!({
            "item": {"id": id.to_string(), "input": {"prompt": "p"}, "expected": {"a": 1}},
            "state": "ok",
            "output": {"item_id": "x", "attempts": 1, "answer": answer},
            "scores": [{"name": "s", "value": score, "eval_id": "s.v1"}],
        }))
        .unwrap()
    }

    fn worst(scores: &[Value]) -> Vec<String> {
        let mut worst = Worst::new(3);
        for (id, score) in scores.iter().enumerate() {
            worst.push(&result(id, score.clone()));
        }
        let all = worst.finish().into_iter().flat_map(|worst| worst.items);
        all.map(|item| item.shown.item_id.clone()).collect()
    }

    #[test]
    fn the_lowest_come_first_and_of_equal_ones_the_first() {
        let scores = [0.5, 0.1, 0.9, 0.1, 0.0, 0.1].map(|score| json!(score));
        assert_eq!(worst(&scores), ["4", "1", "3"]);
    }

    #[test]
    fn what_is_right_is_not_the_worst() {
        assert_eq!(worst(&[json!(true), json!(false), json!(true)]), ["1"]);
        assert!(worst(&[json!(true), json!(true)]).is_empty());
        assert!(worst(&[json!(1.0), json!(1.0)]).is_empty());
        assert_eq!(worst(&[json!(0.0), json!(0.0)]), ["0", "1"]);
        assert_eq!(worst(&[json!(250.0), json!(90.0), json!(250.0)]), ["1"]);
    }

    #[test]
    fn an_item_is_shown_as_it_was_asked_and_answered() {
        let mut worst = Worst::new(1);
        worst.push(&result(7, json!(0.5)));
        let items = worst.finish();
        let shown = &items[0].items[0].shown;
        assert_eq!(
            (shown.input.as_str(), shown.answer.as_deref()),
            ("p", Some("answer 7"))
        );
        assert_eq!(shown.expected.as_deref(), Some("{\n  \"a\": 1\n}"));
    }
}
