//! The faults of a configuration that only compiling it finds, all at once.

use domain::config::{AdapterConfig, ChatAdapter, ExperimentConfig, HttpRequest, ResponseFormat};
use domain::fault::Fault;
use domain::item::DatasetItem;

use crate::events::Events;
use crate::prompts::{EmbeddedText, Prompt};
use crate::requests::Request;
use crate::responses::Response;
use crate::scorers::{Scorer, schema_fault};
use crate::templates::RenderError;

/// How many inline items a template is tried on.
const ITEMS_TRIED: usize = 10;

/// Compiles every template, expression and schema; pointers are into a request with `config`.
///
/// With an inline dataset, a template that none of the first items can fill is a fault too.
pub fn check(config: &ExperimentConfig) -> Vec<Fault> {
    let items = config.dataset.inline_items().unwrap_or_default();
    let shared = config
        .adapter
        .iter()
        .map(|adapter| ("/config/adapter".to_owned(), adapter));
    let own = config
        .models
        .iter()
        .enumerate()
        .filter_map(|(index, model)| {
            let adapter = model.adapter.as_ref()?;
            Some((format!("/config/models/{index}/adapter"), adapter))
        });
    let adapters = shared
        .chain(own)
        .flat_map(|(pointer, adapter)| under(&pointer, adapter_faults(adapter, items)));
    let scorers = config
        .scorers
        .iter()
        .enumerate()
        .filter_map(|(index, scorer)| {
            let fault = Scorer::compile(scorer).err()?;
            Some(fault.under(&format!("/config/scorers/{index}")))
        });
    adapters.chain(scorers).collect()
}

fn under(pointer: &str, faults: Vec<Fault>) -> Vec<Fault> {
    faults
        .into_iter()
        .map(|fault| fault.under(pointer))
        .collect()
}

fn adapter_faults(adapter: &AdapterConfig, items: &[DatasetItem]) -> Vec<Fault> {
    match adapter {
        AdapterConfig::Recorded(_) | AdapterConfig::Activity(_) => Vec::new(),
        AdapterConfig::OpenAi(adapter) | AdapterConfig::Chat(adapter) => {
            let mut faults = match Prompt::compile(adapter) {
                Ok(prompt) => unfilled_templates(items, |item| prompt.render_errors(item)),
                Err(faults) => faults,
            };
            faults.extend(schema_faults(adapter));
            faults
        }
        AdapterConfig::Http(adapter) => {
            let mut faults = request_faults(&adapter.request, items);
            faults.extend(
                Response::compile(&adapter.response)
                    .err()
                    .unwrap_or_default(),
            );
            faults
        }
        AdapterConfig::Sse(adapter) => {
            let mut faults = request_faults(&adapter.request, items);
            faults.extend(Events::compile(&adapter.events).err().unwrap_or_default());
            faults
        }
        AdapterConfig::Embeddings(adapter) => match EmbeddedText::compile(adapter) {
            Ok(text) => unfilled_templates(items, |item| text.render_errors(item)),
            Err(fault) => vec![fault],
        },
    }
}

fn request_faults(request: &HttpRequest, items: &[DatasetItem]) -> Vec<Fault> {
    match Request::compile(request) {
        Ok(request) => unfilled_templates(items, |item| request.render_errors(item)),
        Err(faults) => faults,
    }
}

/// The schemas of a chat that are none.
fn schema_faults(adapter: &ChatAdapter) -> Vec<Fault> {
    let mut faults = Vec::new();
    if let Some(ResponseFormat::JsonSchema(format)) = &adapter.response_format {
        faults.extend(schema_fault("/response_format/schema", &format.schema));
    }
    for (index, tool) in adapter.tools.iter().enumerate() {
        if let Some(parameters) = &tool.parameters {
            let pointer = format!("/tools/{index}/parameters");
            faults.extend(schema_fault(&pointer, parameters));
        }
    }
    faults
}

/// The templates that fail for the first items one and all, by what the very first lacks.
fn unfilled_templates(
    items: &[DatasetItem],
    errors_for: impl Fn(&DatasetItem) -> Vec<RenderError>,
) -> Vec<Fault> {
    let Some((first, others)) = items.split_first() else {
        return Vec::new();
    };
    let mut errors = errors_for(first);
    for item in others.iter().take(ITEMS_TRIED - 1) {
        if errors.is_empty() {
            break;
        }
        let failing = errors_for(item);
        errors.retain(|error| failing.iter().any(|other| other.template == error.template));
    }
    errors
        .into_iter()
        .map(|error| Fault::new(format!("/{}", error.template), error.message))
        .collect()
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    fn faults(change: impl FnOnce(&mut Value)) -> Vec<Fault> {
        let mut config = json!({
            "dataset": {"type": "inline", "items": [
                {"id": "1", "input": {"prompt": "2+2"}, "expected": "4"},
                {"id": "2", "input": {"prompt": "2+3", "hint": "count"}, "expected": "5"},
            ]},
            "adapter": {"type": "openai", "provider": "openai"},
            "models": [{"name": "a"}],
            "scorers": [{"type": "exact_match"}],
        });
        change(&mut config);
        check(&serde_json::from_value(config).unwrap())
    }

    fn pointers(change: impl FnOnce(&mut Value)) -> Vec<String> {
        faults(change)
            .into_iter()
            .map(|fault| fault.pointer)
            .collect()
    }

    #[test]
    fn a_good_configuration_has_no_faults() {
        assert_eq!(faults(|_| {}), []);
    }

    #[test]
    fn all_faults_are_named_at_once_and_at_their_place() {
        let pointers = pointers(|config| {
            config["adapter"]["prompt"] = json!("{{ oops");
            config["adapter"]["system"] = json!("{% bad %}");
            config["models"] = json!([
                {"name": "a"},
                {"name": "b", "adapter": {"type": "openai", "provider": "p", "prompt": "{% if %}"}},
                {"name": "c", "adapter": {"type": "recorded"}},
                {"name": "d", "adapter": {
                    "type": "chat", "provider": "p", "tools": [{"name": "f", "parameters": {"type": "objekt"}}],
                    "response_format": {"type": "json_schema", "name": "n", "schema": {"type": "strin"}},
                }},
                {"name": "e", "adapter": {
                    "type": "http", "provider": "p", "request": {"body": {"q": ["{{ oops"]}}, "response": {"answer": "a"},
                }},
                {"name": "f", "adapter": {
                    "type": "sse", "provider": "p", "request": {"query": {"q": "{{ oops"}},
                    "events": {"text": {"path": "x"}, "complete": [{"event": "end", "answer": "$["}]},
                }},
                {"name": "g", "adapter": {"type": "embeddings", "provider": "p", "text": "{{ question }}"}},
            ]);
            config["scorers"] = json!([
                {"type": "exact_match"},
                {"type": "regex", "pattern": "(a"},
                {"type": "json_schema", "schema": {"type": "strin"}},
                {"type": "json_schema", "schema": {"$ref": "https://example.com/schema.json"}},
                {"type": "regex", "pattern": "(\\w{1000}){1000}"},
                {"type": "json_schema", "name": "loop", "schema": {"not": {"$ref": "#"}}},
                {"type": "json_diff", "required_paths": ["a"]},
                {"type": "json_path", "assertions": [{"path": "$.a"}, {"path": "a"}]},
                {"type": "latency", "pass_threshold": 0.5},
                {"type": "bleu", "pass_threshold": 1.5},
                {"type": "composite", "scorers": [
                    {"scorer": {"type": "cost", "max_cost": "0.1"}},
                    {"scorer": {"type": "regex", "pattern": "("}},
                ]},
            ]);
        });
        assert_eq!(
            pointers,
            [
                "/config/adapter/prompt",
                "/config/adapter/system",
                "/config/models/1/adapter/prompt",
                "/config/models/3/adapter/response_format/schema",
                "/config/models/3/adapter/tools/0/parameters",
                "/config/models/4/adapter/request/body/q/0",
                "/config/models/4/adapter/response/answer",
                "/config/models/5/adapter/request/query/q",
                "/config/models/5/adapter/events/text/path",
                "/config/models/5/adapter/events/complete/0/answer",
                "/config/models/6/adapter/text",
                "/config/scorers/1/pattern",
                "/config/scorers/2/schema",
                "/config/scorers/3/schema",
                "/config/scorers/4/pattern",
                "/config/scorers/5/schema",
                "/config/scorers/6/required_paths/0",
                "/config/scorers/7/assertions/1/path",
                "/config/scorers/8/pass_threshold",
                "/config/scorers/9/pass_threshold",
                "/config/scorers/10/scorers/1/scorer/pattern",
            ]
        );
    }

    #[test]
    fn a_template_that_no_inline_item_can_fill_is_a_fault() {
        let faults = faults(|config| {
            config["adapter"]["prompt"] = json!("{{ question }}");
            config["adapter"]["system"] = json!("{{ role }}");
        });
        let found: Vec<String> = faults.iter().map(Fault::to_string).collect();
        assert_eq!(
            found,
            [
                "/config/adapter/prompt: `question` is undefined (line 1); the inputs of item `1` are `prompt`",
                "/config/adapter/system: `role` is undefined (line 1); the inputs of item `1` are `prompt`",
            ]
        );
    }

    #[test]
    fn a_template_that_some_inline_item_can_fill_is_no_fault() {
        assert_eq!(
            faults(|config| config["adapter"]["prompt"] = json!("{{ hint }}")),
            []
        );
    }

    #[test]
    fn templates_for_items_of_a_file_are_only_parsed() {
        let faults = faults(|config| {
            config["dataset"] = json!({"type": "jsonl", "path": "items.jsonl"});
            config["adapter"]["prompt"] = json!("{{ question }}");
        });
        assert_eq!(faults, []);
    }
}
