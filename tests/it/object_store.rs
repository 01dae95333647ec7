//! Artifacts live as well in an object store that speaks S3 as in a folder.

use std::time::Duration;

use harness::experiments;
use harness::s3::ObjectStore;
use harness::{ModelServer, Reply, Stack, eventually, temporal};
use serde_json::json;

use crate::SOON;

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
    eventually("some are answered", SOON, async || {
        match server.delivered() {
            delivered if delivered >= 100 => Ok(()),
            delivered => Err(format!("{delivered} answers")),
        }
    })
    .await;
    stack.take_worker().kill();
    stack.start_worker();
    let experiment = stack.api().completed(&id, 2 * SOON).await;

    assert_eq!(stack.api().results(&id, "page_size=500").await.len(), 300);
    let summary = stack.api().summary(&id).await;
    assert_eq!(summary["models"][0]["states"]["ok"], 300);
    assert_eq!(summary["models"][0]["scorers"][0]["mean"], 1.0);
    // 500 answers a second, in the 250 ms until a write begins and in the write itself, which takes some 100 ms.
    let allowed = 300 + 10 + 500 * (250 + 150) / 1000;
    assert!(server.calls() <= allowed, "{} calls", server.calls());
    let delivery = &experiment["models"][0]["deliveries"][0];
    assert!(delivery["error"].is_null(), "{delivery}");
    let names = store
        .names(&format!("artifacts/some/prefix/experiments/{id}"))
        .await;
    for name in ["runs", "exports", "spec-"] {
        assert!(names.contains(name), "{names}");
    }
    let local = std::fs::read_dir(stack.artifacts()).unwrap().count();
    assert_eq!(local, 0, "something was written to the local folder");
}
