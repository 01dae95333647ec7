//! Where the parts of an answer are in the JSON of a service: paths, compiled.

use domain::config::{HttpResponse, UsagePaths};
use domain::fault::Fault;
use domain::output::TokenUsage;
use serde_json::Value;

use crate::places::Place;

/// The places of an answer in the JSON of a service.
pub struct Response {
    pub answer: Place,
    pub error: Option<Place>,
    pub finish_reason: Option<Place>,
    pub model: Option<Place>,
    pub usage: Usage,
}

impl Response {
    /// Names every fault at once; pointers are relative to the adapter.
    pub fn compile(config: &HttpResponse) -> Result<Self, Vec<Fault>> {
        let mut faults = Vec::new();
        let answer = required("/response/answer", &config.answer, &mut faults);
        let error = optional("/response/error", config.error.as_ref(), &mut faults);
        let reason = config.finish_reason.as_ref();
        let finish_reason = optional("/response/finish_reason", reason, &mut faults);
        let model = optional("/response/model", config.model.as_ref(), &mut faults);
        let usage = Usage::compile("/response/usage", config.usage.as_ref(), &mut faults);
        match answer {
            Some(answer) if faults.is_empty() => Ok(Self {
                answer,
                error,
                finish_reason,
                model,
                usage,
            }),
            _ => Err(faults),
        }
    }
}

/// The places of numbers of tokens.
#[derive(Default)]
pub struct Usage {
    input_tokens: Option<Place>,
    output_tokens: Option<Place>,
}

impl Usage {
    pub(crate) fn compile(
        pointer: &str,
        config: Option<&UsagePaths>,
        faults: &mut Vec<Fault>,
    ) -> Self {
        let Some(config) = config else {
            return Self::default();
        };
        let mut place = |name: &str, path: Option<&String>| {
            optional(&format!("{pointer}/{name}"), path, faults)
        };
        Self {
            input_tokens: place("input_tokens", config.input_tokens.as_ref()),
            output_tokens: place("output_tokens", config.output_tokens.as_ref()),
        }
    }

    /// The tokens that a document tells of; none when it tells of none.
    pub fn find(&self, document: &Value) -> Option<TokenUsage> {
        let count = |place: &Option<Place>| place.as_ref()?.find(document).ok()??.as_u64();
        TokenUsage::counted(count(&self.input_tokens), count(&self.output_tokens))
    }
}

pub(crate) fn required(pointer: &str, path: &str, faults: &mut Vec<Fault>) -> Option<Place> {
    let place = Place::compile(path);
    place
        .map_err(|message| faults.push(Fault::new(pointer, message)))
        .ok()
}

pub(crate) fn optional(
    pointer: &str,
    path: Option<&String>,
    faults: &mut Vec<Fault>,
) -> Option<Place> {
    required(pointer, path?, faults)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn paths_of_a_response_are_compiled_and_all_faults_named() {
        let config = json!({
            "answer": "answer", "error": "$.error", "model": "$[",
            "usage": {"input_tokens": "$.usage.in", "output_tokens": "x"},
        });
        let faults = Response::compile(&serde_json::from_value(config).unwrap());
        let faults = faults.err().unwrap();
        let pointers: Vec<&str> = faults.iter().map(|fault| fault.pointer.as_str()).collect();
        assert_eq!(
            pointers,
            [
                "/response/answer",
                "/response/model",
                "/response/usage/output_tokens"
            ]
        );
    }
}
