//! Answers in JSON, and calls of tools, in OpenAI's protocol.

use super::*;
use crate::adapters::stub::completion;

fn schema() -> Value {
    json!({"type": "object", "properties": {"a": {"type": "integer"}}, "required": ["a"]})
}

#[tokio::test]
async fn the_request_is_exactly_openais() {
    let parameters = json!({"type": "object", "properties": {"city": {"type": "string"}}});
    for (more, expected) in [
        (
            json!({"response_format": {"type": "json_object"}}),
            json!({"response_format": {"type": "json_object"}}),
        ),
        (
            json!({"response_format": {"type": "json_schema", "name": "n", "schema": schema(), "strict": false}}),
            json!({"response_format": {"type": "json_schema", "json_schema": {"name": "n", "schema": schema(), "strict": false}}}),
        ),
        (
            json!({"tools": [{"name": "f", "description": "Does.", "parameters": parameters}, {"name": "g"}], "tool_choice": "g"}),
            json!({
                "tools": [
                    {"type": "function", "function": {"name": "f", "description": "Does.", "parameters": parameters}},
                    {"type": "function", "function": {"name": "g"}},
                ],
                "tool_choice": {"type": "function", "function": {"name": "g"}},
            }),
        ),
        (
            json!({"tools": [{"name": "f"}], "tool_choice": "required"}),
            json!({"tools": [{"type": "function", "function": {"name": "f"}}], "tool_choice": "required"}),
        ),
    ] {
        let reply = completion(json!({"content": "{}"}));
        let (_, request) = ask(Api::OpenAi, chat(more), reply).await;
        let mut whole = json!({
            "model": "m", "stream": false, "messages": [{"role": "user", "content": "2+2?"}],
        });
        whole
            .as_object_mut()
            .unwrap()
            .extend(expected.as_object().unwrap().clone());
        assert_eq!(request.unwrap().body, whole);
    }
}

#[tokio::test]
async fn an_answer_in_json_is_its_value() {
    let config = chat(json!({"response_format": {"type": "json_object"}}));
    let reply = completion(json!({"content": " {\"a\": [1, null]}\n"}));
    let answer = ask(Api::OpenAi, config.clone(), reply).await.0.unwrap();
    assert_eq!(answer.value, json!({"a": [1, null]}));
    for text in ["{\"a\": [1", "", "four", "```json\n{}\n```"] {
        let reply = completion(json!({"content": text}));
        let error = ask(Api::OpenAi, config.clone(), reply).await.0.unwrap_err();
        assert_eq!(error.kind, CallErrorKind::BadAnswer, "{text}");
        let said = "provider `stub` answered what is not JSON, with finish reason `length`";
        assert!(error.message.starts_with(said), "{}", error.message);
    }
}

#[tokio::test]
async fn an_answer_that_asks_for_tools_is_an_answer() {
    let call = |name: &str, arguments: &str| json!({"id": "1", "type": "function", "function": {"name": name, "arguments": arguments}});
    let calls = json!([call("f", "{\"a\": 1}"), call("g", "{}")]);
    let config = chat(json!({
        "tools": [{"name": "f"}, {"name": "g"}], "response_format": {"type": "json_object"},
    }));
    for (content, value) in [
        (json!(null), Value::Null),
        (json!(""), Value::Null),
        (json!("{\"b\": 2}"), json!({"b": 2})),
    ] {
        let reply = completion(json!({"content": content, "tool_calls": calls}));
        let answer = ask(Api::OpenAi, config.clone(), reply).await.0.unwrap();
        assert_eq!(answer.value, value);
        let told: Vec<_> = answer.tool_calls.iter().collect();
        assert_eq!(
            (told[0].name.as_str(), &told[0].arguments),
            ("f", &json!({"a": 1}))
        );
        assert_eq!(
            (told[1].name.as_str(), &told[1].arguments),
            ("g", &json!({}))
        );
    }
}
