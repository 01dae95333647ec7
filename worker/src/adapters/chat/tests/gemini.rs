//! Google's `generateContent`: <https://ai.google.dev/api/generate-content>.

use domain::output::TokenUsage;

use super::*;

fn content(parts: Value, finish_reason: &str) -> Reply {
    Reply::json(
        200,
        json!({
            "candidates": [{"content": {"parts": parts, "role": "model"}, "finishReason": finish_reason, "index": 0}],
            "usageMetadata": {
                "promptTokenCount": 12, "cachedContentTokenCount": 4, "candidatesTokenCount": 3,
                "thoughtsTokenCount": 20, "totalTokenCount": 35,
            },
            "modelVersion": "gemini-m-001", "responseId": "r",
        }),
    )
}

#[tokio::test]
async fn content_is_sent_and_its_answer_read() {
    let parts = json!([{"text": "hm", "thought": true}, {"text": " fo"}, {"text": "ur\n"}]);
    let (answer, request) = plain(Api::Gemini, content(parts, "STOP")).await;
    let head = &request.head;
    assert!(
        head.starts_with("POST /base/v1/models/m:generateContent?api-version=1 HTTP/1.1\r\n"),
        "{head}"
    );
    assert!(request.has_header("x-goog-api-key", KEY), "{head}");
    assert!(!head.to_lowercase().contains("authorization"), "{head}");
    assert_eq!(
        request.body,
        json!({"contents": [{"role": "user", "parts": [{"text": "2+2?"}]}]})
    );
    let answer = answer.unwrap();
    assert_eq!(answer.value, json!(" four\n"));
    assert_eq!(answer.finish_reason.as_deref(), Some("STOP"));
    assert_eq!(answer.model.as_deref(), Some("gemini-m-001"));
    // Google counts reasoning beside what is written.
    let usage = TokenUsage::counted(Some(12), Some(23)).unwrap();
    assert_eq!(answer.usage, Some(usage.of_which(4, 20)));
}

#[tokio::test]
async fn parameters_schema_and_tools_have_its_names() {
    let schema = json!({"type": "object", "properties": {"a": {"type": "integer"}}});
    let config = chat(json!({
        "model": "gemini-3-x-high", "system": "Be {{ id }}.", "temperature": 0.5, "top_p": 0.9, "max_tokens": 7,
        "seed": 42, "stop": ["END"], "response_format": {"type": "json_schema", "name": "n", "schema": schema},
        "tools": [{"name": "googleSearch", "description": "Looks.", "parameters": {"type": "object"}}, {"name": "g"}],
        "tool_choice": "g",
    }));
    let parts = json!([{"functionCall": {"name": "g", "args": {"b": 1}}}]);
    let (answer, request) = ask(Api::Gemini, config, content(parts, "STOP")).await;
    let request = request.unwrap();
    assert!(
        request
            .head
            .contains("/models/gemini-3-x-high:generateContent?"),
        "{}",
        request.head
    );
    assert_eq!(
        request.body,
        json!({
            "systemInstruction": {"parts": [{"text": "Be 1."}]},
            "contents": [{"role": "user", "parts": [{"text": "2+2?"}]}],
            "generationConfig": {
                "temperature": 0.5, "topP": 0.9, "maxOutputTokens": 7, "seed": 42, "stopSequences": ["END"],
                "responseMimeType": "application/json", "responseJsonSchema": schema,
            },
            "tools": [{"functionDeclarations": [
                {"name": "googleSearch", "description": "Looks.", "parametersJsonSchema": {"type": "object"}},
                {"name": "g"},
            ]}],
            "toolConfig": {"functionCallingConfig": {"mode": "ANY", "allowedFunctionNames": ["g"]}},
        })
    );
    let answer = answer.unwrap();
    assert_eq!(answer.value, Value::Null);
    assert_eq!(answer.tool_calls[0].name, "g");
    assert_eq!(answer.tool_calls[0].arguments, json!({"b": 1}));
}

#[tokio::test]
async fn without_a_format_the_parameters_are_sent_all_the_same() {
    let config = chat(
        json!({"temperature": 0.5, "top_p": 0.9, "max_tokens": 7, "seed": 42, "stop": ["END"]}),
    );
    let reply = content(json!([{"text": "4"}]), "STOP");
    let (_, request) = ask(Api::Gemini, config, reply).await;
    let expected = json!({
        "temperature": 0.5, "topP": 0.9, "maxOutputTokens": 7, "seed": 42, "stopSequences": ["END"],
    });
    assert_eq!(request.unwrap().body["generationConfig"], expected);
}

#[tokio::test]
async fn a_model_stays_in_its_place_of_the_address() {
    let stub = Stub::start(content(json!([{"text": "4"}]), "STOP")).await;
    let config = chat(json!({"model": "../../x?y=#"}));
    let adapter = open(&stub, Api::Gemini, config, "m").await.unwrap();
    adapter.answer(&item(), 0).await.unwrap();
    let head = stub.request().head;
    let path = "POST /base/v1/models/..%2F..%2Fx%3Fy=%23:generateContent?api-version=1 ";
    assert!(head.starts_with(path), "{head}");
}

#[tokio::test]
async fn what_its_filters_block_is_no_answer() {
    let blocked =
        json!({"promptFeedback": {"blockReason": "PROHIBITED_CONTENT"}, "usageMetadata": {}});
    let safety =
        json!({"candidates": [{"finishReason": "SAFETY", "index": 0}], "usageMetadata": {}});
    for (body, said) in [
        (blocked, "no text but a refusal: PROHIBITED_CONTENT"),
        (safety, "no text, with finish reason `SAFETY`"),
    ] {
        let error = plain(Api::Gemini, Reply::json(200, body))
            .await
            .0
            .unwrap_err();
        assert_eq!(error.kind, CallErrorKind::BadAnswer);
        assert_eq!(error.message, format!("provider `stub` answered {said}"));
    }
}

#[tokio::test]
async fn failures_are_those_of_all_protocols() {
    let message = format!("the key {KEY} is bad");
    let error = json!({"error": {"code": 0, "message": message, "status": "SOME"}});
    fails_as_all_do(Api::Gemini, error).await;
}

#[tokio::test]
async fn a_key_it_does_not_know_is_refused() {
    let error = json!({"error": {
        "code": 400, "message": "API key not valid.", "status": "INVALID_ARGUMENT",
        "details": [{"reason": "API_KEY_INVALID"}],
    }});
    let error = plain(Api::Gemini, Reply::json(400, error))
        .await
        .0
        .unwrap_err();
    assert_eq!(
        (error.kind, error.status),
        (CallErrorKind::Refused, Some(400))
    );
}
