//! One trace leads from a request to every call and score of its experiment, and a worker that is lost takes no span with it.

use std::collections::BTreeMap;
use std::time::Duration;

use harness::collector::{Span, named, unknown_parents};
use harness::{Collector, ModelServer, Receiver, Reply, Stack, eventually, experiments, temporal};
use reqwest::Method;
use serde_json::{Value, json};

use crate::SOON;

const TRACE: &str = "4bf92f3577b34da6a3ce929d0e0e4736";
const CLIENT: &str = "00f067aa0ba902b7";

async fn traced_stack(collector: &Collector, server: &ModelServer) -> Stack {
    let mut stack = Stack::prepare(temporal::shared().await).await;
    stack.provider("test", &server.base_url());
    stack.set("OTEL_EXPORTER_OTLP_ENDPOINT", &collector.url());
    stack.set("TRACE_UI", "http://traces.test/{trace_id}");
    stack
}

/// Posts an experiment as part of a client's trace; gives its id.
async fn create_within_a_trace(stack: &Stack, body: &Value, flags: &str) -> String {
    let request = stack.api().request(Method::POST, "/v1/experiments");
    let request = request.header("traceparent", format!("00-{TRACE}-{CLIENT}-{flags}"));
    let answer = stack.api().send(request.json(body)).await;
    let created = answer.expect(201);
    let served = answer.header("traceresponse");
    assert!(served.starts_with(&format!("00-{TRACE}-")), "{served}");
    created["id"].as_str().unwrap().to_owned()
}

/// The spans of the client's trace, when every one of them hangs on another that is known, and what is looked for is there.
async fn whole_trace(collector: &Collector, workflows: usize) -> Vec<Span> {
    eventually("the trace is whole", SOON, async || {
        let mut spans = collector.spans();
        spans.retain(|span| span.trace == TRACE);
        let unknown = unknown_parents(&spans);
        let ended = named(&spans, "RunWorkflow:").len();
        match unknown.iter().all(|parent| parent == CLIENT) && ended == workflows {
            true => Ok(spans),
            false => Err(format!(
                "{ended} workflows, unknown parents {unknown:?}, all spans: {:?}",
                collector.names()
            )),
        }
    })
    .await
}

/// The names of what is above a span, from the next one up.
fn above<'a>(spans: &'a [Span], span: &Span) -> Vec<&'a str> {
    let by_id: BTreeMap<&str, &Span> = spans.iter().map(|span| (span.id.as_str(), span)).collect();
    let mut names = Vec::new();
    let mut parent = span.parent.as_str();
    while let Some(span) = by_id.get(parent) {
        names.push(span.name.as_str());
        parent = &span.parent;
    }
    names
}

#[tokio::test]
async fn one_trace_leads_from_the_request_to_every_call_and_score() {
    const ITEMS: usize = 3;
    let collector = Collector::start().await;
    let server = ModelServer::start(Duration::ZERO, |call| match call.model.as_str() {
        "judge" => Reply::Text(json!({"reason": "it is secret", "score": 1}).to_string()),
        _ => Reply::Text(call.prompt.clone()),
    })
    .await;
    let mut stack = traced_stack(&collector, &server).await;
    // The context goes through Temporal beside what is encrypted.
    let keys = stack.folder().join("payload-keys.toml");
    let key = "current = \"a\"\n[keys]\na = \"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=\"\n";
    std::fs::write(&keys, key).unwrap();
    stack.set("PAYLOAD_KEYS", keys.to_str().unwrap());
    stack.start_api().await;
    stack.start_worker();

    let mut body = experiments::asked(experiments::inline(experiments::echo_items(ITEMS)));
    body["config"]["adapter"]["temperature"] = json!(0.5);
    body["config"]["models"] = json!([{"name": "echo"}, {"name": "other"}]);
    let judge = json!({"type": "openai", "provider": "test", "model": "judge"});
    body["config"]["scorers"] = json!([
        {"type": "exact_match"},
        {"type": "llm_judge", "rubric": "Say yes.", "adapter": judge},
    ]);
    let id = create_within_a_trace(&stack, &body, "01").await;
    let experiment = stack.api().completed(&id, SOON).await;
    assert_eq!(
        experiment["links"]["trace"],
        format!("http://traces.test/{TRACE}")
    );

    let spans = whole_trace(&collector, 3).await;
    let request = named(&spans, "POST /v1/experiments");
    assert_eq!((request.len(), request[0].parent.as_str()), (1, CLIENT));
    assert_eq!(request[0].service, "ai-evolution-api");
    assert_eq!(request[0].attributes["http.response.status_code"], 201);
    let expected = [
        "item",
        "RunActivity:ScoreOutput",
        "RunWorkflow:ExperimentWorkflow",
        "RunWorkflow:MultiModelWorkflow",
        "StartWorkflow:MultiModelWorkflow",
        "POST /v1/experiments",
    ];
    for model in ["echo", "other"] {
        let calls = named(&spans, &format!("chat {model}"));
        assert_eq!(calls.len(), ITEMS);
        for call in calls {
            assert_eq!(above(&spans, call), expected);
            let told = &call.attributes;
            assert_eq!(told["gen_ai.operation.name"], "chat");
            assert_eq!(told["gen_ai.provider.name"], "test");
            assert_eq!(told["gen_ai.request.model"], model);
            assert_eq!(told["gen_ai.request.temperature"], 0.5);
            assert!(told["gen_ai.usage.input_tokens"].as_u64().unwrap() > 0);
            assert!((call.began..=call.ended).contains(&call.began));
            assert_eq!((call.kind, &call.error), (3, &None), "a client's");
        }
    }
    let scores = named(&spans, "evaluate ");
    assert_eq!(scores.len(), 2 * 2 * ITEMS);
    for score in &scores {
        assert_eq!(above(&spans, score), expected);
        assert_eq!(score.attributes["gen_ai.evaluation.score.value"], 1.0);
    }
    let judged = named(&spans, "chat judge");
    assert_eq!(judged.len(), 2 * ITEMS);
    assert!(
        judged
            .iter()
            .all(|call| above(&spans, call)[0] == "evaluate llm_judge")
    );
    for activity in [
        "LoadDataset",
        "GenerateOutput",
        "ScoreOutput",
        "EmitResults",
    ] {
        assert!(
            !named(&spans, &format!("RunActivity:{activity}")).is_empty(),
            "{activity}"
        );
    }
    // Neither what is asked nor what is answered is told unless that is asked for.
    for text in ["item-0000", "secret", "Say yes"] {
        let tells = |span: &&Span| {
            let mut told = span.attributes.clone();
            told.remove("ai_evolution.item.id");
            format!("{told:?}{:?}", span.error).contains(text)
        };
        assert_eq!(spans.iter().find(tells), None, "{text}");
    }
}

#[tokio::test]
async fn a_trace_that_its_client_does_not_record_is_not_recorded() {
    let collector = Collector::start().await;
    let server = ModelServer::echo().await;
    let mut stack = traced_stack(&collector, &server).await;
    stack.start_api().await;
    stack.start_worker();
    let body = experiments::asked(experiments::inline(experiments::echo_items(2)));
    let id = create_within_a_trace(&stack, &body, "00").await;
    stack.api().completed(&id, SOON).await;
    // Another, which begins a trace of its own, is told after it.
    let other = stack.api().create(&body).await;
    let experiment = stack.api().completed(&other, SOON).await;
    let link = experiment["links"]["trace"].as_str().unwrap();
    let trace = link.rsplit('/').next().unwrap();
    eventually("the other is told", SOON, async || {
        let spans = collector.spans();
        let workflows = named(&spans, "RunWorkflow:");
        match workflows.iter().any(|span| span.trace == trace) {
            true => Ok(()),
            false => Err(format!("{} spans", spans.len())),
        }
    })
    .await;
    assert!(collector.spans().iter().all(|span| span.trace != TRACE));
}

#[tokio::test]
async fn a_killed_worker_loses_no_span_and_doubles_none() {
    const ITEMS: usize = 600;
    let collector = Collector::start().await;
    let server = ModelServer::start(Duration::from_millis(50), |call| {
        Reply::Text(call.prompt.clone())
    })
    .await;
    let mut stack = traced_stack(&collector, &server).await;
    stack.start_api().await;
    stack.start_worker();
    let body = experiments::asked_file(&stack, ITEMS, 50);
    let id = create_within_a_trace(&stack, &body, "01").await;
    for death in 1..=2 {
        server.has_delivered(200 * death, SOON).await;
        stack.take_worker().kill();
        stack.start_worker();
    }
    stack.api().completed(&id, SOON).await;
    crate::whole::nothing_is_lost_or_doubled(stack.api(), &id, ITEMS).await;

    let spans = whole_trace(&collector, 1).await;
    let summary = stack.api().summary(&id).await;
    let calls = &summary["models"][0]["generated"]["calls"];
    assert_eq!(json!(named(&spans, "chat echo").len()), *calls);
    assert_eq!(named(&spans, "item").len(), ITEMS);
    assert_eq!(named(&spans, "evaluate exact_match").len(), ITEMS);
    let mut items: Vec<&Value> = named(&spans, "item")
        .iter()
        .map(|span| &span.attributes["ai_evolution.item.id"])
        .collect();
    items.sort_by_key(|id| id.to_string());
    items.dedup();
    assert_eq!(items.len(), ITEMS);
}

#[tokio::test]
async fn whoever_keeps_traces_may_be_away_and_no_run_fails_for_it() {
    let server = ModelServer::echo().await;
    let mut stack = Stack::prepare(temporal::shared().await).await;
    stack.provider("test", &server.base_url());
    stack.set("OTEL_EXPORTER_OTLP_ENDPOINT", "http://127.0.0.1:9");
    stack.set(
        "OTEL_EXPORTER_OTLP_HEADERS",
        "authorization=Bearer%20marker-6c1f",
    );
    stack.start_api().await;
    stack.start_worker();
    let body = experiments::asked(experiments::inline(experiments::echo_items(2)));
    let id = stack.api().create(&body).await;
    stack.api().completed(&id, SOON).await;
    let logs = stack.logs();
    assert!(logs.contains("spans were not taken"), "{logs}");
    assert!(!logs.contains("marker-6c1f"));
}

/// Runs two items and holds the `traceparent` that the asked one got against the spans of that name.
async fn learns_its_span(answer: Value, api: &str, adapter: Value, span: &str) {
    let collector = Collector::start().await;
    let system = Receiver::start(move |_, _| (200, answer.to_string())).await;
    let mut stack = Stack::prepare(temporal::shared().await).await;
    stack.provider_with("test", &system.url(""), api);
    stack.set("OTEL_EXPORTER_OTLP_ENDPOINT", &collector.url());
    stack.start_api().await;
    stack.start_worker();
    let mut body = experiments::asked(experiments::inline(experiments::echo_items(2)));
    body["config"]["adapter"] = adapter;
    let id = create_within_a_trace(&stack, &body, "01").await;
    stack.api().completed(&id, SOON).await;
    let spans = whole_trace(&collector, 1).await;
    let calls = named(&spans, span);
    assert_eq!(calls.len(), 2);
    let mut told: Vec<String> = calls
        .iter()
        .map(|call| format!("00-{TRACE}-{}-01", call.id))
        .collect();
    let heard = system.messages().into_iter();
    let mut heard: Vec<String> = heard
        .map(|message| message.headers["traceparent"].clone())
        .collect();
    told.sort();
    heard.sort();
    assert_eq!(heard, told);
}

#[tokio::test]
async fn a_system_under_test_learns_below_which_span_it_works() {
    let adapter = json!({
        "type": "http", "provider": "test", "response": {"answer": "$.text"},
        "request": {"method": "POST", "path": "/ask", "body": {"question": "{{ prompt }}"}},
    });
    let answer = json!({"text": "yes"});
    learns_its_span(answer, "api = \"http\"", adapter, "invoke_agent echo").await;
}

#[tokio::test]
async fn a_model_learns_below_which_span_it_works() {
    let message = json!({"role": "assistant", "content": "yes"});
    let answer = json!({
        "id": "1", "object": "chat.completion", "created": 1, "model": "echo",
        "choices": [{"index": 0, "message": message, "finish_reason": "stop"}],
    });
    let adapter = json!({"type": "openai", "provider": "test"});
    learns_its_span(answer, "", adapter, "chat echo").await;
}
