//! Calls of tools in a stream: each in an event of its own, or in pieces.

use domain::config::ToolCallEvent;
use domain::fault::Fault;
use domain::output::ToolCall;
use serde_json::Value;

use super::{At, Fell, find};
use crate::places::Place;
use crate::responses::{optional, required};

/// Where the calls are.
pub(super) struct Tool {
    name: At,
    arguments: Option<Place>,
    index: Option<Place>,
}

impl Tool {
    pub(super) fn compile(config: &ToolCallEvent, faults: &mut Vec<Fault>) -> Option<Self> {
        let name = required("/events/tool_call/name", &config.name, faults);
        let arguments = config.arguments.as_ref();
        let arguments = optional("/events/tool_call/arguments", arguments, faults);
        let index = optional("/events/tool_call/index", config.index.as_ref(), faults);
        Some(Self {
            name: At {
                event: config.event.clone(),
                place: name?,
            },
            arguments,
            index,
        })
    }
}

/// The calls of which something has come, in the order in which they began.
#[derive(Default)]
pub(super) struct Calls(Vec<Call>);

struct Call {
    /// Tells it from others that come in pieces.
    index: Option<Value>,
    name: String,
    arguments: Value,
}

impl Calls {
    /// Takes what an event tells of a call.
    pub(super) fn take(&mut self, tool: &Tool, event: &str, data: &Value) -> Result<(), Fell> {
        if !tool.name.is_in(event) {
            return Ok(());
        }
        let index = find(&tool.index, data)?.filter(|index| !index.is_null());
        let arguments = find(&tool.arguments, data)?.unwrap_or_default();
        let begun = index.is_some().then(|| {
            let mut calls = self.0.iter_mut();
            calls.find(|call| call.index == index)
        });
        if let Some(call) = begun.flatten() {
            call.add(arguments);
        } else if let Some(Value::String(name)) = tool.name.find(event, data)? {
            self.0.push(Call {
                index,
                name,
                arguments,
            });
        }
        Ok(())
    }

    /// The calls, of a stream that is complete.
    pub(super) fn whole(self) -> Vec<ToolCall> {
        self.0.into_iter().map(Call::whole).collect()
    }
}

impl Call {
    /// Adds a piece. What is no text stands for itself.
    fn add(&mut self, piece: Value) {
        match (&mut self.arguments, piece) {
            (_, Value::Null) => {}
            (Value::String(text), Value::String(piece)) => text.push_str(&piece),
            (arguments, piece) => *arguments = piece,
        }
    }

    /// Pieces of text are JSON when they are put together; those of a call without arguments are nothing at all.
    fn whole(self) -> ToolCall {
        let arguments = match (self.index, self.arguments) {
            (Some(_), Value::String(text)) if text.is_empty() => Value::Null,
            (Some(_), Value::String(text)) => {
                serde_json::from_str(&text).unwrap_or(Value::String(text))
            }
            (_, arguments) => arguments,
        };
        ToolCall {
            name: self.name,
            arguments,
        }
    }
}
