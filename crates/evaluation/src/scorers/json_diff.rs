//! JSON difference: what a document has in common with the reference.

mod matching;
mod tree;

use std::borrow::Cow;

use domain::config::JsonDiffScorer;
use domain::fault::Fault;
use domain::item::DatasetItem;
use serde_json::Value;

use self::matching::Matching;
use self::tree::{Forest, Parts, Tree, Weights};
use super::document::json_or_yaml;
use super::reference::reference;
use super::{Unscorable, Verdict};
use crate::text::quote;

/// The most that a leaf weighs.
const LARGEST_WEIGHT: f64 = 1e9;

/// How many differences a comment tells.
const DIFFERENCES_TOLD: usize = 3;

/// A comparison ready to be made.
pub(super) struct JsonDiff {
    config: JsonDiffScorer,
    weights: Weights,
}

impl JsonDiff {
    pub(super) fn compile(config: &JsonDiffScorer) -> Result<Self, Fault> {
        for (index, path) in config.required_paths.iter().enumerate() {
            if !is_pointer(path) {
                return Err(not_a_pointer(format!("/required_paths/{index}")));
            }
        }
        let mut weights = Weights::default();
        for (path, weight) in &config.weights {
            let place = format!("/weights/{}", escaped(path));
            if !is_pointer(path) {
                return Err(not_a_pointer(place));
            }
            if !(*weight > 0.0 && *weight <= LARGEST_WEIGHT) {
                let message = format!("a weight is more than 0 and at most {LARGEST_WEIGHT}");
                return Err(Fault::new(place, message));
            }
            weights.insert(path, *weight);
        }
        Ok(Self {
            config: config.clone(),
            weights,
        })
    }

    pub(super) fn score(&self, item: &DatasetItem, answer: &Value) -> Result<Verdict, Unscorable> {
        let reference = self.reference(item)?;
        let answer = match json_or_yaml(answer) {
            Ok(answer) => answer,
            Err(reason) => return Ok(Verdict::number(0.0, reason)),
        };
        let mut required = self.config.required_paths.iter();
        if let Some(missing) = required.find(|path| answer.pointer(path).is_none()) {
            let comment = format!("the required {} is missing", quote(missing));
            return Ok(Verdict::number(0.0, comment));
        }
        let mut forest = Forest::new(&self.config, &self.weights);
        let answer = forest.plant(&answer);
        let reference = forest.plant(&reference);
        if answer.id == reference.id {
            return Ok(Verdict::number(1.0, "equal".to_owned()));
        }
        let common = Matching::new(self.config.unordered).weight(&answer, &reference)?;
        let value = 2.0 * common / (answer.weight + reference.weight);
        let mut differences = Vec::new();
        tell(&answer, &reference, "", &mut differences);
        let comment = format!(
            "{common} in common, of {} in the output and {} in the reference: {}",
            answer.weight,
            reference.weight,
            differences.join("; ")
        );
        Ok(Verdict::number(value.clamp(0.0, 1.0), comment))
    }

    fn reference<'a>(&self, item: &'a DatasetItem) -> Result<Cow<'a, Value>, Unscorable> {
        let whole = match (&self.config.expected_field, &item.expected) {
            (None, Some(expected)) => expected,
            (field, _) => reference(item, field.as_deref(), &[])?,
        };
        json_or_yaml(whole)
            .map_err(|reason| Unscorable(format!("the reference is no document: {reason}")))
    }
}

/// Where the first differences are; lists are not looked into, for their elements have no names.
fn tell(answer: &Tree, reference: &Tree, place: &str, told: &mut Vec<String>) {
    if answer.id == reference.id || told.len() >= DIFFERENCES_TOLD {
        return;
    }
    let (Parts::Object(own), Parts::Object(theirs)) = (&answer.parts, &reference.parts) else {
        told.push(match place {
            "" => "the whole differs".to_owned(),
            place => format!("{} differs", quote(place)),
        });
        return;
    };
    for (key, theirs) in theirs {
        let place = format!("{place}/{}", escaped(key));
        match own.get(key) {
            Some(own) => tell(own, theirs, &place, told),
            None => told.push(format!("{} is missing", quote(&place))),
        }
    }
    for key in own.keys().filter(|key| !theirs.contains_key(*key)) {
        let place = format!("{place}/{}", escaped(key));
        told.push(format!("{} is not in the reference", quote(&place)));
    }
    told.truncate(DIFFERENCES_TOLD);
}

/// Whether a text is an RFC 6901 JSON Pointer.
fn is_pointer(text: &str) -> bool {
    let tildes_escape = || {
        let mut parts = text.split('~').skip(1);
        parts.all(|part| part.starts_with(['0', '1']))
    };
    (text.is_empty() || text.starts_with('/')) && tildes_escape()
}

fn not_a_pointer(place: String) -> Fault {
    Fault::new(
        place,
        "not a JSON Pointer: write it as `/key/key`, `~1` for `/` and `~0` for `~`",
    )
}

fn escaped(key: &str) -> String {
    key.replace('~', "~0").replace('/', "~1")
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn compile(config: Value) -> Result<JsonDiff, String> {
        JsonDiff::compile(&serde_json::from_value(config).unwrap()).map_err(|fault| fault.pointer)
    }

    fn verdict(config: Value, expected: Value, answer: Value) -> (f64, String) {
        let item =
            serde_json::from_value(json!({"id": "1", "input": {}, "expected": expected})).unwrap();
        let verdict = compile(config).unwrap().score(&item, &answer).unwrap();
        (verdict.value.as_f64(), verdict.comment.unwrap())
    }

    #[test]
    fn the_score_is_the_share_of_leaves_in_common() {
        let unordered = || json!({"unordered": true});
        for (config, expected, answer, value) in [
            (json!({}), json!({"a": 1}), json!("a: 1"), 1.0),
            (
                json!({}),
                json!("a: 1.0\nb: x"),
                json!("{\"b\": \"x\", \"a\": 1}"),
                1.0,
            ),
            (
                json!({}),
                json!({"a": 1, "b": 2}),
                json!({"a": 1, "b": 3}),
                0.5,
            ),
            (
                json!({}),
                json!({"a": 1, "b": 2}),
                json!({"a": 1}),
                2.0 / 3.0,
            ),
            (json!({}), json!({"a": 1}), json!("A plain sentence."), 0.0),
            (json!({}), json!({"a": 1}), json!("{\"a\": "), 0.0),
            (json!({}), json!({"a": 1}), json!({"b": {"c": 1}}), 0.0),
            (json!({}), json!({"a": {}}), json!({"a": []}), 0.0),
            (json!({}), json!({}), json!({}), 1.0),
            (json!({}), json!([null]), json!("[null]"), 1.0),
            (json!({}), json!([1, 2, 3]), json!([0, 1, 2, 3]), 6.0 / 7.0),
            (json!({}), json!([1, 2, 3]), json!([3, 1, 2]), 2.0 / 3.0),
            (unordered(), json!([1, 2, 3]), json!([3, 1, 2]), 1.0),
            (unordered(), json!([1, 1, 2]), json!([1, 2, 2]), 2.0 / 3.0),
            (
                unordered(),
                json!([{"a": 1, "b": 2}, {"a": 3, "b": 4}]),
                json!([{"a": 3, "b": 2}, {"a": 1, "b": 2}]),
                0.75,
            ),
            (
                json!({"ignored_keys": ["id"]}),
                json!({"id": 1, "a": [{"id": 2, "b": 1}]}),
                json!({"id": 3, "a": [{"b": 1}]}),
                1.0,
            ),
            (
                json!({"required_paths": ["/a/0"]}),
                json!({"a": [1], "b": 1}),
                json!({"b": 1}),
                0.0,
            ),
            (
                json!({"weights": {"/spec": 3, "/spec/note": 1, "/l/*/x": 2}}),
                json!({"spec": {"n": 1, "note": 1}, "l": [{"x": 1}], "c": 1}),
                json!({"spec": {"n": 1, "note": 2}, "l": [{"x": 1}], "c": 2}),
                10.0 / 14.0,
            ),
            (
                json!({"expected_field": "yaml"}),
                json!({"yaml": "a: 1"}),
                json!("a: 1"),
                1.0,
            ),
        ] {
            let (found, comment) = verdict(config, expected.clone(), answer.clone());
            assert!(
                (found - value).abs() < 1e-12,
                "{expected} {answer}: {found} {comment}"
            );
        }
    }

    #[test]
    fn a_comment_tells_the_first_differences() {
        let (_, comment) = verdict(
            json!({}),
            json!({"a": 1, "b": {"c/d": 2}, "l": [1]}),
            json!({"a": 2, "b": {}, "l": [1], "z": 1}),
        );
        assert_eq!(
            comment,
            "1 in common, of 4 in the output and 3 in the reference: `/a` differs; `/b/c~1d` is missing; `/z` is not in the reference"
        );
    }

    #[test]
    fn a_reference_that_is_no_document_is_an_error() {
        let item = json!({"id": "1", "input": {}, "expected": "a: ["});
        let item = serde_json::from_value(item).unwrap();
        let score = compile(json!({})).unwrap().score(&item, &json!("a: 1"));
        assert!(
            score
                .unwrap_err()
                .0
                .starts_with("the reference is no document: ")
        );
    }

    #[test]
    fn long_lists_are_compared_or_refused_in_time() {
        let objects = |from: i64| -> Value {
            (from..from + 300)
                .map(|n| json!({"n": n, "m": [n]}))
                .collect()
        };
        for unordered in [false, true] {
            let diff = compile(json!({"unordered": unordered})).unwrap();
            let item = json!({"id": "1", "input": {}, "expected": objects(0)});
            let item = serde_json::from_value(item).unwrap();
            assert!(diff.score(&item, &objects(0)).is_ok());
            assert!(diff.score(&item, &objects(100)).is_ok());
            let huge: Value = (0..100_000).map(|n| json!({"k": n})).collect();
            assert!(diff.score(&item, &huge).is_err());
        }
    }

    #[test]
    fn what_is_no_pointer_or_weight_is_a_fault() {
        for (config, pointer) in [
            (json!({"required_paths": ["", "a"]}), "/required_paths/1"),
            (json!({"required_paths": ["/a~2"]}), "/required_paths/0"),
            (json!({"weights": {"a/b": 1}}), "/weights/a~1b"),
            (json!({"weights": {"/a": 0}}), "/weights/~1a"),
        ] {
            assert_eq!(compile(config).err().as_deref(), Some(pointer));
        }
    }
}
