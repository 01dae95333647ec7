//! Failures by their kind: how many, of which items, and what the first of them said.

use std::collections::BTreeMap;

use domain::result::ItemResult;
use serde::Serialize;

use crate::text::excerpt;

/// Items that are named for each kind.
const NAMED: usize = 5;
const LONGEST_MESSAGE: usize = 500;

/// Failures of one kind.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct FailureGroup {
    /// No answer: the kind of the error. No score: the scorer.
    pub kind: String,
    pub count: u64,
    /// What the first of them said.
    pub message: String,
    /// The first of the items.
    pub item_ids: Vec<String>,
}

#[derive(Debug, Default)]
pub(super) struct Failures {
    groups: BTreeMap<String, FailureGroup>,
}

impl Failures {
    pub(super) fn push(&mut self, result: &ItemResult) {
        let output = result
            .output
            .as_ref()
            .filter(|output| output.answer.is_none());
        if let Some(error) = output.and_then(|output| output.error.as_ref()) {
            let name = serde_json::to_value(error.kind);
            let name = name
                .ok()
                .and_then(|name| Some(name.as_str()?.replace('_', " ")));
            let kind = format!("no answer: {}", name.unwrap_or_default());
            self.count(kind, &error.message, &result.label());
        }
        for error in &result.scorer_errors {
            let kind = format!("no score: {}", error.name);
            self.count(kind, &error.message, &result.label());
        }
    }

    fn count(&mut self, kind: String, message: &str, item_id: &str) {
        let group = self
            .groups
            .entry(kind.clone())
            .or_insert_with(|| FailureGroup {
                kind,
                count: 0,
                message: excerpt(message, LONGEST_MESSAGE),
                item_ids: Vec::new(),
            });
        group.count += 1;
        if group.item_ids.len() < NAMED {
            group.item_ids.push(item_id.to_owned());
        }
    }

    pub(super) fn finish(self) -> Vec<FailureGroup> {
        let mut groups: Vec<FailureGroup> = self.groups.into_values().collect();
        // Stable, so that kinds of equal frequency stay in the order of their names.
        groups.sort_by_key(|group| std::cmp::Reverse(group.count));
        groups
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn failures_are_counted_by_kind() {
        let mut failures = Failures::default();
        for id in 0..9 {
            let output = match id % 3 {
                0 => {
                    json!({"item_id": "x", "attempts": 1, "error": {"kind": "bad_request", "message": format!("m{id}")}})
                }
                _ => json!({"item_id": "x", "attempts": 2, "answer": {"value": "a"}}),
            };
            let errors = match id % 3 {
                1 => json!([]),
                _ => json!([{"name": "s", "eval_id": "s.v1", "message": "no `expected`"}]),
            };
            let item = json!({"id": id.to_string(), "input": {}});
            let result =
                json!({"item": item, "state": "ok", "output": output, "scorer_errors": errors});
            failures.push(&serde_json::from_value(result).unwrap());
        }
        let told: Vec<_> = failures
            .finish()
            .into_iter()
            .map(|g| (g.kind, g.count, g.message, g.item_ids.len()))
            .collect();
        assert_eq!(
            told,
            [
                ("no score: s".to_owned(), 6, "no `expected`".to_owned(), 5),
                ("no answer: bad request".to_owned(), 3, "m0".to_owned(), 3),
            ]
        );
    }
}
