//! Every recorded history still replays: a change to a workflow strands no run that is under way.

use std::path::PathBuf;

use temporalio_client::WorkflowHistory;
use temporalio_sdk::workflow_replayer::{WorkflowReplayer, WorkflowReplayerOptions};
use workflows::experiment::ExperimentWorkflow;
use workflows::multi_model::MultiModelWorkflow;
use workflows::provider_limit::ProviderLimitWorkflow;

fn histories() -> Vec<PathBuf> {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/histories");
    let mut paths: Vec<PathBuf> = std::fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .collect();
    paths.sort();
    paths
}

#[tokio::test]
async fn every_recorded_history_replays() {
    let options = WorkflowReplayerOptions::new()
        .register_workflow::<ExperimentWorkflow>()
        .unwrap()
        .register_workflow::<MultiModelWorkflow>()
        .unwrap()
        .register_workflow::<ProviderLimitWorkflow>()
        .unwrap()
        .build();
    let replayer = WorkflowReplayer::new(options).unwrap();
    let histories = histories();
    assert!(!histories.is_empty());
    for path in histories {
        let history = WorkflowHistory::from_json(&std::fs::read(&path).unwrap()).unwrap();
        let replayed = replayer.replay_workflow(history).await;
        assert!(replayed.is_ok(), "{}: {:?}", path.display(), replayed.err());
    }
}
