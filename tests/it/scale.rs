//! A large run costs little of Temporal, and all of its results are found.

use std::collections::HashSet;
use std::time::Duration;

use harness::experiments::ids;
use harness::{ModelServer, Stack, experiments, temporal};

const ITEMS: usize = 20_000;

/// Of a build without optimisation on a busy machine.
const LONG: Duration = Duration::from_secs(300);

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn twenty_thousand_items_take_few_actions_and_a_short_history() {
    let server = ModelServer::echo().await;
    let stack = Stack::with_model(&server).await;
    let body = experiments::asked_file(&stack, ITEMS, 100);
    let id = stack.api().create(&body).await;
    let completed = stack.api().completed(&id, LONG).await;
    assert_eq!(completed["models"][0]["states"]["ok"], ITEMS, "{completed}");
    assert_eq!(server.calls(), ITEMS as u64);
    assert_eq!(server.repeated(), 0);

    let path = format!("/v1/experiments/{id}/results?page_size=1000");
    let (results, pages) = stack.api().pages(&path, "results").await;
    assert!(pages >= ITEMS / 1000, "{pages} pages");
    assert_eq!(results.len(), ITEMS);
    let ids = ids(&results);
    let unique: HashSet<&str> = ids.iter().copied().collect();
    assert_eq!(unique.len(), ITEMS);
    assert!(ids.is_sorted(), "the pages are not in the dataset's order");
    assert_eq!(ids.last(), Some(&"item-19999"));

    let history = temporal::shared().await.history(&id).await;
    let events = history.json["events"].as_array().unwrap();
    // Far from what makes a run continue as new.
    assert!(events.len() < 1000, "{} events", events.len());
    let actions = events
        .iter()
        .filter(|event| event["eventType"] == "EVENT_TYPE_ACTIVITY_TASK_SCHEDULED")
        .count();
    println!("{} events, {actions} activities", events.len());
    assert!(actions <= 20 * ITEMS / 1000, "{actions} activities");
}
