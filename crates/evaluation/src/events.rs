//! An answer put together of the events of a stream, as an `sse` adapter says what they mean.

#[cfg(test)]
mod tests;
mod tools;

use domain::config::{CompletionEvent, EventPath, SseEvents};
use domain::fault::Fault;
use domain::output::{Answer, TokenUsage};
use serde_json::Value;

use self::tools::{Calls, Tool};
use crate::places::Place;
use crate::responses::{Usage, optional, required};
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
        let tool_call = config.tool_call.as_ref();
        let tool_call = tool_call.and_then(|tool| Tool::compile(tool, &mut faults));
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
            tool_calls: Calls::default(),
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
        match self.is_in(name) {
            true => self.place.find(data).map_err(Fell::TooLarge),
            false => Ok(None),
        }
    }

    fn is_in(&self, name: &str) -> bool {
        self.event.as_deref().is_none_or(|event| event == name)
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
    tool_calls: Calls,
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
        if let Some(tool) = &self.events.tool_call {
            self.tool_calls.take(tool, name, &json)?;
        }
        self.note(&json)?;
        let mut complete = self.events.complete.iter();
        let Some(complete) = complete.find(|complete| complete.is(name, data)) else {
            return Ok(Taken::More);
        };
        self.value = find(&complete.answer, &json)?;
        Ok(Taken::Complete)
    }

    /// Takes what an event of any name tells beside the answer.
    fn note(&mut self, json: &Value) -> Result<(), Fell> {
        if let Some(usage) = self.events.usage.find(json) {
            self.usage = Some(usage_of(self.usage, usage));
        }
        let text = |place| match find(place, json)? {
            Some(Value::String(text)) => Ok(Some(text)),
            _ => Ok(None),
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
        let tool_calls = self.tool_calls.whole();
        let value = match (self.value, self.text) {
            (Some(value), _) => value,
            (None, Some(text)) => Value::String(text),
            (None, None) if !tool_calls.is_empty() => Value::Null,
            (None, None) => return None,
        };
        Some(Answer {
            usage: self.usage,
            finish_reason: self.finish_reason,
            model: self.model,
            tool_calls,
            ..Answer::of(value)
        })
    }
}

/// What is at a place, if there is such a place.
fn find(place: &Option<Place>, data: &Value) -> Result<Option<Value>, Fell> {
    let found = place.as_ref().map(|place| place.find(data)).transpose();
    found.map(Option::flatten).map_err(Fell::TooLarge)
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
