//! The example client and the patterns do what their first lines say.

use std::process::Command;

use harness::{Stack, programs, temporal, tools};

use crate::SOON;
use crate::sample::{datasets, example};

#[tokio::test]
async fn the_client_script_creates_follows_and_prints_the_scores() {
    let stack = Stack::start().await;
    let script = programs::repository().join("examples/client.py");
    let base = stack.api().base().to_owned();
    let run = move || tools::run(Command::new("python3").arg(script).arg(base));
    let printed = tokio::task::spawn_blocking(run).await.unwrap();
    let row = |scorer: &str| -> Vec<&str> {
        let row = printed.lines().find(|line| line.contains(scorer));
        row.unwrap_or_else(|| panic!("{printed}"))
            .split_whitespace()
            .collect()
    };
    assert!(printed.contains(": completed"), "{printed}");
    // statsmodels 0.15: `proportion_confint(2, 3, method="wilson")`.
    assert_eq!(
        row("correct"),
        ["by-hand", "correct", "0.667", "0.208", "to", "0.939", "3"]
    );
    assert_eq!(row("number_alone")[2], "0.333");
}

#[tokio::test]
async fn rules_of_the_parallel_scoring_example_are_tests() {
    let mut stack = Stack::prepare(temporal::shared().await).await;
    stack.keep_datasets_at(datasets());
    stack.start_api().await;
    stack.start_worker();
    let id = stack.api().create(&example("parallel-scoring.yaml")).await;
    let experiment = stack.api().completed(&id, SOON).await;
    let run = &experiment["models"][0];
    assert_eq!(run["scorers"].as_array().unwrap().len(), 6);
    let location = run["deliveries"][0]["location"].as_str().unwrap();
    let xml = std::fs::read_to_string(stack.artifacts().join(location)).unwrap();
    assert!(
        xml.contains("tests=\"3\" failures=\"0\" errors=\"0\""),
        "{xml}"
    );
}
