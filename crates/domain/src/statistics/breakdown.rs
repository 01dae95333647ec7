//! The scores of a run by scorer and tag, each mean with its certainty and with every item that has no score counted.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::result::{ItemResult, ItemState};
use crate::samples;
use crate::score::ScoreValue;
use crate::statistics::bootstrap::{Bootstrap, Statistic, bootstrap};
use crate::statistics::classification::{Classification, Confusion};
use crate::statistics::cluster::{Clustered, clustered};
use crate::statistics::passes::{PassAtK, Passes};
use crate::statistics::sample::Sample;
use crate::statistics::wilson;
use crate::summary::{ConfidenceInterval, IntervalMethod};

/// How the certainty of a mean is to be found.
#[derive(Clone, Debug, Default)]
pub struct Precision {
    /// The key of the items' metadata whose values name clusters; an item without it is a cluster of its own.
    pub cluster_by: Option<String>,
    /// How often to resample; 0 for not at all.
    pub resamples: usize,
    pub seed: u64,
}

/// What became of the items of a group: their sum is the number of items, or of their samples when each has several.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct Coverage {
    pub scored: u64,
    pub scorer_failed: u64,
    pub generation_failed: u64,
    pub skipped: u64,
}

/// What is known of one scorer's scores, of all items or of those with a tag.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct Estimate {
    pub model: String,
    pub scorer: String,
    /// Absent for all items.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "schema", schema(nullable = false))]
    pub tag: Option<String>,
    pub coverage: Coverage,
    /// Items with a score: the other figures are about these. An item counts once, by the mean of its samples that are scored.
    #[serde(default)]
    pub items: u64,
    /// Absent while nothing is scored.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "schema", schema(nullable = false))]
    pub mean: Option<f64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "schema", schema(nullable = false))]
    pub median: Option<f64>,
    /// Sample standard deviation; absent for fewer than two scores.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "schema", schema(nullable = false))]
    pub standard_deviation: Option<f64>,
    /// Standard error of the mean; absent for fewer than two scores.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "schema", schema(nullable = false))]
    pub standard_error: Option<f64>,
    /// Of the mean: Wilson's for booleans, Student's t for numbers.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "schema", schema(nullable = false))]
    pub interval: Option<ConfidenceInterval>,
    /// Of the mean, at 95 %; absent unless resamples were asked for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "schema", schema(nullable = false))]
    pub bootstrap: Option<Bootstrap>,
    /// Of the mean; absent unless items were to be clustered, and for fewer than two clusters.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "schema", schema(nullable = false))]
    pub clustered: Option<Clustered>,
    /// Of a scorer of labels.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "schema", schema(nullable = false))]
    pub classification: Option<Classification>,
    /// Of items with several samples, when scores pass or fail: for some k, how likely one of k samples passes.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub pass_at_k: Vec<PassAtK>,
}

/// The scores of one run, group by group: 8 bytes for each scorer and tag of an item, and its cluster's name if asked for.
#[derive(Debug)]
pub struct Breakdown {
    model: String,
    scorers: Vec<String>,
    precision: Precision,
    groups: BTreeMap<(usize, Option<String>), Group>,
}

#[derive(Debug, Default)]
struct Group {
    coverage: Coverage,
    values: Vec<f64>,
    trues: u64,
    booleans: u64,
    clusters: Vec<String>,
    confusion: Confusion,
    passes: Passes,
}

impl Breakdown {
    /// The scorers are named beforehand, so that one without any score is told of too.
    pub fn new(model: impl Into<String>, scorers: Vec<String>, precision: Precision) -> Self {
        let groups = (0..scorers.len()).map(|scorer| ((scorer, None), Group::default()));
        Self {
            model: model.into(),
            groups: groups.collect(),
            scorers,
            precision,
        }
    }

    /// How many numbers one resample of all groups draws.
    pub fn numbers(&self) -> u64 {
        let groups = self.groups.values();
        groups.map(|group| group.values.len() as u64).sum()
    }

    /// Adds an item: all of its samples.
    pub fn push(&mut self, samples: &[ItemResult]) {
        let Some(first) = samples.first() else {
            return;
        };
        let mut tags: Vec<&String> = first.item.tags.iter().collect();
        tags.sort_unstable();
        tags.dedup();
        let cluster = self
            .precision
            .cluster_by
            .as_ref()
            .map(|key| cluster(first, key));
        for (place, scorer) in self.scorers.iter().enumerate() {
            for tag in std::iter::once(None).chain(tags.iter().copied().cloned().map(Some)) {
                let group = self.groups.entry((place, tag)).or_default();
                group.push(samples, scorer, cluster.as_ref());
            }
        }
    }

    /// An estimate for each scorer and tag: by scorer as they were named, all items first, then tags by name.
    pub fn estimates(&self) -> Vec<Estimate> {
        let groups = self.groups.iter();
        groups
            .map(|((scorer, tag), group)| {
                let estimate = Estimate {
                    model: self.model.clone(),
                    scorer: self.scorers[*scorer].clone(),
                    tag: tag.clone(),
                    coverage: group.coverage,
                    items: group.values.len() as u64,
                    mean: None,
                    median: None,
                    standard_deviation: None,
                    standard_error: None,
                    interval: None,
                    bootstrap: None,
                    clustered: None,
                    classification: group.confusion.figures(),
                    pass_at_k: Vec::new(),
                };
                group.enter(estimate, &self.precision)
            })
            .collect()
    }
}

impl Coverage {
    fn count_unscored(&mut self, state: ItemState) {
        match state {
            ItemState::GenerationFailed => self.generation_failed += 1,
            ItemState::Skipped => self.skipped += 1,
            ItemState::Ok | ItemState::ScorerFailed => self.scorer_failed += 1,
        }
    }
}

impl Group {
    fn push(&mut self, samples: &[ItemResult], scorer: &str, cluster: Option<&String>) {
        for sample in samples {
            match sample.scores.iter().find(|score| score.name == *scorer) {
                Some(score) => {
                    self.coverage.scored += 1;
                    self.confusion.push(score);
                }
                None => self.coverage.count_unscored(sample.state),
            }
        }
        if samples.len() > 1 {
            self.passes.push(samples, scorer);
        }
        let Some(score) = samples::score(samples, scorer) else {
            return;
        };
        self.values.push(score.as_f64());
        if let ScoreValue::Boolean(value) = score {
            self.booleans += 1;
            self.trues += u64::from(value);
        }
        self.clusters.extend(cluster.cloned());
    }

    /// An estimate with what the scores say; as it is when there is none, or one that is beyond measure.
    fn enter(&self, estimate: Estimate, precision: &Precision) -> Estimate {
        let Ok(sample) = Sample::new(self.values.clone()) else {
            return estimate;
        };
        let (bounds, method) = match self.booleans == estimate.items {
            true => (wilson(self.trues, self.booleans), IntervalMethod::Wilson),
            false => (sample.student_interval(), IntervalMethod::StudentT),
        };
        Estimate {
            mean: Some(sample.mean()),
            median: Some(sample.median()),
            standard_deviation: sample.standard_deviation(),
            standard_error: sample.standard_error(),
            interval: bounds.map(|(low, high)| ConfidenceInterval { low, high, method }),
            bootstrap: bootstrap(
                &sample,
                Statistic::Mean,
                precision.resamples,
                precision.seed,
            ),
            clustered: clustered(&sample, &self.clusters),
            pass_at_k: self.passes.at_all(),
            ..estimate
        }
    }
}

/// The name of an item's cluster. Values and ids are kept apart, so that an id never joins a cluster by its spelling.
fn cluster(result: &ItemResult, key: &str) -> String {
    match result.item.metadata.get(key) {
        None | Some(Value::Null) => format!("id {}", result.item.id),
        Some(value) => format!("value {value}"),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::samples::tests::samples;

    fn result(id: u32, state: ItemState, score: Option<f64>, tags: &[&str]) -> ItemResult {
        let scores = score.map(|score| json!({"name": "s", "value": score, "eval_id": "s.v1"}));
        let result = json!({
            "item": {"id": id.to_string(), "input": {}, "tags": tags, "metadata": {"document": id / 2}},
            "state": state,
            "scores": scores.into_iter().collect::<Vec<_>>(),
        });
        serde_json::from_value(result).unwrap()
    }

    #[test]
    fn every_item_is_counted_in_its_groups_whether_it_has_a_score_or_not() {
        let precision = Precision {
            cluster_by: Some("document".to_owned()),
            ..Precision::default()
        };
        let mut breakdown = Breakdown::new("m", vec!["s".to_owned(), "t".to_owned()], precision);
        breakdown.push(&[result(0, ItemState::Ok, Some(0.5), &["hard"])]);
        breakdown.push(&[result(1, ItemState::Ok, Some(1.0), &["hard", "hard"])]);
        breakdown.push(&[result(2, ItemState::GenerationFailed, None, &["hard"])]);
        breakdown.push(&[result(3, ItemState::Skipped, None, &[])]);
        breakdown.push(&[result(4, ItemState::ScorerFailed, Some(0.0), &[])]);
        let estimates = breakdown.estimates();
        let told: Vec<_> = estimates
            .iter()
            .map(|e| {
                (
                    e.scorer.as_str(),
                    e.tag.as_deref(),
                    e.coverage.scored,
                    e.mean,
                )
            })
            .collect();
        let expected = [
            ("s", None, 3, Some(0.5)),
            ("s", Some("hard"), 2, Some(0.75)),
            ("t", None, 0, None),
            ("t", Some("hard"), 0, None),
        ];
        assert_eq!(told, expected);
        let all = estimates[0].coverage;
        assert_eq!(
            (all.generation_failed, all.skipped, all.scorer_failed),
            (1, 1, 0)
        );
        assert_eq!(estimates[2].coverage.scorer_failed, 3);
        assert_eq!(estimates[0].clustered.unwrap().clusters, 2);
        assert_eq!(estimates[1].clustered, None);
    }

    #[test]
    fn an_item_with_several_samples_counts_once_and_its_samples_are_covered_each() {
        let mut breakdown = Breakdown::new("m", vec!["s".to_owned()], Precision::default());
        breakdown.push(&samples(
            "a",
            &[json!(true), json!(true), json!(false), json!(null)],
        ));
        breakdown.push(&samples(
            "b",
            &[json!(false), json!(false), json!(false), json!(false)],
        ));
        let all = &breakdown.estimates()[0];
        assert_eq!((all.items, all.mean), (2, Some(1.0 / 3.0)));
        assert_eq!((all.coverage.scored, all.coverage.scorer_failed), (7, 1));
        let method = all.interval.unwrap().method;
        assert_eq!(method, IntervalMethod::StudentT);
        // The sample without a score has not passed.
        let told: Vec<(u32, f64)> = all.pass_at_k.iter().map(|at| (at.k, at.mean)).collect();
        assert_eq!(told.iter().map(|at| at.0).collect::<Vec<_>>(), [1, 2, 4]);
        assert_eq!(told[0].1, 0.25);
        assert_eq!(told[2].1, 0.5);
    }
}
