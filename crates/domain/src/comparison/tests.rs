//! Comparisons as a whole: pairing, correction, verdicts.

use serde_json::{Value, json};

use super::*;
use crate::comparison::difference::DecidingTest;
use crate::samples::tests::samples;

fn run(name: &str, items: &[(&str, Value)]) -> RunScores {
    let mut run = RunScores::new(name);
    for (id, score) in items {
        let failed = score.is_null();
        let scored = json!([{"name": "s", "value": score, "eval_id": "s.v1"}]);
        let result = json!({
            "item": {"id": id, "input": {}},
            "state": if failed { "generation_failed" } else { "ok" },
            "scores": if failed { json!([]) } else { scored },
        });
        run.push(&[serde_json::from_value(result).unwrap()]);
    }
    run
}

fn many(name: &str, count: u32, score: impl Fn(u32) -> Value) -> RunScores {
    let ids: Vec<String> = (0..count).map(|id| format!("{id:04}")).collect();
    let items: Vec<(&str, Value)> = (0..)
        .zip(&ids)
        .map(|(n, id)| (id.as_str(), score(n)))
        .collect();
    run(name, &items)
}

#[test]
fn items_are_paired_by_id_and_what_has_no_partner_is_counted() {
    let a = run(
        "a",
        &[
            ("1", json!(0.5)),
            ("2", json!(0.25)),
            ("3", Value::Null),
            ("4", json!(1)),
            ("5", Value::Null),
        ],
    );
    let b = run(
        "b",
        &[
            ("4", json!(0.5)),
            ("3", json!(0.5)),
            ("2", Value::Null),
            ("1", json!(0.75)),
            ("6", json!(1)),
        ],
    );
    let comparison = compare(&[a, b], &Options::default()).unwrap();
    let [difference] = &comparison.differences[..] else {
        panic!()
    };
    let coverage = difference.coverage;
    assert_eq!(
        (
            coverage.paired,
            coverage.only_baseline,
            coverage.only_candidate
        ),
        (2, 1, 2)
    );
    assert_eq!(
        (
            coverage.neither,
            coverage.missing_in_candidate,
            coverage.missing_in_baseline
        ),
        (1, 1, 1)
    );
    assert_eq!(
        (difference.wins, difference.losses, difference.ties),
        (1, 1, 0)
    );
    assert_eq!(difference.mean_difference, Some(-0.125));
    assert_eq!(difference.regressions[0].item_id, "4");
    assert!(
        difference
            .statement
            .contains("Left out: 1 item scored in the baseline only, 2 in the candidate only.")
    );
}

#[test]
fn two_items_that_collapse_are_no_improvement_because_a_third_rises() {
    let a = run("a", &[("1", json!(1)), ("2", json!(1)), ("3", json!(0.5))]);
    let b = run("b", &[("1", json!(0)), ("2", json!(0)), ("3", json!(0.6))]);
    let comparison = compare(&[a, b], &Options::default()).unwrap();
    let difference = &comparison.differences[0];
    assert!(difference.mean_difference.unwrap() < -0.6);
    assert_eq!((difference.wins, difference.losses), (1, 2));
    assert!(difference.statistically_tied, "three items prove nothing");
}

#[test]
fn booleans_are_decided_by_mcnemar_and_numbers_by_permutation() {
    let a = many("a", 100, |n: u32| json!(n.is_multiple_of(2)));
    let b = many("b", 100, |n: u32| json!(n.is_multiple_of(2) || n < 40));
    let comparison = compare(&[a, b], &Options::default()).unwrap();
    let difference = &comparison.differences[0];
    assert_eq!(
        difference.mcnemar.map(|test| (test.gained, test.lost)),
        Some((20, 0))
    );
    assert_eq!(difference.p_value, Some(2.0 * 0.5_f64.powi(20)));
    assert!(difference.permutation.is_none() && !difference.statistically_tied);
    assert_eq!(
        difference.statement,
        "`b` scores 0.2 higher than `a` in `s` on average over 100 items (95 % interval +0.1144 to +0.2778, \
         adjusted p = 1.9e-6)."
    );
    assert_eq!(comparison.standings[0].best, "b");
    assert!(comparison.standings[0].tied_with_best.is_empty());
}

#[test]
fn equal_runs_are_tied_and_nothing_is_missing_from_what_is_said() {
    let scores = |n: u32| json!(f64::from(n % 5) / 4.0);
    let comparison = compare(
        &[many("a", 50, scores), many("b", 50, scores)],
        &Options::default(),
    )
    .unwrap();
    let difference = &comparison.differences[0];
    assert!(difference.statistically_tied);
    assert_eq!((difference.ties, difference.p_value), (50, Some(1.0)));
    assert_eq!(
        difference
            .interval
            .map(|interval| (interval.low, interval.high)),
        Some((0.0, 0.0))
    );
    assert_eq!(comparison.standings[0].tied_with_best, ["b"]);
    let text = serde_json::to_string(&comparison).unwrap();
    assert!(!text.contains("null"), "{text}");
}

#[test]
fn the_more_runs_are_compared_the_more_it_takes() {
    let base = |n: u32| json!(n.is_multiple_of(2));
    let better = |n: u32| json!(n.is_multiple_of(2) || n < 14);
    let two = compare(
        &[many("a", 100, base), many("b", 100, better)],
        &Options::default(),
    )
    .unwrap();
    assert!(!two.differences[0].statistically_tied);
    let four = [
        many("a", 100, base),
        many("b", 100, better),
        many("c", 100, base),
        many("d", 100, base),
    ];
    let four = compare(&four, &Options::default()).unwrap();
    assert_eq!(four.differences.len(), 6);
    assert!(four.differences[0].statistically_tied);
    assert_eq!(four.differences[0].p_value, two.differences[0].p_value);
    assert_eq!(four.standings[0].tied_with_best, ["a", "c", "d"]);
}

#[test]
fn runs_without_a_common_item_or_scorer_are_said_to_be_so() {
    let a = run("a", &[("1", json!(1))]);
    let b = run("b", &[("2", json!(1))]);
    let comparison = compare(&[a.clone(), b], &Options::default()).unwrap();
    let difference = &comparison.differences[0];
    assert!(difference.statistically_tied && difference.p_value.is_none());
    assert_eq!(
        difference.statement,
        "No item has a `s` in both `a` and `b`, so nothing can be said of them."
    );
    let failed = run("c", &[("1", Value::Null)]);
    assert_eq!(
        compare(&[a.clone(), failed], &Options::default()),
        Err(CannotCompare::NoCommonScorer)
    );
    assert_eq!(
        compare(&[a], &Options::default()),
        Err(CannotCompare::TooFewRuns)
    );
}

#[test]
fn with_more_tests_than_exchanges_can_serve_the_paired_t_test_decides() {
    let base = |n: u32| json!(f64::from(n % 7) / 7.0);
    let better = |n: u32| json!(f64::from(n % 7) / 7.0 + f64::from(n % 3 + 1) / 50.0);
    let runs = [many("a", 60, base), many("b", 60, better)];
    let decider = |permutations| {
        let options = Options {
            permutations,
            ..Options::default()
        };
        let comparison = compare(&runs, &options).unwrap();
        let difference = &comparison.differences[0];
        assert!(!difference.statistically_tied);
        (difference.deciding_test, difference.permutation.is_some())
    };
    assert_eq!(decider(9_999), (Some(DecidingTest::Permutation), true));
    assert_eq!(decider(150), (Some(DecidingTest::PairedT), true));
    assert_eq!(decider(0), (Some(DecidingTest::PairedT), false));
}

#[test]
fn items_with_several_samples_are_paired_by_their_means() {
    let run = |name: &str, passed: usize| {
        let mut run = RunScores::new(name);
        for id in 0..30 {
            let scores: Vec<Value> = (0..4).map(|sample| json!(sample < passed)).collect();
            run.push(&samples(&id.to_string(), &scores));
        }
        run
    };
    let compared = compare(&[run("a", 1), run("b", 2)], &Options::default()).unwrap();
    let difference = &compared.differences[0];
    assert_eq!(difference.coverage.paired, 30);
    assert_eq!(difference.mean_difference, Some(0.25));
    assert_eq!((difference.wins, difference.mcnemar), (30, None));
    assert!(!difference.statistically_tied);
}
