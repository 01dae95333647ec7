//! Scores are told by scorer and tag, with intervals that were resampled or hold for items in clusters.

use harness::{Stack, experiments};
use serde_json::{Value, json};

use crate::SOON;

/// Forty items in groups of four that are answered alike: in half of the groups right. One more has no reference.
fn items() -> Vec<Value> {
    let item = |number: u32| {
        let document = number / 4;
        let output = if document.is_multiple_of(2) {
            "yes"
        } else {
            "no"
        };
        let tags = if number < 8 {
            json!(["early"])
        } else {
            json!([])
        };
        json!({
            "id": format!("{number:02}"), "input": {}, "expected": "yes", "output": output,
            "tags": tags, "metadata": {"document": document},
        })
    };
    let bare = json!({"id": "bare", "input": {}, "output": "yes"});
    (0..40).map(item).chain([bare]).collect()
}

#[tokio::test]
async fn scores_are_broken_down_by_tag_with_the_certainty_that_was_asked_for() {
    let stack = Stack::start().await;
    let body = experiments::recorded(json!(items()), json!([{"type": "exact_match"}]));
    let id = stack.api().create(&body).await;
    stack.api().completed(&id, SOON).await;
    let path = format!("/v1/experiments/{id}/breakdown");
    let plain = stack.api().get(&path).await.expect(200);
    assert_eq!(plain["complete"], true);
    let groups = plain["estimates"].as_array().unwrap();
    let told: Vec<_> = groups
        .iter()
        .map(|group| (group["tag"].as_str(), group["coverage"]["scored"].as_u64()))
        .collect();
    assert_eq!(told, [(None, Some(40)), (Some("early"), Some(8))]);
    assert_eq!(groups[0]["coverage"]["scorer_failed"], 1);
    assert_eq!(groups[0]["mean"], 0.5);
    assert!(groups[0].get("bootstrap").is_none() && groups[0].get("clustered").is_none());

    let path = format!("{path}?resamples=2000&seed=7&cluster_by=document");
    let sure = stack.api().get(&path).await.expect(200);
    let all = &sure["estimates"][0];
    let width = |bounds: &Value| bounds["high"].as_f64().unwrap() - bounds["low"].as_f64().unwrap();
    assert_eq!(all["clustered"]["clusters"], 10);
    // Four alike items are worth one: the interval is some twice as wide as that of forty items, resampled or not.
    let (clustered, resampled) = (
        width(&all["clustered"]),
        width(&all["bootstrap"]["percentile"]),
    );
    assert!(clustered > 1.8 * resampled, "{all}");
    assert!((width(&all["interval"]) - resampled).abs() < 0.06, "{all}");
    assert_eq!(stack.api().get(&path).await.expect(200), sure);
}

#[tokio::test]
async fn labels_are_counted_by_what_they_were_taken_for() {
    let stack = Stack::start().await;
    let item = |id: &str, expected: &str, output: &str| json!({"id": id, "input": {}, "expected": expected, "output": output});
    let items = json!([
        item("1", "yes", "Yes, it does."),
        item("2", "yes", "No."),
        item("3", "no", "No, it does not."),
        item("4", "no", "I cannot say."),
    ]);
    let scorers = json!([{"type": "classification", "labels": ["yes", "no"]}]);
    let id = stack
        .api()
        .create(&experiments::recorded(items, scorers))
        .await;
    stack.api().completed(&id, SOON).await;
    let path = format!("/v1/experiments/{id}/breakdown");
    let broken = stack.api().get(&path).await.expect(200);
    let told = &broken["estimates"][0]["classification"];
    assert_eq!(told["accuracy"], 0.5);
    // Of `no`: 1 right of 2 expected and 2 found; of `yes`: 1 of 2 and of 1.
    assert_eq!(told["labels"][0]["f1"], 0.5);
    assert_eq!(told["labels"][1]["f1"], 2.0 / 3.0);
    let silent = json!({"expected": "no", "count": 1});
    assert!(
        told["confusion"].as_array().unwrap().contains(&silent),
        "{told}"
    );
}
