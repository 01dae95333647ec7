//! A call that fails is tried again as the experiment asks, and only if that may help.

use std::time::Duration;

use harness::experiments::{self, result_of};
use harness::model_server::Call;
use harness::{ModelServer, Reply, Stack};
use serde_json::{Value, json};

use crate::SOON;

/// The item that has trouble in these tests, among others that have none.
const TROUBLED: &str = "item-00003";

/// Answers all items but one, which `trouble` decides about.
async fn troubled(trouble: impl Fn(&Call) -> Reply + Send + Sync + 'static) -> ModelServer {
    ModelServer::start(Duration::ZERO, move |call| match call.prompt.as_str() {
        TROUBLED => trouble(call),
        _ => Reply::Text(call.prompt.clone()),
    })
    .await
}

fn body(retry: Value) -> Value {
    let mut body = experiments::asked(experiments::inline(experiments::echo_items(10)));
    body["config"]["retry"] = retry;
    body
}

fn short_waits(maximum_attempts: u32) -> Value {
    json!({"initial_interval": "100ms", "maximum_interval": "200ms", "maximum_attempts": maximum_attempts})
}

/// Runs to completion; gives back the state of the troubled item's result, and its output.
async fn outcome(server: &ModelServer, body: &Value) -> (Value, Value) {
    let stack = Stack::with_model(server).await;
    let id = stack.api().create(body).await;
    stack.api().completed(&id, SOON).await;
    let results = stack.api().results(&id, "").await;
    assert_eq!(results.len(), 10);
    let result = result_of(&results, TROUBLED);
    let summary = stack.api().summary(&id).await;
    let states = &summary["models"][0]["states"];
    match result["state"] == "ok" {
        true => assert_eq!(states["ok"], 10),
        false => assert_eq!(
            (&states["ok"], &states["generation_failed"]),
            (&json!(9), &json!(1))
        ),
    }
    for index in (0..10).filter(|index| format!("item-{index:05}") != TROUBLED) {
        assert_eq!(
            server.asked(&format!("item-{index:05}")),
            1,
            "another item's trouble"
        );
    }
    (result["state"].clone(), result["output"].clone())
}

#[tokio::test]
async fn two_server_errors_and_then_an_answer_make_three_calls() {
    let server = troubled(|call| match call.nth {
        1 | 2 => Reply::Refuse(500),
        _ => Reply::Text(call.prompt.clone()),
    })
    .await;
    let (state, output) = outcome(&server, &body(short_waits(5))).await;
    assert_eq!(state, "ok");
    assert_eq!(output["attempts"], 3);
    assert_eq!(server.asked(TROUBLED), 3);
}

#[tokio::test]
async fn an_item_counts_as_failed_after_the_last_attempt() {
    let server = troubled(|_| Reply::Refuse(500)).await;
    let (state, output) = outcome(&server, &body(short_waits(2))).await;
    assert_eq!(state, "generation_failed");
    assert_eq!(output["attempts"], 2);
    assert_eq!(output["error"]["kind"], "provider_unavailable");
    assert_eq!(output["error"]["status"], 500);
    assert_eq!(server.asked(TROUBLED), 2);
}

#[tokio::test]
async fn a_refused_request_is_not_repeated() {
    let server = troubled(|_| Reply::Refuse(400)).await;
    let (state, output) = outcome(&server, &body(short_waits(5))).await;
    assert_eq!(state, "generation_failed");
    assert_eq!(output["error"]["kind"], "bad_request");
    assert_eq!(output["error"]["status"], 400);
    assert_eq!(server.asked(TROUBLED), 1);
}

#[tokio::test]
async fn an_answer_that_is_no_completion_is_not_repeated() {
    let server = troubled(|_| Reply::Garbage).await;
    let (state, output) = outcome(&server, &body(short_waits(5))).await;
    assert_eq!(state, "generation_failed");
    assert_eq!(output["error"]["kind"], "bad_answer");
    assert_eq!(server.asked(TROUBLED), 1);
}

#[tokio::test]
async fn a_broken_connection_is_tried_again() {
    let server = troubled(|call| match call.nth {
        1 => Reply::HangUp,
        _ => Reply::Text(call.prompt.clone()),
    })
    .await;
    let (state, output) = outcome(&server, &body(short_waits(5))).await;
    assert_eq!(state, "ok");
    assert_eq!(output["attempts"], 2);
    assert_eq!(server.asked(TROUBLED), 2);
}

#[tokio::test]
async fn a_call_without_an_answer_ends_at_its_time_limit() {
    let server = troubled(|_| Reply::Silence).await;
    let mut body = body(short_waits(2));
    body["config"]["execution"] = json!({"call_timeout": "500ms"});
    let (state, output) = outcome(&server, &body).await;
    assert_eq!(state, "generation_failed");
    assert_eq!(output["error"]["kind"], "timeout");
    assert_eq!(server.asked(TROUBLED), 2);
}

#[tokio::test]
async fn a_rate_limit_is_kept_and_shown_while_it_lasts() {
    const ASKED_FOR: Duration = Duration::from_secs(4);
    let server = troubled(|call| match call.nth {
        1 => Reply::SlowDown(ASKED_FOR.as_secs()),
        _ => Reply::Text(call.prompt.clone()),
    })
    .await;
    let stack = Stack::with_model(&server).await;
    let id = stack.api().create(&body(short_waits(5))).await;
    let waiting = stack
        .api()
        .wait_until(&id, "waits for the rate limit", SOON, |experiment| {
            experiment["models"][0]["waiting_on"]["reason"] == "rate_limit"
        })
        .await;
    assert_eq!(waiting["status"], "running");
    assert_eq!(waiting["waiting_on"]["reason"], "rate_limit");
    let waiting_on = &waiting["models"][0]["waiting_on"];
    assert!(waiting_on["until"].is_string(), "{waiting_on}");
    assert_eq!(waiting_on["attempt"], 2, "{waiting_on}");
    stack.api().completed(&id, SOON).await;

    assert_eq!(server.asked(TROUBLED), 2);
    let calls = server.bodies().into_iter().zip(server.times());
    let times: Vec<_> = calls
        .filter(|(body, _)| body.to_string().contains(TROUBLED))
        .map(|(_, time)| time)
        .collect();
    let waited = times[1].duration_since(times[0]);
    assert!(waited >= ASKED_FOR, "asked again after {waited:?}");
}

#[tokio::test]
async fn a_wait_after_a_failure_is_shown_with_its_end() {
    let server = troubled(|call| match call.nth {
        1 => Reply::Refuse(503),
        _ => Reply::Text(call.prompt.clone()),
    })
    .await;
    let stack = Stack::with_model(&server).await;
    let retry = json!({"initial_interval": "4s", "maximum_interval": "4s"});
    let id = stack.api().create(&body(retry)).await;
    let waiting = stack
        .api()
        .wait_until(&id, "waits", SOON, |experiment| {
            // Until the worker is there, it is what is waited for.
            let waiting_on = &experiment["models"][0]["waiting_on"];
            waiting_on.is_object() && waiting_on["reason"] != "worker"
        })
        .await;
    let waiting_on = &waiting["models"][0]["waiting_on"];
    let reason = &waiting_on["reason"];
    assert!(reason == "backoff" || reason == "provider", "{waiting_on}");
    assert!(waiting_on["until"].is_string(), "{waiting_on}");
    assert!(
        waiting_on["detail"]
            .as_str()
            .unwrap_or_default()
            .contains("503"),
        "{waiting_on}"
    );
    stack.api().completed(&id, SOON).await;
    assert_eq!(server.asked(TROUBLED), 2);
}
