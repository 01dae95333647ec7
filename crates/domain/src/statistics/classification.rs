//! What a classifier did: accuracy, F1 and which labels were taken for which.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use crate::score::Score;

/// The key of a score's metadata that names the label expected; scores that have it are counted here.
pub const EXPECTED_LABEL: &str = "expected_label";

/// The key of a score's metadata that names the label found; absent when the output names none.
pub const PREDICTED_LABEL: &str = "predicted_label";

/// Items counted by the labels expected and found.
#[derive(Clone, Debug, Default)]
pub struct Confusion(BTreeMap<(String, Option<String>), u64>);

/// How well labels were found.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct Classification {
    /// The share of items whose label is the one expected.
    pub accuracy: f64,
    /// The mean of the labels' F1, each counted alike however many items it has; over labels that were expected or found.
    pub macro_f1: f64,
    /// By name.
    pub labels: Vec<LabelFigures>,
    /// Items by expected and found label; pairs without an item are left out.
    pub confusion: Vec<ConfusionCell>,
}

/// How well one label was found. A share of nothing is 0.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct LabelFigures {
    pub label: String,
    /// Items of which it is expected.
    pub expected: u64,
    /// Items of which it was found.
    pub predicted: u64,
    /// The share of those found that are right.
    pub precision: f64,
    /// The share of those expected that were found.
    pub recall: f64,
    /// The harmonic mean of both.
    pub f1: f64,
}

/// How many items with one label were taken for another, or for the same.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct ConfusionCell {
    pub expected: String,
    /// Absent when the output names no label.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "schema", schema(nullable = false))]
    pub predicted: Option<String>,
    pub count: u64,
}

impl Confusion {
    /// Counts the labels of a score, if it has any.
    pub fn push(&mut self, score: &Score) {
        let label = |key: &str| score.metadata.get(key)?.as_str().map(ToOwned::to_owned);
        if let Some(expected) = label(EXPECTED_LABEL) {
            let pair = (expected, label(PREDICTED_LABEL));
            *self.0.entry(pair).or_default() += 1;
        }
    }

    /// None when nothing is counted.
    pub fn figures(&self) -> Option<Classification> {
        let total: u64 = self.0.values().sum();
        if total == 0 {
            return None;
        }
        let names: BTreeSet<&String> = self
            .0
            .keys()
            .flat_map(|(expected, predicted)| std::iter::once(expected).chain(predicted))
            .collect();
        let labels: Vec<LabelFigures> = names.into_iter().map(|name| self.label(name)).collect();
        let right = self.count(|expected, predicted| predicted == Some(expected));
        Some(Classification {
            accuracy: share(right, total),
            macro_f1: labels.iter().map(|label| label.f1).sum::<f64>() / labels.len() as f64,
            labels,
            confusion: self
                .0
                .iter()
                .map(|((expected, predicted), count)| ConfusionCell {
                    expected: expected.clone(),
                    predicted: predicted.clone(),
                    count: *count,
                })
                .collect(),
        })
    }

    fn label(&self, name: &str) -> LabelFigures {
        let expected = self.count(|expected, _| expected == name);
        let predicted = self.count(|_, predicted| predicted == Some(name));
        let right = self.count(|expected, predicted| expected == name && predicted == Some(name));
        LabelFigures {
            label: name.to_owned(),
            expected,
            predicted,
            precision: share(right, predicted),
            recall: share(right, expected),
            // 2 · precision · recall ÷ (precision + recall), without its rounding.
            f1: share(2 * right, expected + predicted),
        }
    }

    fn count(&self, is_counted: impl Fn(&str, Option<&str>) -> bool) -> u64 {
        let pairs = self.0.iter();
        pairs
            .filter(|((expected, predicted), _)| is_counted(expected, predicted.as_deref()))
            .map(|(_, count)| count)
            .sum()
    }
}

fn share(part: u64, of: u64) -> f64 {
    match of {
        0 => 0.0,
        of => part as f64 / of as f64,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn nothing_counted_has_no_figures_and_scores_without_labels_count_nothing() {
        let mut confusion = Confusion::default();
        let score = json!({"name": "s", "value": true, "eval_id": "s.v1"});
        confusion.push(&serde_json::from_value(score).unwrap());
        assert_eq!(confusion.figures(), None);
    }
}
