//! While Temporal is away the API says so at once; when it is back, everything goes on.

use std::time::Duration;

use harness::experiments;
use harness::temporal::TemporalServer;
use harness::{Answer, ModelServer, Reply, Stack, eventually};
use serde_json::json;

use crate::SOON;
use crate::whole::nothing_is_lost_or_doubled;

const AT_ONCE: Duration = Duration::from_secs(1);

/// Temporal takes a while to be whole again after a crash, and workers look for it only now and then.
const BACK: Duration = Duration::from_secs(120);

#[track_caller]
fn is_unavailable(answer: &Answer) {
    assert_eq!(answer.status, 503, "{}", answer.text);
    assert!(answer.took < AT_ONCE, "after {:?}", answer.took);
    let problem = answer.problem();
    assert_eq!(problem["code"], "unavailable", "{problem}");
    let seconds: Result<u64, _> = answer.header("retry-after").parse();
    assert!(
        seconds.is_ok(),
        "Retry-After: {}",
        answer.header("retry-after")
    );
}

#[tokio::test]
async fn an_api_that_starts_before_temporal_says_so_and_recovers() {
    let temporal = TemporalServer::private().await;
    let mut stack = Stack::prepare(&temporal).await;
    stack.start_api().await;
    let api = stack.api().clone();
    is_unavailable(&api.post("/v1/experiments", &experiments::valid()).await);
    is_unavailable(&api.get("/v1/experiments").await);
    is_unavailable(&api.get("/v1/workflows/nothing").await);
    is_unavailable(&api.get("/v1/workflows/nothing/history").await);
    assert_eq!(api.get("/healthz").await.status, 200);
    assert_eq!(api.get("/readyz").await.status, 503);
    assert_eq!(api.get("/openapi.json").await.status, 200);
    // What is wrong with a request does not depend on Temporal.
    let bad = api.post("/v1/experiments", &json!({})).await;
    assert!((400..500).contains(&bad.status), "{}", bad.text);

    stack.start_worker();
    temporal.start().await;
    eventually("the API is ready", BACK, async || {
        match api.get("/readyz").await {
            ready if ready.status == 200 => Ok(()),
            other => Err(other.text),
        }
    })
    .await;
    let id = api.create(&experiments::valid()).await;
    api.completed(&id, BACK).await;
}

#[tokio::test]
async fn a_run_outlives_the_absence_of_temporal() {
    const ITEMS: usize = 600;
    const CONCURRENCY: u64 = 10;
    let server = ModelServer::start(Duration::from_millis(50), |call| {
        Reply::Text(call.prompt.clone())
    })
    .await;
    let temporal = TemporalServer::private().await;
    temporal.start().await;
    let mut stack = Stack::prepare(&temporal).await;
    stack.provider("test", &server.base_url());
    stack.start_api().await;
    stack.start_worker();
    let body = experiments::asked_file(&stack, ITEMS, CONCURRENCY);
    let api = stack.api().clone();
    let id = api.create(&body).await;
    server.has_delivered(100, SOON).await;

    temporal.kill().await;
    is_unavailable(&api.post("/v1/experiments", &experiments::valid()).await);
    is_unavailable(&api.get("/v1/experiments").await);
    is_unavailable(&api.get(&format!("/v1/experiments/{id}")).await);
    is_unavailable(
        &api.post_empty(&format!("/v1/experiments/{id}/cancel"))
            .await,
    );
    assert_eq!(api.get("/readyz").await.status, 503);

    temporal.start().await;
    eventually("the API answers again", BACK, async || {
        match api.get(&format!("/v1/experiments/{id}")).await {
            answer if answer.status == 200 => Ok(()),
            answer => Err(answer.text),
        }
    })
    .await;
    api.completed(&id, BACK).await;
    nothing_is_lost_or_doubled(&api, &id, ITEMS).await;
    // An attempt that Temporal gave up meanwhile may have overlapped with the next by the calls in flight, and by those
    // answered until it learnt of it.
    let repeated = server.repeated();
    assert!(repeated <= 3 * CONCURRENCY, "{repeated} calls repeated");
    let next = api.create(&experiments::valid()).await;
    api.completed(&next, BACK).await;
}
