//! What a service is asked and where its answer is: the templates and paths of an HTTP adapter, compiled.

use std::collections::BTreeMap;

use domain::config::{HttpRequest, HttpResponse, UsagePaths};
use domain::fault::Fault;
use domain::item::DatasetItem;
use domain::output::TokenUsage;
use serde_json::Value;

use crate::places::Place;
use crate::templates::{RenderError, Templates, Variables};

/// The templates of a request.
pub struct Request {
    templates: Templates,
    query: BTreeMap<String, String>,
    body: Option<Value>,
}

/// What a service is asked for an item.
#[derive(Clone, Debug, PartialEq)]
pub struct Asked {
    pub query: BTreeMap<String, String>,
    pub body: Option<Value>,
}

const QUERY: &str = "request/query";
const BODY: &str = "request/body";

impl Request {
    /// Names every fault at once; pointers are relative to the adapter.
    pub fn compile(config: &HttpRequest) -> Result<Self, Vec<Fault>> {
        let mut templates = Templates::new();
        let mut faults = Vec::new();
        for (name, source) in &config.query {
            faults.extend(templates.add(&under(QUERY, name), source).err());
        }
        if let Some(body) = &config.body {
            add_all(&mut templates, BODY, body, &mut faults);
        }
        match faults.is_empty() {
            true => Ok(Self {
                templates,
                query: config.query.clone(),
                body: config.body.clone(),
            }),
            false => Err(faults),
        }
    }

    /// `model` is the model's name in the experiment.
    pub fn render(&self, item: &DatasetItem, model: &str) -> Result<Asked, RenderError> {
        let variables = variables(item, model);
        let query = self.query.keys().map(|name| {
            let value = self.templates.text(&under(QUERY, name), &variables)?;
            Ok((name.clone(), value))
        });
        let body = self.body.as_ref();
        Ok(Asked {
            query: query.collect::<Result<_, RenderError>>()?,
            body: body
                .map(|body| self.fill(BODY, body, &variables))
                .transpose()?,
        })
    }

    /// Every template that cannot be rendered for the item.
    pub(crate) fn render_errors(&self, item: &DatasetItem) -> Vec<RenderError> {
        // Which of an experiment's models it is makes no difference here.
        self.templates.errors(&variables(item, ""))
    }

    /// The value with its templates rendered.
    fn fill(
        &self,
        place: &str,
        value: &Value,
        variables: &Variables<'_>,
    ) -> Result<Value, RenderError> {
        Ok(match value {
            Value::String(_) => self.templates.value(place, variables)?,
            Value::Array(values) => {
                let filled = values.iter().enumerate().map(|(index, value)| {
                    self.fill(&under(place, &index.to_string()), value, variables)
                });
                filled.collect::<Result<_, _>>()?
            }
            Value::Object(entries) => {
                let filled = entries.iter().map(|(key, value)| {
                    let value = self.fill(&under(place, key), value, variables)?;
                    Ok((key.clone(), value))
                });
                Value::Object(filled.collect::<Result<_, RenderError>>()?)
            }
            other => other.clone(),
        })
    }
}

fn variables<'a>(item: &'a DatasetItem, model: &str) -> Variables<'a> {
    Variables::with(item, &[("model", model)])
}

/// Adds every string of a value as a template named for its place.
fn add_all(templates: &mut Templates, place: &str, value: &Value, faults: &mut Vec<Fault>) {
    match value {
        Value::String(source) => faults.extend(templates.add(place, source).err()),
        Value::Array(values) => {
            for (index, value) in values.iter().enumerate() {
                add_all(templates, &under(place, &index.to_string()), value, faults);
            }
        }
        Value::Object(entries) => {
            for (key, value) in entries {
                add_all(templates, &under(place, key), value, faults);
            }
        }
        _ => {}
    }
}

/// A place below another, escaped as a JSON Pointer is.
fn under(place: &str, key: &str) -> String {
    format!("{place}/{}", key.replace('~', "~0").replace('/', "~1"))
}

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

    fn item() -> DatasetItem {
        serde_json::from_value(json!({
            "id": "1",
            "input": {"question": "2+2?", "choices": ["a", "b"], "count": 3, "nothing": null},
        }))
        .unwrap()
    }

    fn compile(request: Value) -> Result<Request, Vec<Fault>> {
        Request::compile(&serde_json::from_value(request).unwrap())
    }

    fn body(body: Value) -> Value {
        let request = compile(json!({"body": body})).unwrap();
        request.render(&item(), "m").unwrap().body.unwrap()
    }

    #[test]
    fn a_string_that_is_one_expression_keeps_its_type() {
        for (template, expected) in [
            ("{{ choices }}", json!(["a", "b"])),
            (" {{- count -}} ", json!(3)),
            ("{{ count + 1 }}", json!(4)),
            ("{{ -count }}", json!(-3)),
            ("{{ nothing }}", json!(null)),
            ("{{ question }}", json!("2+2?")),
            ("{{ '}} {{' }}", json!("}} {{")),
            ("{{ count }}{{ count }}", json!("33")),
            ("{{ count }} of {{ count }}", json!("3 of 3")),
            ("no. {{ count }}", json!("no. 3")),
            ("{{ model }}", json!("m")),
            ("{{ input.choices[1] }}", json!("b")),
            ("plain", json!("plain")),
        ] {
            assert_eq!(body(json!(template)), expected, "{template}");
        }
    }

    #[test]
    fn everything_but_strings_is_sent_as_it_is() {
        let given = json!({"a/b": [{"q": "{{ question }}"}, 1, null, true], "{{ x }}": 1.5});
        let sent = json!({"a/b": [{"q": "2+2?"}, 1, null, true], "{{ x }}": 1.5});
        assert_eq!(body(given), sent);
    }

    #[test]
    fn a_query_is_text() {
        let request = compile(json!({"query": {"q": "{{ question }}", "n": "{{ count }}"}}));
        let asked = request.unwrap().render(&item(), "m").unwrap();
        assert_eq!(asked.query["q"], "2+2?");
        assert_eq!(asked.query["n"], "3");
        assert_eq!(asked.body, None);
    }

    #[test]
    fn faults_name_their_place_in_the_request() {
        let faults = compile(json!({"query": {"q": "{{"}, "body": {"a/b": ["x", "{% if %}"]}}));
        let faults = faults.err().unwrap();
        let pointers: Vec<&str> = faults.iter().map(|fault| fault.pointer.as_str()).collect();
        assert_eq!(pointers, ["/request/query/q", "/request/body/a~1b/1"]);
        let request = compile(json!({"body": {"a": "{{ nope }}"}})).unwrap();
        assert_eq!(
            request.render(&item(), "m").unwrap_err().to_string(),
            "the template `request/body/a` cannot be rendered: `nope` is undefined (line 1); \
             the inputs of item `1` are `question`, `choices`, `count`, `nothing`"
        );
    }

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
