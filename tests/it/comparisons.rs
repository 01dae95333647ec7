//! Two experiments on the same items are compared item by item, and nothing is called better that may be chance.

use harness::{Stack, experiments};
use serde_json::{Value, json};

use crate::SOON;

/// Bonett and Price's interval for none gained and ten lost of forty.
const LOW: f64 = -0.382827329564;
const HIGH: f64 = -0.093363146626;

/// Forty items with the answers of a model that is right where `is_right` says so.
async fn run(stack: &Stack, is_right: impl Fn(u32) -> bool) -> String {
    let items = (0..40).map(|item| {
        let output = if is_right(item) { "yes" } else { "no" };
        json!({"id": format!("{item:02}"), "input": {}, "expected": "yes", "output": output})
    });
    let body = experiments::recorded(items.collect(), json!([{"type": "exact_match"}]));
    let id = stack.api().create(&body).await;
    stack.api().completed(&id, SOON).await;
    id
}

async fn difference(stack: &Stack, baseline: &str, candidate: &str) -> Value {
    let path = format!("/v1/comparisons?experiment={baseline}&experiment={candidate}");
    let comparison = stack.api().get(&path).await.expect(200);
    assert_eq!(comparison["complete"], true);
    comparison["differences"][0].clone()
}

#[tokio::test]
async fn a_run_that_got_worse_is_told_with_its_certainty_and_its_items() {
    let stack = Stack::start().await;
    let before = run(&stack, |item| item < 30).await;
    let after = run(&stack, |item| (10..30).contains(&item)).await;
    let worse = difference(&stack, &before, &after).await;
    assert_eq!(worse["mean_difference"], -0.25);
    // scipy 1.17: `binomtest(0, 10)`.
    assert_eq!(worse["mcnemar"]["p_value"], 0.001_953_125);
    assert_eq!(worse["statistically_tied"], false);
    let bound = |name: &str| worse["interval"][name].as_f64().unwrap();
    assert!((bound("low") - LOW).abs() < 1e-9 && (bound("high") - HIGH).abs() < 1e-9);
    let lost = worse["regressions"].as_array().unwrap().iter();
    let lost: Vec<&str> = lost.map(|item| item["item_id"].as_str().unwrap()).collect();
    assert_eq!(
        lost,
        ["00", "01", "02", "03", "04", "05", "06", "07", "08", "09"]
    );
}

#[tokio::test]
async fn runs_that_differ_in_two_items_are_tied() {
    let stack = Stack::start().await;
    let before = run(&stack, |item| item < 30).await;
    let after = run(&stack, |item| item < 32).await;
    let tied = difference(&stack, &before, &after).await;
    assert_eq!((&tied["wins"], &tied["losses"]), (&json!(2), &json!(0)));
    assert_eq!(tied["statistically_tied"], true);
    let statement = tied["statement"].as_str().unwrap();
    assert!(statement.contains("statistically tied"), "{statement}");
}
