//! Experiments as tests post them: bodies that a stranger could have typed.

use serde_json::{Value, json};

use crate::stack::Stack;

/// Items whose prompt is their id, and whose right answer is the prompt itself.
pub fn echo_items(count: usize) -> Vec<Value> {
    (0..count)
        .map(|index| {
            let prompt = format!("item-{index:05}");
            json!({"id": prompt, "input": {"prompt": prompt}, "expected": prompt})
        })
        .collect()
}

/// The same as a JSONL file.
pub fn echo_lines(count: usize) -> String {
    jsonl(&echo_items(count))
}

pub fn jsonl(values: &[Value]) -> String {
    values.iter().map(|value| format!("{value}\n")).collect()
}

/// An experiment on recorded outputs: the items' own.
pub fn recorded(items: Value, scorers: Value) -> Value {
    json!({
        "experiment_name": "recorded",
        "config": {
            "dataset": {"type": "inline", "items": items},
            "adapter": {"type": "recorded"},
            "models": [{"name": "recorded"}],
            "scorers": scorers,
        },
    })
}

/// An experiment that asks the model `echo` of the provider `test`, and expects what the items expect. Waits between
/// attempts are short.
pub fn asked(dataset: Value) -> Value {
    json!({
        "experiment_name": "asked",
        "config": {
            "dataset": dataset,
            "adapter": {"type": "openai", "provider": "test"},
            "models": [{"name": "echo"}],
            "scorers": [{"type": "exact_match"}],
            "retry": {"initial_interval": "100ms", "maximum_interval": "200ms"},
        },
    })
}

/// The same on a file of so many items in the dataset folder of `stack`, with so many calls at once.
pub fn asked_file(stack: &Stack, count: usize, concurrency: u64) -> Value {
    let name = format!("items-{count}.jsonl");
    stack.dataset(&name, &echo_lines(count));
    let mut body = asked(file(&name));
    body["config"]["execution"] = json!({"concurrency_limit": concurrency});
    body
}

/// Inline items as a dataset.
pub fn inline(items: Vec<Value>) -> Value {
    json!({"type": "inline", "items": items})
}

/// A file of the dataset folder as a dataset.
pub fn file(path: &str) -> Value {
    let name = path.trim_end_matches(".gz").trim_end_matches(".zst");
    let kind = name.rsplit('.').next().expect("a path has an extension");
    json!({"type": kind, "path": path})
}

/// A small experiment on recorded outputs that keeps every rule.
pub fn valid() -> Value {
    let items = json!([
        {"id": "1", "input": {"prompt": "2+2"}, "expected": "4", "output": "4"},
        {"id": "2", "input": {"prompt": "2+3"}, "expected": "5", "output": "6"},
    ]);
    recorded(items, json!([{"type": "exact_match"}]))
}

/// The ids of results.
pub fn ids(results: &[Value]) -> Vec<&str> {
    results
        .iter()
        .map(|result| {
            result["result"]["item"]["id"]
                .as_str()
                .expect("an item has an id")
        })
        .collect()
}

/// The result of an item.
pub fn result_of<'a>(results: &'a [Value], id: &str) -> &'a Value {
    let found = results
        .iter()
        .find(|result| result["result"]["item"]["id"] == id)
        .unwrap_or_else(|| panic!("no result for `{id}`"));
    &found["result"]
}
