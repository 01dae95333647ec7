//! OpenAI's protocol, which most providers and local servers speak.

use domain::output::{Answer, CallError, CallErrorKind, TokenUsage};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use crate::adapters::Adapter;
use crate::adapters::stub::{self, KEY, Reply, Stub, completion, item, open_at};
use crate::providers::{Api, Key, Provider};

async fn openai(stub: &Stub, mut config: Value, model: &str) -> Result<Adapter, CallError> {
    config["type"] = json!("openai");
    stub::open(stub, Api::OpenAi, config, model).await
}

async fn ask(reply: Reply) -> Result<Answer, CallError> {
    let stub = Stub::start(reply).await;
    let adapter = openai(&stub, json!({}), "m").await.unwrap();
    adapter.answer(&item(), 0).await
}

#[tokio::test]
async fn an_answer_comes_with_usage_model_and_finish_reason() {
    let answer = ask(Reply::json(
        200,
        json!({
            "model": "m-2026",
            "choices": [{"finish_reason": "stop", "message": {"role": "assistant", "content": " four\n"}}],
            "usage": {"prompt_tokens": 12, "completion_tokens": 3, "total_tokens": 15},
        }),
    ))
    .await
    .unwrap();
    assert_eq!(answer.value, json!(" four\n"));
    assert_eq!(answer.usage, TokenUsage::counted(Some(12), Some(3)));
    assert_eq!(answer.finish_reason.as_deref(), Some("stop"));
    assert_eq!(answer.model.as_deref(), Some("m-2026"));
    assert!(answer.latency_ms.is_some_and(|latency| latency > 0.0));
}

#[tokio::test]
async fn an_empty_text_is_an_answer_and_no_text_is_not() {
    assert_eq!(
        ask(completion(json!({"content": ""}))).await.unwrap().value,
        json!("")
    );
    let chunks = json!({"content": [{"type": "text", "text": "four"}]});
    assert_eq!(ask(completion(chunks)).await.unwrap().value, json!("four"));
    for message in [
        json!({"content": null}),
        json!({}),
        json!({"content": null, "refusal": "no"}),
    ] {
        let error = ask(completion(message.clone())).await.unwrap_err();
        assert_eq!(error.kind, CallErrorKind::BadAnswer, "{message}");
        assert!(error.message.contains("no text"), "{}", error.message);
    }
}

#[tokio::test]
async fn an_item_that_lacks_what_the_prompt_names_is_not_asked() {
    let stub = Stub::start(completion(json!({"content": "4"}))).await;
    let adapter = openai(&stub, json!({"prompt": "{{ question }}"}), "m")
        .await
        .unwrap();
    let error = adapter.answer(&item(), 0).await.unwrap_err();
    assert_eq!(error.kind, CallErrorKind::Item);
    assert!(
        error.message.contains("`question` is undefined"),
        "{}",
        error.message
    );
}

#[tokio::test]
async fn each_status_is_a_kind_of_failure() {
    use CallErrorKind::{BadRequest, ProviderUnavailable, RateLimited, Refused};
    for (status, kind) in [
        (429, RateLimited),
        (408, ProviderUnavailable),
        (409, ProviderUnavailable),
        (425, ProviderUnavailable),
        (500, ProviderUnavailable),
        (503, ProviderUnavailable),
        (529, ProviderUnavailable),
        (401, Refused),
        (403, Refused),
        (404, Refused),
        (400, BadRequest),
        (402, BadRequest),
        (422, BadRequest),
    ] {
        let body = json!({"error": {"message": format!("the key {KEY} is bad")}});
        let error = ask(Reply::json(status, body)).await.unwrap_err();
        assert_eq!((error.kind, error.status), (kind, Some(status)));
        assert_eq!(
            error.message,
            format!("provider `stub` answered {status}: the key [secret] is bad")
        );
    }
}

#[tokio::test]
async fn the_provider_says_how_long_to_wait() {
    let reply = Reply::json(429, json!({})).with_header("Retry-After", "7");
    assert_eq!(ask(reply).await.unwrap_err().retry_after_ms, Some(7000));
    assert_eq!(
        ask(Reply::json(503, json!({})))
            .await
            .unwrap_err()
            .retry_after_ms,
        None
    );
}

#[tokio::test]
async fn what_cannot_be_understood_is_a_bad_answer() {
    for reply in [
        Reply::json(200, json!({"error": {"message": "odd"}})),
        Reply::json(200, json!([])),
        Reply::json(200, json!({"choices": []})),
        Reply::text(200, "application/json", "{\"choices\": [{"),
        Reply::text(200, "text/html", "<h1>Hello</h1>"),
        Reply::text(204, "text/plain", ""),
        completion(json!({"content": null, "tool_calls": "x"})),
    ] {
        let error = ask(reply).await.unwrap_err();
        assert_eq!(error.kind, CallErrorKind::BadAnswer, "{}", error.message);
        assert!(
            error.message.starts_with("provider `stub` "),
            "{}",
            error.message
        );
    }
}

#[tokio::test]
async fn silence_is_a_timeout_and_a_broken_connection_is_one() {
    let stub = Stub::start(Reply::Silence).await;
    let adapter = openai(&stub, json!({"timeout": "200ms"}), "m")
        .await
        .unwrap();
    let silence = adapter.answer(&item(), 0).await.unwrap_err();
    assert_eq!(silence.kind, CallErrorKind::Timeout);
    assert_eq!(
        silence.message,
        "provider `stub` gave no answer within 200ms"
    );
    let cut = Reply::CutShort {
        content_type: "application/json",
        body: "{\"choices\"".to_owned(),
    };
    for reply in [Reply::HangUp, cut] {
        assert_eq!(
            ask(reply).await.unwrap_err().kind,
            CallErrorKind::Connection
        );
    }
    let stub = Stub::gone().await;
    let adapter = openai(&stub, json!({}), "m").await.unwrap();
    let error = adapter.answer(&item(), 0).await.unwrap_err();
    assert_eq!(error.kind, CallErrorKind::Unreachable);
    assert!(!error.message.contains("127.0.0.1"), "{}", error.message);
}

#[tokio::test]
async fn a_redirect_to_another_host_is_refused() {
    let elsewhere = Stub::start(completion(json!({"content": "4"}))).await;
    let reply = Reply::json(307, json!({})).with_header("Location", &elsewhere.base_url());
    let error = ask(reply).await.unwrap_err();
    assert_eq!(
        (error.kind, error.status),
        (CallErrorKind::Refused, Some(307))
    );
    assert!(elsewhere.requests().is_empty());
}

#[tokio::test]
async fn nothing_is_tried_again() {
    let stub = Stub::start(Reply::json(503, json!({}))).await;
    let adapter = openai(&stub, json!({}), "m").await.unwrap();
    adapter.answer(&item(), 0).await.unwrap_err();
    assert_eq!(stub.requests().len(), 1);
}

#[tokio::test]
async fn a_bad_template_refuses_the_whole_run() {
    let stub = Stub::start(Reply::Silence).await;
    let error = openai(&stub, json!({"prompt": "{{"}), "m")
        .await
        .err()
        .unwrap();
    assert!(error.kind.is_run_wide());
}

#[tokio::test]
async fn the_request_is_openais_with_key_headers_and_parameters() {
    let stub = Stub::start(completion(json!({"content": ""}))).await;
    let config = json!({
        "model": "ns::claude-x-high", "system": "Be {{ id }}.", "temperature": 0.5, "top_p": 0.9,
        "max_tokens": 7, "seed": 42, "stop": ["END"],
    });
    let adapter = openai(&stub, config, "other").await.unwrap();
    adapter.answer(&item(), 0).await.unwrap();
    let request = stub.request();
    assert!(
        request
            .head
            .starts_with("POST /base/v1/chat/completions?api-version=1 HTTP/1.1\r\n"),
        "{}",
        request.head
    );
    assert!(
        request.has_header("authorization", &format!("Bearer {KEY}")),
        "{}",
        request.head
    );
    assert!(request.has_header("x-team", "evaluations"));
    assert_eq!(
        request.body,
        json!({
            "model": "ns::claude-x-high", "stream": false,
            "messages": [{"role": "system", "content": "Be 1."}, {"role": "user", "content": "2+2?"}],
            "temperature": 0.5, "top_p": 0.9, "max_tokens": 7, "seed": 42, "stop": ["END"],
        })
    );
}

#[tokio::test]
async fn what_is_not_configured_is_not_sent() {
    let stub = Stub::start(completion(json!({"content": "4"}))).await;
    let adapter = openai(&stub, json!({}), "claude-3-5-sonnet").await.unwrap();
    adapter.answer(&item(), 0).await.unwrap();
    let messages = json!([{"role": "user", "content": "2+2?"}]);
    let expected = json!({"model": "claude-3-5-sonnet", "stream": false, "messages": messages});
    assert_eq!(stub.request().body, expected);
}

#[tokio::test]
async fn a_provider_without_a_key_is_sent_none() {
    let stub = Stub::start(completion(json!({"content": "4"}))).await;
    let provider = Provider::new(&stub.base_url(), Key::Unneeded).unwrap();
    let adapter = open_at(provider, json!({"type": "openai"}), "m").await;
    adapter.unwrap().answer(&item(), 0).await.unwrap();
    assert!(!stub.request().head.to_lowercase().contains("authorization"));
}

#[tokio::test]
async fn cached_input_and_reasoning_are_counted() {
    let usage = json!({
        "prompt_tokens": 100, "completion_tokens": 50, "total_tokens": 150,
        "prompt_tokens_details": {"cached_tokens": 60, "audio_tokens": 0},
        "completion_tokens_details": {"reasoning_tokens": 40},
    });
    let choice = json!({"finish_reason": "stop", "message": {"content": "4"}});
    let reply = Reply::json(200, json!({"choices": [choice], "usage": usage}));
    let counted = TokenUsage::counted(Some(100), Some(50)).unwrap();
    let answer = ask(reply).await.unwrap();
    assert_eq!(answer.usage, Some(counted.of_which(60, 40)));
}

#[tokio::test]
async fn calls_are_equal_only_when_all_that_is_sent_is() {
    let stub = Stub::start(Reply::Silence).await;
    let key = async |config: Value, model: &str, prompt: &str| {
        let adapter = openai(&stub, config, model).await.unwrap();
        let item = json!({"id": "1", "input": {"prompt": prompt}});
        adapter.cache_key(&serde_json::from_value(item).unwrap(), 0)
    };
    let base = key(json!({}), "m", "hello").await;
    assert_eq!(base, key(json!({"timeout": "3s"}), "m", "hello").await);
    let tools = json!([{"name": "f"}]);
    let mut seen = vec![base];
    for (config, model, prompt) in [
        (json!({"temperature": 0.5}), "m", "hello"),
        (json!({"seed": 1}), "m", "hello"),
        (json!({"system": "Be brief."}), "m", "hello"),
        (
            json!({"response_format": {"type": "json_object"}}),
            "m",
            "hello",
        ),
        (json!({"tools": tools}), "m", "hello"),
        (
            json!({"tools": tools, "tool_choice": "required"}),
            "m",
            "hello",
        ),
        (json!({}), "n", "hello"),
        (json!({}), "m", "hello!"),
    ] {
        let key = key(config.clone(), model, prompt).await;
        assert!(!seen.contains(&key), "{config} {model} {prompt}");
        seen.push(key);
    }
}

#[tokio::test]
async fn the_key_of_a_plain_call_is_that_of_earlier_versions() {
    let provider = Provider::new("http://a", Key::Unneeded).unwrap();
    let adapter = open_at(provider, json!({"type": "openai"}), "m")
        .await
        .unwrap();
    let call = json!({"call": {
        "provider": "stub", "base_url": "http://a/", "model": "m", "temperature": null, "top_p": null,
        "max_tokens": null, "seed": null, "stop": [], "sample": 0,
    }, "system": null, "user": "2+2?"});
    let key = hex::encode(Sha256::digest(call.to_string().as_bytes()));
    assert_eq!(adapter.cache_key(&item(), 0), Some(key));
}

#[tokio::test]
async fn a_provider_of_another_protocol_is_refused_with_the_way_out() {
    let stub = Stub::start(Reply::Silence).await;
    let provider = stub::provider(&stub, Api::Anthropic);
    let error = open_at(provider, json!({"type": "openai"}), "m")
        .await
        .err()
        .unwrap();
    assert_eq!(error.kind, CallErrorKind::Refused);
    assert_eq!(
        error.message,
        "the adapter `openai` cannot ask provider `stub`, whose `api` in the provider table is `anthropic`: it speaks `openai`"
    );
}
