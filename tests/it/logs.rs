//! What the programs log: a line for each request and for each attempt of an activity, with whom they are about.

use harness::{Stack, experiments};
use serde_json::Value;

use crate::SOON;

/// The lines of a log that have this message.
fn lines(log: &str, message: &str) -> Vec<Value> {
    let lines = log.lines();
    let lines = lines.filter_map(|line| serde_json::from_str::<Value>(line).ok());
    lines.filter(|line| line["message"] == message).collect()
}

#[tokio::test]
async fn requests_and_activities_have_a_line_each_with_the_experiment() {
    let mut stack = Stack::prepare(harness::temporal::shared().await).await;
    stack.set("LOG_FORMAT", "json");
    stack.start_api().await;
    stack.start_worker();
    let id = stack.api().create(&experiments::valid()).await;
    stack.api().completed(&id, SOON).await;
    let results = format!("/v1/experiments/{id}/results");
    stack.api().get(&results).await.expect(200);
    stack
        .api()
        .get(&format!("/v1/workflows/{id}"))
        .await
        .expect(200);
    // What has ended well has written all of it.
    let (mut api, mut worker) = (stack.take_api(), stack.take_worker());
    api.stop(SOON).await;
    worker.stop(SOON).await;

    let requests = lines(&api.log(), "request");
    let of = |method: &str, path: &str| {
        let found = requests
            .iter()
            .find(|line| line["http.method"] == method && line["http.path"] == path);
        found.unwrap_or_else(|| panic!("no line of {method} {path}: {requests:?}"))
    };
    assert_eq!(of("POST", "/v1/experiments")["experiment.id"], id);
    let line = of("GET", &results);
    assert_eq!(line["experiment.id"], id);
    assert_eq!(
        line["http.route"],
        "/v1/experiments/{experiment_id}/results"
    );
    assert_eq!(line["http.status"], 200);
    assert!(line["http.duration_ms"].is_number() && line["request.id"].is_string());
    assert_eq!(of("GET", &format!("/v1/workflows/{id}"))["workflow.id"], id);

    let log = worker.log();
    let activities = [
        "LoadDataset",
        "GenerateOutput",
        "ScoreOutput",
        "EmitResults",
    ];
    for activity in activities {
        let [line] = &lines(&log, activity)[..] else {
            panic!("one line of {activity}: {log}");
        };
        assert_eq!(line["experiment.id"], id, "{line}");
        assert_eq!(line["workflow.id"], id, "{line}");
        assert!(line["workflow.run_id"].is_string(), "{line}");
        assert_eq!(line["activity.attempt"], 1, "{line}");
        assert_eq!(line["activity.outcome"], "done", "{line}");
    }
    let [stretch] = &lines(&log, "GenerateOutput")[..] else {
        unreachable!("seen above");
    };
    assert_eq!(
        (&stretch["chunk.first"], &stretch["chunk.count"]),
        (&0.into(), &1.into())
    );
}
