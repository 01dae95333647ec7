//! The faults of a configuration that only compiling it finds, all at once.

use domain::config::{AdapterConfig, DatasetConfig, ExperimentConfig};
use domain::fault::Fault;
use domain::item::DatasetItem;

use crate::prompts::Prompt;
use crate::scorers::Scorer;

/// How many inline items a template is tried on.
const ITEMS_TRIED: usize = 10;

/// Compiles every template, expression and schema; pointers are into a request with `config`.
///
/// With an inline dataset, a template that none of the first items can fill is a fault too.
pub fn check(config: &ExperimentConfig) -> Vec<Fault> {
    let items = match &config.dataset {
        DatasetConfig::Inline(dataset) => dataset.items.as_slice(),
        DatasetConfig::Jsonl(_) | DatasetConfig::Csv(_) => &[],
    };
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
        AdapterConfig::OpenAi(adapter) => match Prompt::compile(adapter) {
            Ok(prompt) => unfilled_templates(&prompt, items),
            Err(faults) => faults,
        },
    }
}

/// The templates that fail for the first items one and all, by what the very first lacks.
fn unfilled_templates(prompt: &Prompt, items: &[DatasetItem]) -> Vec<Fault> {
    let Some((first, others)) = items.split_first() else {
        return Vec::new();
    };
    let mut errors = prompt.render_errors(first);
    for item in others.iter().take(ITEMS_TRIED - 1) {
        if errors.is_empty() {
            break;
        }
        let failing = prompt.render_errors(item);
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
