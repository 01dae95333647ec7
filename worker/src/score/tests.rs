//! Judging, without a store.

use domain::journal::ItemJournal;
use domain::output::{Answer, CallError, CallErrorKind};
use serde_json::json;

use super::*;

fn item(id: &str, expected: Option<&str>) -> DatasetItem {
    let expected = expected.map(|text| json!(text));
    serde_json::from_value(json!({"id": id, "input": {}, "expected": expected})).unwrap()
}

fn answered(id: &str, value: &str) -> (String, ItemJournal) {
    let answer = Answer::of(json!(value));
    let output = Output::answered(id.to_owned(), 1, answer);
    (id.to_owned(), ItemJournal::new(output))
}

#[test]
fn every_item_has_one_state_and_only_scored_items_are_in_the_mean() {
    let items = vec![
        item("right", Some("4")),
        item("wrong", Some("4")),
        item("bare", None),
        item("failed", Some("4")),
        item("never", Some("4")),
    ];
    let timeout = CallError::new(CallErrorKind::Timeout, "too slow");
    let failed = Output::failed("failed".to_owned(), 1, timeout);
    let mut failed = ItemJournal::new(failed.clone());
    failed.push(failed.output.clone());
    let outputs = Journal::from([
        answered("right", "4"),
        answered("wrong", "5"),
        answered("bare", "4"),
        ("failed".to_owned(), failed),
    ]);
    let scorers = [serde_json::from_value(json!({"type": "exact_match"})).unwrap()];
    let judged = judge(items, outputs, &compiled(&scorers).unwrap(), &[Vec::new()]);
    let states = StateCounts {
        ok: 2,
        generation_failed: 1,
        scorer_failed: 1,
        skipped: 1,
    };
    assert_eq!(judged.chunk.states, states);
    let aggregate = &judged.chunk.aggregates[0];
    assert_eq!(
        (aggregate.count, aggregate.errors, aggregate.mean()),
        (2, 1, 0.5)
    );
    assert_eq!(
        (
            judged.chunk.generated.answered,
            judged.chunk.generated.calls
        ),
        (3, 5)
    );
}
