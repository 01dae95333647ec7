//! Which results pass.

use domain::fault::Fault;
use domain::result::{ItemResult, ItemState};
use serde::{Deserialize, Serialize};

use crate::error::ApiError;
use crate::experiments::outline::model_fault;

/// What results must be like; what is absent is not asked for.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub(crate) struct Filter {
    pub(super) model: Option<String>,
    pub(super) state: Option<ItemState>,
    pub(super) scorer: Option<String>,
    pub(super) min_score: Option<Bound>,
    pub(super) max_score: Option<Bound>,
    pub(super) tag: Option<String>,
}

/// An end of a range of scores: a finite number. Written as text, which keeps every digit.
#[derive(Clone, Copy, Debug, PartialEq, PartialOrd, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub(crate) struct Bound(f64);

impl TryFrom<String> for Bound {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        let number = text.parse().ok().filter(|number: &f64| number.is_finite());
        number
            .map(Self)
            .ok_or_else(|| format!("`{text}` is not a number"))
    }
}

impl From<Bound> for String {
    fn from(bound: Bound) -> Self {
        bound.0.to_string()
    }
}

impl Filter {
    /// Refuses what no result could be like; names every fault.
    pub(super) fn check(&self, models: &[String], scorers: &[String]) -> Result<(), ApiError> {
        let mut faults = Vec::new();
        faults.extend(model_fault(
            self.model.as_deref(),
            models.iter().map(String::as_str),
        ));
        if let Some(scorer) = &self.scorer
            && !scorers.contains(scorer)
        {
            let known = scorers.join("`, `");
            let message = format!("there is no scorer `{scorer}`; there are `{known}`");
            faults.push(Fault::new("/scorer", message));
        }
        for (pointer, bound) in [
            ("/min_score", self.min_score),
            ("/max_score", self.max_score),
        ] {
            if bound.is_some() && self.scorer.is_none() {
                let message = "say with `scorer` whose scores are meant";
                faults.push(Fault::new(pointer, message));
            }
        }
        if let (Some(least), Some(most)) = (self.min_score, self.max_score)
            && least > most
        {
            let message = "nothing is at least this and at most `max_score`";
            faults.push(Fault::new("/min_score", message));
        }
        ApiError::check(faults)
    }

    pub(super) fn has_model(&self, model: &str) -> bool {
        self.model.as_deref().is_none_or(|only| only == model)
    }

    /// Whether a result passes, whatever its model.
    pub(super) fn passes(&self, result: &ItemResult) -> bool {
        self.state.is_none_or(|state| state == result.state)
            && self
                .tag
                .as_ref()
                .is_none_or(|tag| result.item.tags.contains(tag))
            && self
                .scorer
                .as_ref()
                .is_none_or(|scorer| self.has_score_of(scorer, result))
    }

    fn has_score_of(&self, scorer: &str, result: &ItemResult) -> bool {
        let mut scores = result.scores.iter();
        scores.any(|score| {
            let value = score.value.as_f64();
            score.name == scorer
                && self.min_score.is_none_or(|least| value >= least.0)
                && self.max_score.is_none_or(|most| value <= most.0)
        })
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn result() -> ItemResult {
        serde_json::from_value(json!({
            "item": {"id": "1", "input": {}, "tags": ["hard", "sum"]},
            "state": "ok",
            "scores": [{"name": "f1", "value": 0.3, "eval_id": "f"}, {"name": "exact", "value": true, "eval_id": "e"}],
        }))
        .unwrap()
    }

    fn filter(filter: serde_json::Value) -> Filter {
        serde_json::from_value(filter).unwrap()
    }

    #[test]
    fn all_that_is_asked_for_must_hold() {
        for passing in [
            json!({}),
            json!({"state": "ok", "tag": "sum"}),
            json!({"scorer": "f1", "min_score": "0.3", "max_score": "0.3"}),
            json!({"scorer": "exact", "min_score": "1"}),
        ] {
            assert!(filter(passing.clone()).passes(&result()), "{passing}");
        }
        for failing in [
            json!({"state": "skipped"}),
            json!({"tag": "su"}),
            json!({"scorer": "f1", "min_score": "0.30000000000000004"}),
            json!({"scorer": "exact", "max_score": "0.5"}),
            json!({"scorer": "rouge"}),
            json!({"state": "ok", "tag": "none"}),
        ] {
            assert!(!filter(failing.clone()).passes(&result()), "{failing}");
        }
    }

    #[test]
    fn a_bound_is_a_finite_number() {
        for text in ["", "x", "NaN", "inf", "1e999", "1,5"] {
            assert!(Bound::try_from(text.to_owned()).is_err(), "{text}");
        }
        let bound = Bound::try_from("0.1".to_owned()).unwrap();
        assert_eq!(String::from(bound), "0.1");
    }

    #[test]
    fn every_fault_of_a_filter_is_named() {
        let names = |names: &[&str]| {
            names
                .iter()
                .map(|&name| name.to_owned())
                .collect::<Vec<_>>()
        };
        let check = |given| match filter(given).check(&names(&["a"]), &names(&["s"])) {
            Err(ApiError::Invalid(faults)) => faults,
            other => panic!("{other:?}"),
        };
        let pointers =
            |faults: Vec<Fault>| faults.into_iter().map(|it| it.pointer).collect::<Vec<_>>();
        let faults =
            check(json!({"model": "b", "scorer": "t", "min_score": "2", "max_score": "1"}));
        assert_eq!(pointers(faults), ["/model", "/scorer", "/min_score"]);
        let faults = check(json!({"min_score": "1", "max_score": "2"}));
        assert_eq!(pointers(faults), ["/min_score", "/max_score"]);
    }
}
