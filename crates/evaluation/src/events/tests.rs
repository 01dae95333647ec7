//! Streams of services, and what answers they make.

use serde_json::json;

use super::*;

fn events(config: Value) -> Events {
    let compiled = Events::compile(&serde_json::from_value(config).unwrap());
    compiled.unwrap_or_else(|faults| panic!("{faults:?}"))
}

/// The answer of a stream that must be complete with its last event.
fn read(config: Value, stream: &[(&str, &str)]) -> Option<Answer> {
    let events = events(config);
    let mut reading = events.begin();
    let (last, before) = stream.split_last().unwrap();
    for (name, data) in before {
        assert_eq!(reading.take(name, data), Ok(Taken::More), "{data}");
    }
    assert_eq!(reading.take(last.0, last.1), Ok(Taken::Complete));
    reading.answer()
}

fn openai() -> Value {
    json!({
        "text": {"path": "$.choices[0].delta.content"},
        "complete": [{"data": "[DONE]"}],
        "error": {"path": "$.error.message"},
        "usage": {"input_tokens": "$.usage.prompt_tokens", "output_tokens": "$.usage.completion_tokens"},
        "finish_reason": "$.choices[0].finish_reason",
        "model": "$.model",
    })
}

#[test]
fn pieces_are_put_together_until_the_stream_is_done() {
    let answer = read(
        openai(),
        &[
            (
                "message",
                r#"{"model": "m-1", "choices": [{"delta": {"role": "assistant", "content": null}}]}"#,
            ),
            (
                "message",
                r#"{"model": "m-1", "choices": [{"delta": {"content": "fo"}, "finish_reason": null}]}"#,
            ),
            (
                "message",
                r#"{"model": "m-1", "choices": [{"delta": {"content": "ur"}}]}"#,
            ),
            (
                "message",
                r#"{"choices": [{"delta": {}, "finish_reason": "stop"}]}"#,
            ),
            (
                "message",
                r#"{"choices": [], "usage": {"prompt_tokens": 3, "completion_tokens": 2}}"#,
            ),
            ("message", "[DONE]"),
        ],
    );
    let expected = Answer {
        usage: TokenUsage::counted(Some(3), Some(2)),
        finish_reason: Some("stop".to_owned()),
        model: Some("m-1".to_owned()),
        ..Answer::of(json!("four"))
    };
    assert_eq!(answer, Some(expected));
}

#[test]
fn events_are_told_apart_by_their_names() {
    let config = json!({
        "text": {"event": "delta", "path": "$.text"},
        "complete": [{"event": "complete"}, {"event": "done", "answer": "$.final"}],
        "tool_call": {"event": "tool", "name": "$.tool", "arguments": "$.with"},
    });
    let pieces = [
        ("thinking", r#"{"text": "hm"}"#),
        ("delta", r#"{"text": "a"}"#),
        ("tool", r#"{"tool": "look", "with": {"at": 1}}"#),
        ("delta", r#"{"text": "b"}"#),
    ];
    let with = |last| [&pieces[..], &[last]].concat();
    let answer = read(config.clone(), &with(("complete", "{}"))).unwrap();
    assert_eq!(answer.value, json!("ab"));
    assert_eq!(answer.tool_calls.len(), 1);
    assert_eq!(answer.tool_calls[0].name, "look");
    assert_eq!(answer.tool_calls[0].arguments, json!({"at": 1}));
    let last = ("done", r#"{"final": {"yaml": "x: 1"}}"#);
    let answer = read(config.clone(), &with(last)).unwrap();
    assert_eq!(answer.value, json!({"yaml": "x: 1"}));
    // A final value that is not there leaves the pieces.
    let answer = read(config, &with(("done", ""))).unwrap();
    assert_eq!(answer.value, json!("ab"));
}

#[test]
fn an_empty_text_is_an_answer_and_no_text_is_not() {
    let piece = ("message", r#"{"choices": [{"delta": {"content": ""}}]}"#);
    let done = ("message", "[DONE]");
    assert_eq!(read(openai(), &[piece, done]).unwrap().value, json!(""));
    assert_eq!(read(openai(), &[done]), None);
    let tools = json!({"complete": [{"event": "end"}], "tool_call": {"name": "$.tool"}});
    let answer = read(tools, &[("message", r#"{"tool": "f"}"#), ("end", "")]);
    assert_eq!(answer.unwrap().value, Value::Null);
}

#[test]
fn data_that_is_no_json_is_text() {
    let config = json!({"text": {"path": "$"}, "complete": [{"event": "end"}]});
    let stream = [("message", "fo"), ("message", "ur"), ("end", "")];
    let answer = read(
        json!({"text": {"event": "message", "path": "$"}, "complete": config["complete"]}),
        &stream,
    );
    assert_eq!(answer.unwrap().value, json!("four"));
}

#[test]
fn numbers_of_earlier_events_stay_until_later_ones_replace_them() {
    let config = json!({
        "complete": [{"event": "message_stop"}],
        "text": {"path": "$.delta.text"},
        "usage": {"input_tokens": "$..input_tokens", "output_tokens": "$..output_tokens"},
    });
    let answer = read(
        config,
        &[
            (
                "message_start",
                r#"{"message": {"usage": {"input_tokens": 25, "output_tokens": 1}}}"#,
            ),
            ("content_block_delta", r#"{"delta": {"text": "4"}}"#),
            ("message_delta", r#"{"usage": {"output_tokens": 15}}"#),
            ("message_stop", "{}"),
        ],
    );
    assert_eq!(
        answer.unwrap().usage,
        TokenUsage::counted(Some(25), Some(15))
    );
}

#[test]
fn a_failure_that_is_reported_is_told() {
    let events = events(openai());
    let mut reading = events.begin();
    assert_eq!(
        reading.take("message", r#"{"error": null}"#),
        Ok(Taken::More)
    );
    assert_eq!(
        reading.take("message", r#"{"error": {"message": "overloaded"}}"#),
        Err(Fell::Reported("overloaded".to_owned()))
    );
}

#[test]
fn calls_of_tools_that_come_in_pieces_are_put_together() {
    // As OpenAI streams two calls.
    let mut config = openai();
    let call = "$.choices[0].delta.tool_calls[0]";
    config["tool_call"] = json!({
        "index": format!("{call}.index"),
        "name": format!("{call}.function.name"),
        "arguments": format!("{call}.function.arguments"),
    });
    let piece = |call: Value| json!({"choices": [{"delta": {"tool_calls": [call]}}]}).to_string();
    let pieces = [
        json!({"index": 0, "id": "a", "function": {"name": "weather", "arguments": ""}}),
        json!({"index": 0, "function": {"arguments": "{\"city\": "}}),
        json!({"index": 1, "id": "b", "function": {"name": "time", "arguments": ""}}),
        json!({"index": 0, "function": {"arguments": "\"Bern\"}"}}),
    ]
    .map(piece);
    let mut stream: Vec<(&str, &str)> = Vec::new();
    stream.extend(pieces.iter().map(|piece| ("message", piece.as_str())));
    stream.push(("message", "[DONE]"));
    let answer = read(config, &stream).unwrap();
    assert_eq!(answer.value, Value::Null);
    let calls = answer.tool_calls.iter();
    let calls: Vec<(&str, &Value)> = calls
        .map(|call| (call.name.as_str(), &call.arguments))
        .collect();
    assert_eq!(
        calls,
        [
            ("weather", &json!({"city": "Bern"})),
            ("time", &Value::Null)
        ]
    );

    // As Anthropic does: a block begins, and its input follows. Pieces of the text have an index as well.
    let config = json!({
        "text": {"event": "content_block_delta", "path": "$.delta.text"},
        "tool_call": {"index": "$.index", "name": "$.content_block.name", "arguments": "$.delta.partial_json"},
        "complete": [{"event": "message_stop"}],
    });
    let stream = [
        (
            "content_block_start",
            r#"{"index": 0, "content_block": {"type": "text", "text": ""}}"#,
        ),
        (
            "content_block_delta",
            r#"{"index": 0, "delta": {"text": "I look."}}"#,
        ),
        (
            "content_block_start",
            r#"{"index": 1, "content_block": {"name": "look", "input": {}}}"#,
        ),
        (
            "content_block_delta",
            r#"{"index": 1, "delta": {"partial_json": "{\"at\""}}"#,
        ),
        (
            "content_block_delta",
            r#"{"index": 1, "delta": {"partial_json": ": 1}"}}"#,
        ),
        ("message_stop", "{}"),
    ];
    let answer = read(config, &stream).unwrap();
    assert_eq!(answer.value, json!("I look."));
    assert_eq!(answer.tool_calls.len(), 1);
    assert_eq!(answer.tool_calls[0].name, "look");
    assert_eq!(answer.tool_calls[0].arguments, json!({"at": 1}));
}
