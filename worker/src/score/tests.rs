//! Judging, without a store.

use domain::output::{Answer, CallError, CallErrorKind};
use serde_json::json;

use super::*;

fn item(id: &str, expected: Option<&str>) -> DatasetItem {
    let expected = expected.map(|text| json!(text));
    serde_json::from_value(json!({"id": id, "input": {}, "expected": expected})).unwrap()
}

fn answered(id: &str, value: &str) -> Output {
    Output::answered(id.to_owned(), 1, Answer::of(json!(value)))
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
    let outputs = Journal::from_iter([
        answered("right", "4"),
        answered("wrong", "5"),
        answered("bare", "4"),
        failed.clone(),
        failed,
    ]);
    let scorers = [serde_json::from_value(json!({"type": "exact_match"})).unwrap()];
    let judged = judge(
        items,
        1,
        &outputs,
        &compiled(&scorers).unwrap(),
        &[Vec::new()],
    );
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

#[test]
fn the_samples_of_an_item_are_one_score_and_each_a_result() {
    let items = vec![item("a", Some("4")), item("b", Some("4"))];
    let sampled = |id, sample, value| Output {
        sample,
        ..answered(id, value)
    };
    let outputs = Journal::from_iter([
        sampled("a", 0, "4"),
        sampled("a", 1, "5"),
        sampled("b", 1, "4"),
    ]);
    let scorers = [serde_json::from_value(json!({"type": "exact_match"})).unwrap()];
    let judged = judge(
        items,
        2,
        &outputs,
        &compiled(&scorers).unwrap(),
        &[Vec::new()],
    );
    let rows = judged.results.iter();
    let rows: Vec<_> = rows
        .map(|row| (row.item.id.as_str(), row.sample, row.state))
        .collect();
    let (ok, skipped) = (ItemState::Ok, ItemState::Skipped);
    assert_eq!(
        rows,
        [("a", 0, ok), ("a", 1, ok), ("b", 0, skipped), ("b", 1, ok)]
    );
    let aggregate = &judged.chunk.aggregates[0];
    // Half of `a`, and of `b` the one sample that there is.
    assert_eq!((aggregate.count, aggregate.mean()), (2, 0.75));
    assert_eq!(judged.chunk.states.total(), 4);
}
