//! Scores are handed in to Langfuse in batches, under ids that follow from what they are about.

use std::collections::BTreeSet;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use harness::{Receiver, Stack, experiments, temporal};
use serde_json::{Value, json};

use crate::SOON;

/// The events of all messages with scores, and how many of these there were.
fn events(receiver: &Receiver) -> (Vec<Value>, usize) {
    let mut messages = receiver.messages();
    // Spans are handed in beside them.
    messages.retain(|message| message.path != "/base/api/public/otel/v1/traces");
    let batches = messages.iter().map(|message| {
        assert_eq!(message.path, "/base/api/public/ingestion");
        let expected = format!("Basic {}", STANDARD.encode("pk-lf-1:sk-lf-secret"));
        assert_eq!(message.headers["authorization"], expected);
        let body: Value = serde_json::from_str(&message.body).unwrap();
        body["batch"].as_array().unwrap().clone()
    });
    (batches.flatten().collect(), messages.len())
}

fn ids(events: &[Value], kind: &str, pointer: &str) -> BTreeSet<String> {
    let of_kind = events.iter().filter(|event| event["type"] == kind);
    let ids = of_kind.map(|event| event.pointer(pointer).unwrap().as_str().unwrap().to_owned());
    ids.collect()
}

#[tokio::test]
async fn every_score_is_handed_in_once_with_the_trace_of_its_item() {
    const ITEMS: usize = 150;
    let receiver =
        Receiver::start(|_, _| (207, r#"{"successes": [], "errors": []}"#.to_owned())).await;
    let mut stack = Stack::prepare(temporal::shared().await).await;
    stack.set("LANGFUSE_HOST", &receiver.url("/base"));
    stack.set("LANGFUSE_PUBLIC_KEY", "pk-lf-1");
    stack.set("LANGFUSE_SECRET_KEY", "sk-lf-secret");
    stack.start_api().await;
    stack.start_worker();
    let items = (0..ITEMS).map(|id| {
        let output = if id % 2 == 0 { "yes" } else { "no" };
        json!({"id": format!("i{id}"), "input": {"prompt": "?"}, "expected": "yes", "output": output})
    });
    let scorers = json!([{"type": "exact_match"}, {"type": "fuzzy", "name": "near"}]);
    let mut body = experiments::recorded(items.collect(), scorers);
    body["config"]["sinks"] = json!([{"type": "langfuse"}]);
    let id = stack.api().create(&body).await;
    let experiment = stack.api().completed(&id, SOON).await;
    let delivery = &experiment["models"][0]["deliveries"][0];
    assert_eq!(
        (&delivery["sink"], &delivery["attempts"], &delivery["error"]),
        (&json!("langfuse"), &json!(1), &json!(null))
    );

    let (first, requests) = events(&receiver);
    assert_eq!(first.len(), 3 * ITEMS);
    assert_eq!(requests, 3, "batches of 200");
    let traces = ids(&first, "trace-create", "/body/id");
    assert_eq!(traces.len(), ITEMS);
    assert!(
        traces
            .iter()
            .all(|id| id.len() == 32 && id.bytes().all(|b| b.is_ascii_hexdigit()))
    );
    assert_eq!(ids(&first, "score-create", "/body/traceId"), traces);
    assert_eq!(ids(&first, "score-create", "/body/id").len(), 2 * ITEMS);
    assert_eq!(
        ids(&first, "trace-create", "/body/sessionId"),
        BTreeSet::from([id.clone()])
    );
    let score = |name: &str, value: Value, kind: &str| {
        let found = first
            .iter()
            .find(|event| event["body"]["name"] == name && event["body"]["value"] == value);
        assert_eq!(found.unwrap()["body"]["dataType"], kind);
    };
    score("exact_match", json!(1), "BOOLEAN");
    score("exact_match", json!(0), "BOOLEAN");
    score("near", json!(1.0), "NUMERIC");

    // What is delivered again is the same; what another round has scored replaces what is there.
    for (what, same_events) in [("emit", true), ("rescore", false)] {
        let path = format!("/v1/experiments/{id}/{what}");
        let (before, _) = events(&receiver);
        stack.api().post(&path, &json!({})).await.expect(202);
        stack.api().completed(&id, SOON).await;
        let (all, _) = events(&receiver);
        let again = &all[before.len()..];
        assert_eq!(again.len(), 3 * ITEMS, "{what}");
        let (kind, of_score) = ("score-create", "/body/id");
        assert_eq!(
            ids(again, kind, of_score),
            ids(&first, kind, of_score),
            "{what}"
        );
        assert_eq!(
            ids(again, kind, "/id") == ids(&first, kind, "/id"),
            same_events,
            "{what}"
        );
    }
    assert!(!stack.logs().contains("sk-lf-secret"));
}

#[tokio::test]
async fn what_langfuse_refuses_is_told_and_so_is_that_there_is_none() {
    let refusal = r#"{"successes": [], "errors": [{"id": "x", "status": 400, "message": "name is too long"}]}"#;
    let receiver = Receiver::start(move |_, _| (207, refusal.to_owned())).await;
    let mut body = experiments::valid();
    body["config"]["sinks"] = json!([{"type": "langfuse"}]);
    for host in [Some(receiver.url("")), None] {
        let mut stack = Stack::prepare(temporal::shared().await).await;
        if let Some(host) = &host {
            stack.set("LANGFUSE_HOST", host);
            stack.set("LANGFUSE_PUBLIC_KEY", "pk-lf-1");
            stack.set("LANGFUSE_SECRET_KEY", "sk-lf-secret");
        }
        stack.start_api().await;
        stack.start_worker();
        let id = stack.api().create(&body).await;
        let experiment = stack.api().completed(&id, SOON).await;
        let error = experiment["models"][0]["deliveries"][0]["error"].to_string();
        let expected = match host {
            Some(_) => "1 of 4 events: name is too long",
            None => "set LANGFUSE_HOST",
        };
        assert!(error.contains(expected), "{error}");
    }
}
