//! An answer put together of the events of a stream, as an `sse` adapter says what they mean.

use domain::config::{CompletionEvent, EventPath, SseEvents};
use domain::fault::Fault;
use domain::output::{Answer, TokenUsage, ToolCall};
use serde_json::Value;

use crate::places::Place;
use crate::requests::{Usage, optional, required};
use crate::text::as_text;

/// What the events of a stream mean.
pub struct Events {
    text: Option<At>,
    complete: Vec<Completion>,
    error: Option<At>,
    tool_call: Option<Tool>,
    usage: Usage,
    finish_reason: Option<Place>,
    model: Option<Place>,
}

/// A place in events of one name, or of all.
struct At {
    event: Option<String>,
    place: Place,
}

struct Completion {
    event: Option<String>,
    data: Option<String>,
    answer: Option<Place>,
}

struct Tool {
    name: At,
    arguments: Option<Place>,
}

impl Events {
    /// Names every fault at once; pointers are relative to the adapter.
    pub fn compile(config: &SseEvents) -> Result<Self, Vec<Fault>> {
        let mut faults = Vec::new();
        let text = At::compile("/events/text/path", config.text.as_ref(), &mut faults);
        let complete = config.complete.iter().enumerate();
        let complete = complete
            .map(|(index, event)| Completion::compile(index, event, &mut faults))
            .collect();
        let error = At::compile("/events/error/path", config.error.as_ref(), &mut faults);
        let tool_call = config.tool_call.as_ref().and_then(|tool| {
            let name = required("/events/tool_call/name", &tool.name, &mut faults);
            let arguments = tool.arguments.as_ref();
            let arguments = optional("/events/tool_call/arguments", arguments, &mut faults);
            let event = tool.event.clone();
            let name = At {
                event,
                place: name?,
            };
            Some(Tool { name, arguments })
        });
        let usage = Usage::compile("/events/usage", config.usage.as_ref(), &mut faults);
        let reason = config.finish_reason.as_ref();
        let finish_reason = optional("/events/finish_reason", reason, &mut faults);
        let model = optional("/events/model", config.model.as_ref(), &mut faults);
        match faults.is_empty() {
            true => Ok(Self {
                text,
                complete,
                error,
                tool_call,
                usage,
                finish_reason,
                model,
            }),
            false => Err(faults),
        }
    }

    /// An answer of which nothing has come yet.
    pub fn begin(&self) -> Reading<'_> {
        Reading {
            events: self,
            text: None,
            value: None,
            tool_calls: Vec::new(),
            usage: None,
            finish_reason: None,
            model: None,
        }
    }
}

impl At {
    fn compile(pointer: &str, config: Option<&EventPath>, faults: &mut Vec<Fault>) -> Option<Self> {
        let config = config?;
        Some(Self {
            event: config.event.clone(),
            place: required(pointer, &config.path, faults)?,
        })
    }

    /// What is there, when the event has the name.
    fn find(&self, name: &str, data: &Value) -> Result<Option<Value>, Fell> {
        match self.event.as_deref().is_none_or(|event| event == name) {
            true => self.place.find(data).map_err(Fell::TooLarge),
            false => Ok(None),
        }
    }
}

impl Completion {
    fn compile(index: usize, config: &CompletionEvent, faults: &mut Vec<Fault>) -> Self {
        let pointer = format!("/events/complete/{index}/answer");
        Self {
            event: config.event.clone(),
            data: config.data.clone(),
            answer: optional(&pointer, config.answer.as_ref(), faults),
        }
    }

    fn is(&self, name: &str, data: &str) -> bool {
        self.event.as_deref().is_none_or(|event| event == name)
            && self.data.as_deref().is_none_or(|whole| whole == data)
    }
}

/// An answer of which some events have come.
pub struct Reading<'a> {
    events: &'a Events,
    /// The pieces so far; none before the first of them.
    text: Option<String>,
    value: Option<Value>,
    tool_calls: Vec<ToolCall>,
    usage: Option<TokenUsage>,
    finish_reason: Option<String>,
    model: Option<String>,
}

/// Whether more events are to come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Taken {
    More,
    Complete,
}

/// Why a stream gives no answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Fell {
    /// The service reports a failure, in its own words.
    Reported(String),
    /// An event is too large for a path.
    TooLarge(String),
}

impl Reading<'_> {
    /// Takes the next event; an event without a name is named `message`.
    pub fn take(&mut self, name: &str, data: &str) -> Result<Taken, Fell> {
        // Data that is no JSON is text, such as `[DONE]`.
        let json = serde_json::from_str(data).unwrap_or_else(|_| Value::from(data));
        if let Some(at) = &self.events.error
            && let Some(error) = at.find(name, &json)?.filter(is_something)
        {
            return Err(Fell::Reported(as_text(&error).into_owned()));
        }
        if let Some(at) = &self.events.text
            && let Some(piece) = at.find(name, &json)?.filter(|piece| !piece.is_null())
        {
            self.text.get_or_insert_default().push_str(&as_text(&piece));
        }
        if let Some(tool) = &self.events.tool_call
            && let Some(Value::String(name)) = tool.name.find(name, &json)?
        {
            let arguments = tool.arguments.as_ref().map(|place| place.find(&json));
            let arguments = arguments.transpose().map_err(Fell::TooLarge)?.flatten();
            self.tool_calls.push(ToolCall {
                name,
                arguments: arguments.unwrap_or_default(),
            });
        }
        self.note(&json)?;
        let mut complete = self.events.complete.iter();
        let Some(complete) = complete.find(|complete| complete.is(name, data)) else {
            return Ok(Taken::More);
        };
        if let Some(place) = &complete.answer {
            self.value = place.find(&json).map_err(Fell::TooLarge)?;
        }
        Ok(Taken::Complete)
    }

    /// Takes what an event of any name tells beside the answer.
    fn note(&mut self, json: &Value) -> Result<(), Fell> {
        if let Some(usage) = self.events.usage.find(json) {
            self.usage = Some(usage_of(self.usage, usage));
        }
        let text = |place: &Option<Place>| match place {
            Some(place) => match place.find(json).map_err(Fell::TooLarge)? {
                Some(Value::String(text)) => Ok(Some(text)),
                _ => Ok(None),
            },
            None => Ok(None),
        };
        if let Some(reason) = text(&self.events.finish_reason)? {
            self.finish_reason = Some(reason);
        }
        if let Some(model) = text(&self.events.model)? {
            self.model = Some(model);
        }
        Ok(())
    }

    /// Whether a piece of the text has come.
    pub fn has_text(&self) -> bool {
        self.text.is_some()
    }

    /// The answer, of a stream that is complete; none when no event has carried one.
    pub fn answer(self) -> Option<Answer> {
        let value = match (self.value, self.text) {
            (Some(value), _) => value,
            (None, Some(text)) => Value::String(text),
            (None, None) if !self.tool_calls.is_empty() => Value::Null,
            (None, None) => return None,
        };
        Some(Answer {
            usage: self.usage,
            finish_reason: self.finish_reason,
            model: self.model,
            tool_calls: self.tool_calls,
            ..Answer::of(value)
        })
    }
}

/// The later numbers; those that only earlier events told stay.
fn usage_of(earlier: Option<TokenUsage>, later: TokenUsage) -> TokenUsage {
    let earlier = earlier.unwrap_or_default();
    let last = |earlier, later| match later {
        0 => earlier,
        later => later,
    };
    TokenUsage {
        input_tokens: last(earlier.input_tokens, later.input_tokens),
        output_tokens: last(earlier.output_tokens, later.output_tokens),
        ..later
    }
}

/// Whether a value reports a failure: null, false and the empty text do not.
pub fn is_something(value: &Value) -> bool {
    !matches!(value, Value::Null | Value::Bool(false)) && value != ""
}

#[cfg(test)]
mod tests {
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
}
