//! pass@k: how likely at least one of k samples of an item passes, from the n samples that there are.

use serde::{Deserialize, Serialize};

use crate::result::{ItemResult, ItemState};
use crate::statistics::distribution::student_quantile;
use crate::statistics::sample::sum;
use crate::summary::{ConfidenceInterval, IntervalMethod};

/// The k that are told, as far as there are samples; and the number of samples itself.
const TOLD: [u32; 7] = [1, 2, 5, 10, 20, 50, 100];

/// How many items passed in how many of their samples. A sample without a score has not passed; an item of which a sample
/// was never asked is left out.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Passes {
    /// Items by the samples that passed: in place 0 those of which none did, in the last those of which all did.
    items: Vec<u64>,
    /// Items with a score that neither passes nor fails.
    #[serde(default)]
    undecided: u64,
}

/// The mean of pass@k over items, with its uncertainty.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct PassAtK {
    /// Samples that are drawn of an item.
    pub k: u32,
    /// Items of which every sample was asked.
    pub items: u64,
    /// How likely at least one of them passes; the mean over these items.
    pub mean: f64,
    /// Absent for fewer than two items.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "schema", schema(nullable = false))]
    pub standard_error: Option<f64>,
    /// Student's t over items, within [0, 1]; absent for fewer than two items.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "schema", schema(nullable = false))]
    pub interval: Option<ConfidenceInterval>,
}

impl Passes {
    /// Adds all samples of an item.
    pub fn push(&mut self, samples: &[ItemResult], scorer: &str) {
        if samples
            .iter()
            .any(|sample| sample.state == ItemState::Skipped)
        {
            return;
        }
        let mut passed = 0;
        for sample in samples {
            let score = sample.scores.iter().find(|score| score.name == scorer);
            match score.map(|score| score.passed()) {
                Some(None) => {
                    self.undecided += 1;
                    return;
                }
                Some(Some(true)) => passed += 1,
                Some(Some(false)) | None => {}
            }
        }
        self.make_room(samples.len() + 1);
        self.items[passed] += 1;
    }

    pub fn merge(&mut self, other: &Self) {
        self.make_room(other.items.len());
        for (items, more) in self.items.iter_mut().zip(&other.items) {
            *items += more;
        }
        self.undecided += other.undecided;
    }

    fn make_room(&mut self, places: usize) {
        self.items.resize(places.max(self.items.len()), 0);
    }

    /// pass@k for the k that are told: 1, 2, 5, 10, 20, 50, 100 up to the number of samples, and that number. None when a
    /// score neither passes nor fails.
    pub fn at_all(&self) -> Vec<PassAtK> {
        let samples = u32::try_from(self.items.len().saturating_sub(1)).unwrap_or_default();
        let told = TOLD.into_iter().filter(|k| *k < samples);
        let told = told.chain((samples > 0).then_some(samples));
        told.filter_map(|k| self.at(k)).collect()
    }

    /// pass@k for one k; none when there are fewer samples, no items, or a score that neither passes nor fails.
    pub fn at(&self, k: u32) -> Option<PassAtK> {
        let samples = u32::try_from(self.items.len().checked_sub(1)?).ok()?;
        let count: u64 = self.items.iter().sum();
        if self.undecided > 0 || count == 0 || !(1..=samples).contains(&k) {
            return None;
        }
        let values = || {
            (0..)
                .zip(&self.items)
                .map(|(passed, items)| (estimate(samples, passed, k), *items as f64))
        };
        let mean = sum(values().map(|(value, items)| value * items)) / count as f64;
        let squares = sum(values().map(|(value, items)| (value - mean).powi(2) * items));
        let standard_error =
            (count > 1).then(|| (squares / (count - 1) as f64 / count as f64).sqrt());
        let half = standard_error
            .and_then(|error| Some(student_quantile(0.975, (count - 1) as f64)? * error));
        Some(PassAtK {
            k,
            items: count,
            mean,
            standard_error,
            interval: half.map(|half| ConfidenceInterval {
                low: (mean - half).max(0.0),
                high: (mean + half).min(1.0),
                method: IntervalMethod::StudentT,
            }),
        })
    }
}

/// The unbiased estimate for one item, 1 − C(n − c, k) / C(n, k) of n samples of which c passed, as a product that does not
/// overflow (Chen et al., "Evaluating Large Language Models Trained on Code", arXiv:2107.03374, 2021).
pub fn estimate(samples: u32, passed: u32, k: u32) -> f64 {
    if samples.saturating_sub(passed) < k {
        return 1.0;
    }
    let none_passes = (samples - passed + 1..=samples).map(|i| 1.0 - f64::from(k) / f64::from(i));
    1.0 - none_passes.product::<f64>()
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;
    use crate::samples::tests::samples;

    fn passes(items: &[&[Value]]) -> Passes {
        let mut passes = Passes::default();
        for item in items {
            passes.push(&samples("a", item), "s");
        }
        passes
    }

    #[test]
    fn what_has_no_score_has_not_passed() {
        let (yes, no, none) = (json!(true), json!(false), json!(null));
        let passes = passes(&[
            &[yes.clone(), no.clone(), none.clone()],
            &[none.clone(), none.clone(), none],
            &[yes.clone(), yes.clone(), yes],
        ]);
        let told: Vec<(u32, f64)> = passes.at_all().iter().map(|at| (at.k, at.mean)).collect();
        // Of one in three: 1/3, 2/3 and 1.
        let expected = [(1, 4.0 / 9.0), (2, 5.0 / 9.0), (3, 2.0 / 3.0)];
        for (told, expected) in told.iter().zip(expected) {
            assert_eq!(told.0, expected.0);
            assert!((told.1 - expected.1).abs() < 1e-15, "{told:?}");
        }
        assert_eq!(told.len(), 3);
    }

    #[test]
    fn an_item_that_was_not_asked_in_full_is_left_out() {
        let mut left = samples("a", &[json!(true), json!(null)]);
        left[1].state = ItemState::Skipped;
        let mut passes = Passes::default();
        passes.push(&left, "s");
        assert_eq!(passes.at_all(), []);
    }

    #[test]
    fn numbers_pass_by_their_threshold_or_not_at_all() {
        assert_eq!(passes(&[&[json!(0.9), json!(0.1)]]).at_all(), []);
        let mut judged = samples("a", &[json!(0.9), json!(0.1)]);
        for (sample, passed) in judged.iter_mut().zip([true, false]) {
            sample.scores[0]
                .metadata
                .insert("passed".to_owned(), passed.into());
        }
        let mut passes = Passes::default();
        passes.push(&judged, "s");
        assert_eq!(passes.at(1).unwrap().mean, 0.5);
        assert_eq!(passes.at(2).unwrap().mean, 1.0);
    }

    #[test]
    fn parts_add_up_to_the_whole_and_bounds_stay_within_their_range() {
        let (yes, no) = (json!(true), json!(false));
        let items: [&[Value]; 3] = [
            &[yes.clone(), yes.clone()],
            &[yes, no.clone()],
            &[no.clone(), no],
        ];
        let whole = passes(&items);
        let mut merged = passes(&items[..1]);
        merged.merge(&passes(&items[1..]));
        assert_eq!(merged, whole);
        let interval = whole.at(2).unwrap().interval.unwrap();
        assert_eq!((interval.low, interval.high), (0.0, 1.0));
        assert_eq!(passes(&items[..1]).at(1).unwrap().interval, None);
    }
}
