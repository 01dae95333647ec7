//! Gates as a whole: what passes, what fails, and how it is told.

use serde_json::json;

use super::*;
use crate::aggregate::Aggregate;
use crate::comparison::difference::{DifferenceInterval, DifferenceMethod};
use crate::comparison::scores::RunScores;
use crate::comparison::{Options, compare};
use crate::samples::tests::samples;
use crate::score::ScoreValue;

fn judged() -> Judged {
    let figures = ScorerFigures {
        count: 90,
        mean: Some(0.9),
        passed: Some(81),
    };
    Judged {
        run: "new".to_owned(),
        states: StateCounts {
            ok: 90,
            generation_failed: 6,
            scorer_failed: 3,
            skipped: 1,
        },
        scorers: BTreeMap::from([("exact".to_owned(), figures)]),
    }
}

fn rules(texts: &[&str]) -> Vec<Rule> {
    texts.iter().map(|text| text.parse().unwrap()).collect()
}

/// A comparison whose interval begins at `low`.
fn compared(low: f64) -> Vec<Difference> {
    let run = |name: &str| {
        let mut run = RunScores::new(name);
        for id in 0..3 {
            let result = serde_json::json!({
                "item": {"id": id.to_string(), "input": {}},
                "state": "ok",
                "scores": [{"name": "exact", "value": id > 0, "eval_id": "e.v1"}],
            });
            run.push(&[serde_json::from_value(result).unwrap()]);
        }
        run
    };
    let mut comparison = compare(&[run("old"), run("new")], &Options::default()).unwrap();
    comparison.differences[0].interval = Some(DifferenceInterval {
        low,
        high: 0.1,
        method: DifferenceMethod::BonettPrice,
    });
    comparison.differences
}

#[test]
fn every_rule_is_judged_with_its_numbers() {
    let rules = rules(&[
        "mean(exact) >= 0.9",
        "pass_rate(exact) >= 85%",
        "failure_rate <= 10%",
    ]);
    let verdict = judge(&judged(), &[], &rules);
    let told: Vec<_> = verdict
        .rules
        .iter()
        .map(|rule| (rule.passed, rule.observed))
        .collect();
    // Ten items without a score have not passed: 81 of 100.
    assert_eq!(
        told,
        [(true, Some(0.9)), (false, Some(0.81)), (true, Some(0.1))]
    );
    assert!(!verdict.passed);
    assert_eq!(
        verdict.rules[1].message,
        "failed: the share of items that pass `exact` is 0.810000, and must be >= 0.85"
    );
}

#[test]
fn a_run_is_not_inferior_when_the_lower_bound_keeps_to_the_margin() {
    let rules = rules(&["margin(exact) >= -0.02"]);
    assert!(judge(&judged(), &compared(-0.02), &rules).passed);
    assert!(!judge(&judged(), &compared(-0.021), &rules).passed);
}

#[test]
fn a_rule_without_numbers_fails() {
    let rules = rules(&[
        "mean(other) >= -5",
        "margin(exact) >= -0.5",
        "failure_rate <= 100%",
    ]);
    let verdict = judge(&Judged::default(), &[], &rules);
    assert!(
        verdict
            .rules
            .iter()
            .all(|rule| !rule.passed && rule.observed.is_none())
    );
    let mut differences = compared(0.0);
    differences[0].interval = None;
    assert!(!judge(&judged(), &differences, &rules[1..2]).passed);
}

#[test]
fn of_numbers_no_item_is_said_to_have_passed() {
    let mut booleans = Aggregate::new("s");
    (0..7).for_each(|item| booleans.push(ScoreValue::Boolean(item < 5)));
    let figures = ScorerFigures::from(&ScorerSummary::from(&booleans));
    assert_eq!((figures.count, figures.passed), (7, Some(5)));
    let mut numbers = Aggregate::new("s");
    (0..7).for_each(|_| numbers.push(ScoreValue::Number(1.0)));
    let figures = ScorerFigures::from(&ScorerSummary::from(&numbers));
    assert_eq!((figures.mean, figures.passed), (Some(1.0), None));
}

#[test]
fn of_several_samples_each_passes_or_not() {
    let mut aggregate = Aggregate::new("s");
    aggregate.push_item(&samples("a", &[json!(true), json!(true), json!(false)]));
    aggregate.push_item(&samples("b", &[json!(true), json!(null), json!(false)]));
    let figures = ScorerFigures::from(&ScorerSummary::from(&aggregate));
    assert_eq!((figures.count, figures.passed), (2, Some(3)));
}
