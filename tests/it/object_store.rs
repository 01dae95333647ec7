//! Artifacts live as well in an object store that speaks S3 as in a folder.

use std::time::Duration;

use harness::experiments;
use harness::s3::ObjectStore;
use harness::{ModelServer, Reply, Signal, Stack, temporal};
use serde_json::json;

use crate::SOON;
use crate::whole::nothing_is_lost_or_doubled;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_experiment_keeps_its_artifacts_in_s3() {
    let store = ObjectStore::start("artifacts").await;
    let server = ModelServer::start(Duration::from_millis(20), |call| {
        Reply::Text(call.prompt.clone())
    })
    .await;
    let mut stack = Stack::prepare(temporal::shared().await).await;
    stack.provider("test", &server.base_url());
    store.configure(&mut stack, "s3://artifacts/some/prefix");
    stack.start_api().await;
    stack.start_worker();

    let mut body = experiments::asked(experiments::inline(experiments::echo_items(300)));
    body["config"]["execution"] = json!({"concurrency_limit": 10});
    body["config"]["sinks"] = json!([{"type": "jsonl"}]);
    let id = stack.api().create(&body).await;
    // The loss of a worker costs no more than on a local disk, but for answers that wait 250 ms to be written together.
    server.has_delivered(100, SOON).await;
    stack.take_worker().kill();
    stack.start_worker();
    let experiment = stack.api().completed(&id, 2 * SOON).await;

    nothing_is_lost_or_doubled(stack.api(), &id, 300).await;
    // 500 answers a second, in the 250 ms until a write begins and in the write itself, which takes some 100 ms.
    let (repeated, allowed) = (server.repeated(), 10 + 500 * (250 + 150) / 1000);
    assert!(repeated <= allowed, "{repeated} calls repeated");
    let delivery = &experiment["models"][0]["deliveries"][0];
    assert!(delivery["error"].is_null(), "{delivery}");
    let names = store
        .names(&format!("artifacts/some/prefix/experiments/{id}"))
        .await;
    for name in ["runs", "exports", "spec-"] {
        assert!(names.contains(name), "{names}");
    }
    outlives_a_frozen_store(&store, &server, &stack).await;
    let local = std::fs::read_dir(stack.artifacts()).unwrap().count();
    assert_eq!(local, 0, "something was written to the local folder");
}

/// The answers wait while the store does not answer; none is asked for again. Part of the test above, for a second store
/// beside it is more than a small machine starts.
async fn outlives_a_frozen_store(store: &ObjectStore, server: &ModelServer, stack: &Stack) {
    let body = experiments::asked_file(stack, 600, 10);
    let (calls, delivered) = (server.calls(), server.delivered());
    let id = stack.api().create(&body).await;
    server.has_delivered(delivered + 200, SOON).await;
    store.process().signal(Signal::Stop);
    // No chunk ends, so that no call is left to make at last.
    server.left_alone(SOON).await;
    let frozen = stack.api().experiment(&id).await;
    assert_eq!(frozen["status"], "running", "{frozen}");
    store.process().signal(Signal::Continue);
    stack.api().completed(&id, 2 * SOON).await;
    nothing_is_lost_or_doubled(stack.api(), &id, 600).await;
    assert_eq!(server.calls() - calls, 600);
}
