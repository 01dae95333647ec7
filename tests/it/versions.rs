//! With versions of the worker, a run goes on on the version that is current; whoever watches it goes on on the next API.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use harness::temporal::{self, TemporalServer};
use harness::{Client, ModelServer, Reply, Stack, eventually, experiments};
use reqwest::Method;
use serde_json::Value;

use crate::SOON;
use crate::whole::nothing_is_lost_or_doubled;

const ITEMS: usize = 1000;
const CONCURRENCY: u64 = 20;

/// Makes a version the current one, as soon as its worker asks for work.
async fn make_current(temporal: &TemporalServer, deployment: &str, build_id: &str) {
    eventually("the version becomes current", SOON, async || {
        let command = ["worker", "deployment", "set-current-version", "--yes"];
        let version = ["--deployment-name", deployment, "--build-id", build_id];
        temporal.ask(&[command, version].concat()).await
    })
    .await;
}

/// Slow while programs change, so that there is something left for the next on any machine.
async fn server_that_may_be_slow() -> (ModelServer, Arc<AtomicBool>) {
    let is_slow = Arc::new(AtomicBool::new(false));
    let slow = Arc::clone(&is_slow);
    let server = ModelServer::start(Duration::from_millis(50), move |call| {
        let answer = Reply::Text(call.prompt.clone());
        match slow.load(Ordering::Relaxed) {
            true => Reply::After(Duration::from_secs(1), Box::new(answer)),
            false => answer,
        }
    })
    .await;
    (server, is_slow)
}

/// A run on a worker of the first version: the deployment, and the experiment.
async fn begun_on_the_first_version(
    stack: &mut Stack,
    temporal: &TemporalServer,
) -> (String, String) {
    let deployment = format!("deployment-{}", stack.task_queue);
    stack.set("WORKER_DEPLOYMENT", &deployment);
    stack.set("WORKER_BUILD_ID", "first");
    stack.start_worker();
    make_current(temporal, &deployment, "first").await;
    let body = experiments::asked_file(stack, ITEMS, CONCURRENCY);
    let id = stack.api().create(&body).await;
    (deployment, id)
}

#[tokio::test]
async fn a_run_goes_on_on_the_version_that_becomes_current() {
    let (server, is_slow) = server_that_may_be_slow().await;
    let temporal = temporal::shared().await;
    let mut stack = Stack::prepare(temporal).await;
    stack.provider_with("test", &server.base_url(), "max_concurrency = 20");
    stack.start_api().await;
    let (deployment, id) = begun_on_the_first_version(&mut stack, temporal).await;
    server.has_delivered(200, SOON).await;
    is_slow.store(true, Ordering::Relaxed);

    stack.set("WORKER_BUILD_ID", "second");
    stack.start_worker();
    make_current(temporal, &deployment, "second").await;
    stack.take_worker().stop(SOON).await;
    let before = server.delivered();
    assert!(before < ITEMS as u64, "the first has done everything");
    is_slow.store(false, Ordering::Relaxed);
    stack.api().completed(&id, SOON).await;

    nothing_is_lost_or_doubled(stack.api(), &id, ITEMS).await;
    // A worker that is told to stop waits for the calls in flight.
    assert_eq!(server.repeated(), 0);
    let history = temporal.history(&id).await;
    let events = history.json["events"].as_array().unwrap();
    let tasks = events
        .iter()
        .map(|event| &event["workflowTaskCompletedEventAttributes"])
        .filter(|task| task.is_object());
    let (mut versions, mut behaviours) = (BTreeSet::new(), BTreeSet::new());
    for task in tasks {
        versions.insert(task["deploymentVersion"]["buildId"].as_str());
        behaviours.insert(task["versioningBehavior"].as_str());
    }
    assert_eq!(versions, BTreeSet::from([Some("first"), Some("second")]));
    let moves_on = Some("VERSIONING_BEHAVIOR_AUTO_UPGRADE");
    assert_eq!(behaviours, BTreeSet::from([moves_on]));
}

/// The events of a stream that has ended, from the one after `last` on: the id of each, and the experiment.
async fn events(api: Client, id: String, last: Option<String>) -> Vec<(String, Value)> {
    let mut request = api.request(Method::GET, &format!("/v1/experiments/{id}/events"));
    if let Some(last) = last {
        request = request.header("last-event-id", last);
    }
    let stream = api.send(request).await;
    assert_eq!(stream.status, 200, "{}", stream.text);
    let fields = |name: &'static str| {
        let lines = stream.text.lines();
        lines.filter_map(move |line| line.strip_prefix(name))
    };
    let experiments = fields("data: ").map(|data| serde_json::from_str(data).unwrap());
    fields("id: ").map(str::to_owned).zip(experiments).collect()
}

#[tokio::test]
async fn both_programs_are_replaced_while_a_run_is_watched() {
    let (server, is_slow) = server_that_may_be_slow().await;
    let temporal = temporal::shared().await;
    let mut stack = Stack::prepare(temporal).await;
    stack.provider("test", &server.base_url());
    stack.start_api().await;
    let (deployment, id) = begun_on_the_first_version(&mut stack, temporal).await;
    let watching = tokio::spawn(events(stack.api().clone(), id.clone(), None));
    server.has_delivered(100, SOON).await;
    is_slow.store(true, Ordering::Relaxed);

    // The next of each is there before the former goes.
    stack.set("WORKER_BUILD_ID", "second");
    stack.start_worker();
    make_current(temporal, &deployment, "second").await;
    let mut former = stack.take_api();
    stack.start_api().await;
    let (delivered, ()) = (server.delivered(), former.stop(SOON).await);
    assert!(delivered < ITEMS as u64, "nothing is left to be watched");
    stack.take_worker().stop(SOON).await;
    is_slow.store(false, Ordering::Relaxed);
    let first = watching.await.unwrap();
    let (last, experiment) = first.last().expect("it was watched");
    assert_eq!(experiment["status"], "running");
    let second = events(stack.api().clone(), id.clone(), Some(last.clone())).await;

    let told = [first.clone(), second.clone()].concat();
    let mut steps = told.windows(2);
    assert!(
        steps.all(|step| step[0].0 != step[1].0),
        "an event is told again without a change"
    );
    let (_, ended) = second.last().unwrap();
    assert_eq!(ended["models"][0]["items_done"], ITEMS);
    assert_eq!(ended["status"], "completed");
    nothing_is_lost_or_doubled(stack.api(), &id, ITEMS).await;
    assert_eq!(server.repeated(), 0);
}

#[tokio::test]
async fn a_worker_with_half_a_version_does_not_start() {
    let mut stack = Stack::prepare(temporal::shared().await).await;
    stack.set("WORKER_BUILD_ID", "first");
    stack.start_worker();
    let worker = stack.worker();
    assert_eq!(worker.ends(SOON).await.code(), Some(2));
    let log = stack.worker().log();
    assert!(log.contains("--worker-deployment"), "{log}");
}
