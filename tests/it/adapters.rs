//! Whatever answers can be evaluated: models in their own protocols, services over HTTP, streams of events, embeddings.

use std::time::Duration;

use harness::experiments::{self, result_of};
use harness::{ModelServer, Reply, Stack, temporal};
use serde_json::{Value, json};

use crate::SOON;
use crate::whole::nothing_is_lost_or_doubled;

/// A stack with the server as the provider `test`, and more lines in its entry of the table.
async fn stack_with(server: &ModelServer, toml: &str) -> Stack {
    let mut stack = Stack::prepare(temporal::shared().await).await;
    stack.provider_with("test", &server.base_url(), toml);
    stack.start_api().await;
    stack.start_worker();
    stack
}

/// So many items that expect what they ask, asked by an adapter.
fn asked(count: usize, adapter: Value) -> Value {
    let mut body = experiments::asked(experiments::inline(experiments::echo_items(count)));
    body["config"]["adapter"] = adapter;
    body
}

/// What a service is asked in these tests: its body is that of a chat, so that the server knows the prompt.
fn request() -> Value {
    json!({
        "path": "ask/this", "headers": {"X-Kind": "test"},
        "body": {"model": "{{ model }}", "messages": [{"role": "user", "content": "{{ prompt }}"}], "all": "{{ input }}"},
    })
}

#[tokio::test]
async fn a_model_is_asked_in_anthropics_protocol_and_its_cached_input_costs_less() {
    let server = ModelServer::start(Duration::ZERO, |call| {
        let message = json!({
            "model": "claude-2026", "content": [{"type": "text", "text": call.prompt}], "stop_reason": "end_turn",
            "usage": {"input_tokens": 10, "cache_read_input_tokens": 90, "output_tokens": 5},
        });
        Reply::Body("application/json", message.to_string())
    })
    .await;
    let stack = stack_with(
        &server,
        "api = \"anthropic\"\nprices_as_of = 2026-11-01\n[providers.test.prices.echo]\ninput_per_million = \"3\"\n\
         cached_input_per_million = \"0.3\"\noutput_per_million = \"15\"",
    )
    .await;
    let id = stack
        .api()
        .create(&asked(20, json!({"type": "chat", "provider": "test"})))
        .await;
    stack.api().completed(&id, SOON).await;
    assert_eq!(server.bodies()[0]["max_tokens"], 4096);
    let summary = stack.api().summary(&id).await;
    let model = &summary["models"][0];
    assert_eq!(model["scorers"][0]["mean"], 1.0, "{summary}");
    assert_eq!(
        model["generated"]["usage"],
        json!({"input_tokens": 2000, "output_tokens": 100, "cached_input_tokens": 1800})
    );
    // Each call: 10 tokens at 3, 90 at 0.3 and 5 at 15 dollars a million.
    assert_eq!(model["generated"]["cost"], "0.00264", "{summary}");
    let results = stack.api().results(&id, "").await;
    let output = &result_of(&results, "item-00007")["output"];
    assert_eq!(output["cost"], "0.000132", "{output}");
    assert_eq!(output["priced_as_of"], "2026-11-01", "{output}");
    assert_eq!(output["answer"]["finish_reason"], "end_turn", "{output}");
    assert_eq!(output["answer"]["model"], "claude-2026", "{output}");
}

#[tokio::test]
async fn a_service_is_asked_over_http_as_carefully_as_a_model() {
    const ITEMS: usize = 60;
    let server = ModelServer::start(Duration::ZERO, |call| {
        match (call.prompt.as_str(), call.nth) {
            ("item-00003", 1) => Reply::SlowDown(1),
            ("item-00004", 1) => Reply::Refuse(503),
            ("item-00005", 1) => Reply::HangUp,
            ("item-00006", _) => Reply::Refuse(422),
            ("item-00007", _) => {
                Reply::Body("application/json", json!({"error": "no"}).to_string())
            }
            _ => {
                let answer =
                    json!({"result": {"text": call.prompt}, "usage": [3, 2], "why": "end"});
                Reply::Body("application/json", answer.to_string())
            }
        }
    })
    .await;
    let stack = stack_with(&server, "api = \"http\"").await;
    let adapter = json!({
        "type": "http", "provider": "test", "request": request(),
        "response": {
            "answer": "$.result.text", "error": "$.error", "finish_reason": "$.why",
            "usage": {"input_tokens": "$.usage[0]", "output_tokens": "$.usage[1]"},
        },
    });
    let mut body = asked(ITEMS, adapter);
    body["config"]["execution"] = json!({"cache": true});
    let id = stack.api().create(&body).await;
    stack.api().completed(&id, SOON).await;
    for (item, asked) in [
        ("item-00003", 2),
        ("item-00004", 2),
        ("item-00005", 2),
        ("item-00006", 1),
        ("item-00007", 1),
    ] {
        assert_eq!(server.asked(item), asked, "{item}");
    }
    let sent = server.bodies();
    assert!(
        sent.iter()
            .all(|body| body["model"] == "echo" && body["all"]["prompt"].is_string()),
        "{sent:?}"
    );
    let results = stack.api().results(&id, "").await;
    assert_eq!(results.len(), ITEMS);
    let error = |item: &str| result_of(&results, item)["output"]["error"]["kind"].clone();
    assert_eq!(error("item-00006"), "bad_request");
    assert_eq!(error("item-00007"), "bad_answer");
    let output = &result_of(&results, "item-00008")["output"];
    assert_eq!(
        output["answer"]["usage"],
        json!({"input_tokens": 3, "output_tokens": 2})
    );
    let summary = stack.api().summary(&id).await;
    assert_eq!(summary["models"][0]["states"]["ok"], 58, "{summary}");

    // Equal calls are not made again.
    let calls = server.calls();
    let again = stack.api().create(&body).await;
    stack.api().completed(&again, SOON).await;
    assert_eq!(server.calls(), calls + 2, "but those that failed");
}

#[tokio::test]
async fn a_stream_that_is_cut_short_is_asked_again_and_never_an_answer() {
    const ITEMS: usize = 30;
    let server = ModelServer::start(Duration::ZERO, |call| {
        let (first, rest) = call.prompt.split_at(4);
        let pieces =
            [first, rest].map(|text| format!("event: delta\ndata: {}\n\n", json!({"text": text})));
        let pieces = pieces.concat();
        let index: usize = call.prompt["item-".len()..].parse().unwrap_or_default();
        match (index % 3, call.nth) {
            (0, 1) => Reply::CutShort("text/event-stream", pieces),
            // Ended in order, but before its end.
            (1, 1) => Reply::Body("text/event-stream", pieces),
            _ => Reply::Body("text/event-stream", format!("{pieces}data: [DONE]\n\n")),
        }
    })
    .await;
    let stack = stack_with(&server, "api = \"http\"").await;
    let adapter = json!({
        "type": "sse", "provider": "test", "request": request(), "timeout": "20s",
        "events": {"text": {"event": "delta", "path": "$.text"}, "complete": [{"data": "[DONE]"}]},
    });
    let id = stack.api().create(&asked(ITEMS, adapter)).await;
    stack.api().completed(&id, SOON).await;
    nothing_is_lost_or_doubled(stack.api(), &id, ITEMS).await;
    assert_eq!(server.calls(), 50);
    let summary = stack.api().summary(&id).await;
    assert_eq!(summary["models"][0]["scorers"][0]["mean"], 1.0, "{summary}");
    let results = stack.api().results(&id, "").await;
    for item in ["item-00000", "item-00001", "item-00002"] {
        let output = &result_of(&results, item)["output"];
        assert_eq!(output["attempts"], if item == "item-00002" { 1 } else { 2 });
        let time = |name: &str| output["answer"][name].as_f64().unwrap();
        assert!(time("first_text_ms") <= time("latency_ms"), "{output}");
    }
}

#[tokio::test]
async fn structured_outputs_are_scored_as_values_and_tool_calls_are_kept() {
    let server = ModelServer::start(Duration::ZERO, |call| match call.prompt.as_str() {
        "item-00001" => Reply::Text("{\"n\": 1".to_owned()),
        "item-00002" => {
            let calls = json!([{"id": "1", "type": "function", "function": {"name": "look", "arguments": "{\"n\": 2}"}}]);
            let choice = json!({"finish_reason": "tool_calls", "message": {"content": null, "tool_calls": calls}});
            Reply::Body("application/json", json!({"choices": [choice]}).to_string())
        }
        _ => Reply::Text("{\"n\": 0}".to_owned()),
    })
    .await;
    let stack = Stack::with_model(&server).await;
    let schema = json!({"type": "object", "properties": {"n": {"type": "integer"}}});
    let mut body = asked(
        3,
        json!({
            "type": "openai", "provider": "test", "tools": [{"name": "look"}], "tool_choice": "auto",
            "response_format": {"type": "json_schema", "name": "n", "schema": schema, "strict": true},
        }),
    );
    body["config"]["scorers"] =
        json!([{"type": "json_path", "assertions": [{"path": "$.n", "equals": 0}]}]);
    let id = stack.api().create(&body).await;
    stack.api().completed(&id, SOON).await;
    let results = stack.api().results(&id, "").await;
    let output = |item: &str| result_of(&results, item)["output"].clone();
    assert_eq!(output("item-00000")["answer"]["value"], json!({"n": 0}));
    assert_eq!(output("item-00001")["error"]["kind"], "bad_answer");
    let asks = output("item-00002")["answer"].clone();
    assert_eq!(asks["value"], Value::Null, "{asks}");
    assert_eq!(
        asks["tool_calls"],
        json!([{"name": "look", "arguments": {"n": 2}}])
    );
    let format = &server.bodies()[0]["response_format"];
    assert_eq!(format["json_schema"]["strict"], true, "{format}");
}

#[tokio::test]
async fn an_embedding_is_the_output_itself() {
    let server = ModelServer::start(Duration::ZERO, |_| {
        let body = json!({"data": [{"embedding": [0.5, -0.25]}], "usage": {"prompt_tokens": 2}});
        Reply::Body("application/json", body.to_string())
    })
    .await;
    let stack = Stack::with_model(&server).await;
    let mut body = asked(2, json!({"type": "embeddings", "provider": "test"}));
    body["config"]["scorers"] =
        json!([{"type": "json_path", "assertions": [{"path": "$[0]", "equals": 0.5}]}]);
    let id = stack.api().create(&body).await;
    stack.api().completed(&id, SOON).await;
    let results = stack.api().results(&id, "").await;
    let answer = &result_of(&results, "item-00000")["output"]["answer"];
    assert_eq!(answer["value"], json!([0.5, -0.25]), "{answer}");
    let mut inputs: Vec<Value> = server
        .bodies()
        .iter()
        .map(|body| body["input"].clone())
        .collect();
    inputs.sort_by_key(Value::to_string);
    assert_eq!(inputs, [json!("item-00000"), json!("item-00001")]);
}

#[tokio::test]
async fn a_service_is_asked_only_when_the_operator_has_said_so() {
    let server = ModelServer::echo().await;
    let stack = Stack::with_model(&server).await;
    let adapter = json!({"type": "http", "provider": "test", "request": request(), "response": {"answer": "$"}});
    let id = stack.api().create(&asked(3, adapter)).await;
    let ended = stack
        .api()
        .wait_until(&id, "has failed", SOON, |experiment| {
            experiment["status"] == "failed"
        })
        .await;
    assert!(
        ended.to_string().contains("cannot ask provider `test`"),
        "{ended}"
    );
    assert_eq!(server.calls(), 0);
}
