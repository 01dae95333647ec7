//! Anthropic's messages: <https://docs.anthropic.com/en/api/messages>.

use domain::output::TokenUsage;

use super::*;

fn message(content: Value, stop_reason: &str) -> Reply {
    Reply::json(
        200,
        json!({
            "id": "msg_1", "type": "message", "role": "assistant", "model": "claude-m-2026",
            "content": content, "stop_reason": stop_reason, "stop_sequence": null,
            "usage": {
                "input_tokens": 10, "cache_creation_input_tokens": 0, "cache_read_input_tokens": 30,
                "output_tokens": 5,
            },
        }),
    )
}

#[tokio::test]
async fn a_message_is_sent_and_its_answer_read() {
    let content = json!([{"type": "text", "text": "fo"}, {"type": "text", "text": "ur\n"}]);
    let (answer, request) = plain(Api::Anthropic, message(content, "end_turn")).await;
    let head = &request.head;
    assert!(
        head.starts_with("POST /base/v1/messages?api-version=1 HTTP/1.1\r\n"),
        "{head}"
    );
    assert!(request.has_header("x-api-key", KEY), "{head}");
    assert!(
        request.has_header("anthropic-version", "2023-06-01"),
        "{head}"
    );
    assert!(!head.to_lowercase().contains("authorization"), "{head}");
    assert_eq!(
        request.body,
        json!({
            "model": "m", "stream": false, "max_tokens": 4096,
            "messages": [{"role": "user", "content": "2+2?"}],
        })
    );
    let answer = answer.unwrap();
    assert_eq!(answer.value, json!("four\n"));
    assert_eq!(answer.finish_reason.as_deref(), Some("end_turn"));
    assert_eq!(answer.model.as_deref(), Some("claude-m-2026"));
    // Anthropic counts what it has in its cache beside the input.
    let usage = TokenUsage::counted(Some(40), Some(5)).unwrap();
    assert_eq!(answer.usage, Some(usage.of_which(30, 0)));
}

#[tokio::test]
async fn parameters_schema_and_tools_have_its_names() {
    let schema = json!({"type": "object", "properties": {"a": {"type": "integer"}}, "additionalProperties": false});
    let config = chat(json!({
        "model": "claude-x-high", "system": "Be {{ id }}.", "temperature": 0.5, "top_p": 0.9, "max_tokens": 7,
        "stop": ["END"], "response_format": {"type": "json_schema", "name": "n", "schema": schema},
        "tools": [{"name": "web_search", "description": "Looks.", "parameters": {"type": "object"}}, {"name": "g"}],
        "tool_choice": "g",
    }));
    let content = json!([
        {"type": "text", "text": "Let me see."},
        {"type": "tool_use", "id": "t1", "name": "g", "input": {}},
    ]);
    let (answer, request) = ask(Api::Anthropic, config, message(json!([]), "end_turn")).await;
    assert_eq!(answer.unwrap_err().kind, CallErrorKind::BadAnswer);
    assert_eq!(
        request.unwrap().body,
        json!({
            "model": "claude-x-high", "stream": false, "system": "Be 1.",
            "messages": [{"role": "user", "content": "2+2?"}],
            "output_config": {"format": {"type": "json_schema", "schema": schema}},
            "temperature": 0.5, "stop_sequences": ["END"], "max_tokens": 7, "top_p": 0.9,
            "tools": [
                {"name": "web_search", "description": "Looks.", "input_schema": {"type": "object"}},
                {"name": "g", "input_schema": {"type": "object", "properties": {}}},
            ],
            "tool_choice": {"type": "tool", "name": "g"},
        })
    );
    let (answer, _) = plain(Api::Anthropic, message(content, "tool_use")).await;
    let answer = answer.unwrap();
    assert_eq!(answer.value, json!("Let me see."));
    assert_eq!(answer.tool_calls[0].name, "g");
    assert_eq!(answer.tool_calls[0].arguments, json!({}));
}

#[tokio::test]
async fn a_refusal_is_no_answer() {
    let error = plain(Api::Anthropic, message(json!([]), "refusal")).await.0;
    let error = error.unwrap_err();
    assert_eq!(error.kind, CallErrorKind::BadAnswer);
    assert_eq!(
        error.message,
        "provider `stub` answered no text, with finish reason `refusal`"
    );
}

#[tokio::test]
async fn failures_are_those_of_all_protocols() {
    let message = format!("the key {KEY} is bad");
    let error = json!({"type": "error", "error": {"type": "some_error", "message": message}});
    fails_as_all_do(Api::Anthropic, error).await;
}

#[tokio::test]
async fn what_it_has_no_words_for_is_refused() {
    refuses(Api::Anthropic, json!({"seed": 1}), "knows no `seed`").await;
    let format = json!({"response_format": {"type": "json_object"}});
    refuses(Api::Anthropic, format, "knows no `json_object`").await;
}
