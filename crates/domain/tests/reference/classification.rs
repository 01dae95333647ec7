//! Accuracy, F1 and their mean beside those of scikit-learn.

use domain::statistics::classification::{Confusion, EXPECTED_LABEL, PREDICTED_LABEL};
use serde_json::{Value, json};

use crate::{Largest, cases, list, number};

fn confusion(case: &Value) -> Confusion {
    let mut confusion = Confusion::default();
    for (expected, predicted) in list(&case["expected"]).iter().zip(list(&case["predicted"])) {
        let mut metadata = json!({EXPECTED_LABEL: expected});
        if !predicted.is_null() {
            metadata[PREDICTED_LABEL] = predicted.clone();
        }
        let score = json!({"name": "s", "value": true, "eval_id": "s.v1", "metadata": metadata});
        confusion.push(&serde_json::from_value(score).unwrap());
    }
    confusion
}

#[test]
fn classifications_are_told_as_by_scikit_learn() {
    let (mut overall, mut by_label) = (Largest::of("accuracy, macro-F1"), Largest::of("by label"));
    for case in list(&cases("classification.json")) {
        let ours = confusion(case).figures().unwrap();
        overall.see(ours.accuracy, number(&case["accuracy"]), &case["name"]);
        overall.see(ours.macro_f1, number(&case["macro_f1"]), &case["name"]);
        let theirs = list(&case["labels"]);
        assert_eq!(ours.labels.len(), theirs.len(), "{}", case["name"]);
        for (ours, theirs) in ours.labels.iter().zip(theirs) {
            assert_eq!(ours.label, theirs["label"]);
            assert_eq!(json!(ours.expected), theirs["expected"]);
            by_label.see(ours.precision, number(&theirs["precision"]), &ours.label);
            by_label.see(ours.recall, number(&theirs["recall"]), &ours.label);
            by_label.see(ours.f1, number(&theirs["f1"]), &ours.label);
        }
    }
    overall.must_be_below(1e-12);
    by_label.must_be_below(1e-12);
}
