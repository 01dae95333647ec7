//! Ollama's own chat: <https://docs.ollama.com/api/chat>.

use domain::output::TokenUsage;

use super::*;

fn message(message: Value) -> Reply {
    Reply::json(
        200,
        json!({
            "model": "m:latest", "created_at": "2026-11-01T00:00:00Z", "message": message,
            "done": true, "done_reason": "stop", "prompt_eval_count": 26, "eval_count": 8,
        }),
    )
}

#[tokio::test]
async fn a_chat_is_sent_and_its_answer_read() {
    let said = json!({"role": "assistant", "content": " four\n", "thinking": "hm"});
    let (answer, request) = plain(Api::Ollama, message(said)).await;
    let head = &request.head;
    assert!(
        head.starts_with("POST /base/v1/api/chat?api-version=1 HTTP/1.1\r\n"),
        "{head}"
    );
    assert!(
        request.has_header("authorization", &format!("Bearer {KEY}")),
        "{head}"
    );
    assert_eq!(
        request.body,
        json!({"model": "m", "stream": false, "messages": [{"role": "user", "content": "2+2?"}]})
    );
    let answer = answer.unwrap();
    assert_eq!(answer.value, json!(" four\n"));
    assert_eq!(answer.finish_reason.as_deref(), Some("stop"));
    assert_eq!(answer.model.as_deref(), Some("m:latest"));
    assert_eq!(answer.usage, TokenUsage::counted(Some(26), Some(8)));
}

#[tokio::test]
async fn parameters_format_and_tools_have_its_names() {
    let config = chat(json!({
        "model": "hf.co/x/y-high:Q4", "system": "Be {{ id }}.", "temperature": 0.5, "top_p": 0.9, "max_tokens": 7,
        "seed": 42, "stop": ["END"], "response_format": {"type": "json_object"},
        "tools": [{"name": "f", "description": "Does.", "parameters": {"type": "object"}}], "tool_choice": "auto",
    }));
    let call = json!({"function": {"name": "f", "arguments": {"a": 1}}});
    let said = json!({"role": "assistant", "content": "", "tool_calls": [call]});
    let (answer, request) = ask(Api::Ollama, config, message(said)).await;
    assert_eq!(
        request.unwrap().body,
        json!({
            "model": "hf.co/x/y-high:Q4", "stream": false,
            "options": {"temperature": 0.5, "top_p": 0.9, "num_predict": 7, "seed": 42, "stop": ["END"]},
            "tools": [{"type": "function", "function": {"name": "f", "description": "Does.", "parameters": {"type": "object"}}}],
            "messages": [{"role": "system", "content": "Be 1."}, {"role": "user", "content": "2+2?"}],
            "format": "json",
        })
    );
    let answer = answer.unwrap();
    assert_eq!(answer.value, Value::Null);
    assert_eq!(answer.tool_calls[0].name, "f");
    assert_eq!(answer.tool_calls[0].arguments, json!({"a": 1}));
}

#[tokio::test]
async fn failures_are_those_of_all_protocols() {
    let error = json!({"error": format!("the key {KEY} is bad")});
    fails_as_all_do(Api::Ollama, error).await;
}

#[tokio::test]
async fn what_it_has_no_words_for_is_refused() {
    let format = json!({"type": "json_schema", "name": "n", "schema": {}});
    refuses(
        Api::Ollama,
        json!({"response_format": format}),
        "knows no `json_schema`",
    )
    .await;
    let choice = json!({"tools": [{"name": "f"}], "tool_choice": "f"});
    refuses(Api::Ollama, choice, "knows no `tool_choice`").await;
}
