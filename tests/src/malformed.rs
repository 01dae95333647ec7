//! Requests with a fault in them: a valid one, changed at one place so that it cannot be valid any more.

use serde_json::{Value, json};

/// A small generator of numbers that are the same in every run.
pub struct Dice(u64);

impl Dice {
    pub fn new(seed: u64) -> Self {
        Self(seed)
    }

    /// The next number, by the method SplitMix64.
    pub fn number(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        mixed ^ (mixed >> 31)
    }

    pub fn below(&mut self, end: usize) -> usize {
        (self.number() % end as u64) as usize
    }

    fn pick<'a, T>(&mut self, among: &'a [T]) -> &'a T {
        &among[self.below(among.len())]
    }
}

/// A fault and where it is.
#[derive(Debug)]
pub struct Malformed {
    pub body: Value,
    /// What was done to a valid request.
    pub change: String,
    /// The place of the change; the fault is named there or at a part or owner of it.
    pub pointer: String,
}

/// A valid request that uses as much of the format as one request can.
pub fn full() -> Value {
    json!({
        "experiment_name": "complete",
        "config": {
            "dataset": {"type": "inline", "items": [
                {"id": "1", "input": {"prompt": "2+2"}, "expected": "4", "tags": ["sum"]},
                {"id": "2", "input": {"prompt": "2+3"}, "expected": "5"},
            ]},
            "adapter": {
                "type": "openai", "provider": "test", "prompt": "{{ prompt }}", "system": "Be brief.",
                "temperature": 0.5, "top_p": 0.9, "max_tokens": 10, "seed": 7, "stop": ["."],
            },
            "models": [{"name": "a"}, {"name": "b", "adapter": {"type": "openai", "provider": "test"}}],
            "scorers": [
                {"type": "exact_match", "name": "exact", "case_sensitive": true},
                {"type": "contains", "values": ["4"], "require_all": false},
                {"type": "regex", "pattern": "^[0-9]+$"},
                {"type": "numeric", "extract": "last", "absolute_tolerance": 0.1},
                {"type": "json_schema", "schema": {"type": "number"}},
            ],
            "sinks": [{"type": "jsonl"}, {"type": "csv"}],
            "execution": {"concurrency_limit": 3, "max_parallel_models": 1, "call_timeout": "30s"},
            "retry": {
                "initial_interval": "1s", "backoff_coefficient": 2.0, "maximum_interval": "60s", "maximum_attempts": 5,
            },
        },
    })
}

/// Values that are wrong at their place.
const WRONG: [(&str, &str); 22] = [
    ("/experiment_name", r#""""#),
    ("/experiment_name", r#""a\u0000b""#),
    ("/config/models", "[]"),
    ("/config/scorers", "[]"),
    ("/config/models/0/name", r#""""#),
    ("/config/dataset/items", "[]"),
    ("/config/dataset/items/0/id", r#""""#),
    ("/config/dataset/items/1/id", r#""1""#),
    ("/config/models/1/name", r#""a""#),
    ("/config/adapter/temperature", "2.5"),
    ("/config/adapter/temperature", "-0.1"),
    ("/config/adapter/top_p", "1.5"),
    ("/config/adapter/max_tokens", "0"),
    ("/config/adapter/prompt", r#""{{ prompt""#),
    ("/config/scorers/2/pattern", r#""(""#),
    ("/config/scorers/3/absolute_tolerance", "-1"),
    ("/config/scorers/4/schema", r#"{"type": "nonsense"}"#),
    ("/config/execution/concurrency_limit", "0"),
    ("/config/execution/call_timeout", r#""soon""#),
    ("/config/retry/maximum_attempts", "0"),
    ("/config/retry/backoff_coefficient", "0.5"),
    ("/config/retry/initial_interval", r#""-1s""#),
];

/// A value of another type than any that stands at its place.
const STRANGE: [&str; 4] = ["[[]]", r#"{"?": 1}"#, "-17.25", "true"];

/// Keys that a request cannot do without, where they stand.
const REQUIRED: [&str; 11] = [
    "/experiment_name",
    "/config",
    "/config/dataset",
    "/config/models",
    "/config/scorers",
    "/config/dataset/items",
    "/config/dataset/items/1/id",
    "/config/dataset/items/1/input",
    "/config/models/1/name",
    "/config/adapter/provider",
    "/config/scorers/4/schema",
];

/// Changes [`full`] at one place of the generator's choice.
pub fn malformed(dice: &mut Dice) -> Malformed {
    let mut body = full();
    let (change, pointer) = match dice.below(5) {
        0 => {
            let pointer = (*dice.pick(&REQUIRED)).to_owned();
            remove(&mut body, &pointer);
            ("left out".to_owned(), pointer)
        }
        1 => {
            let owners = places(&body, |place, value| value.is_object() && !is_free(place));
            let owner = dice.pick(&owners).clone();
            let key = format!("unknown_{}", dice.below(1000));
            let object = body.pointer_mut(&owner).and_then(Value::as_object_mut);
            object
                .expect("it is an object")
                .insert(key.clone(), json!(1));
            ("a key too many".to_owned(), format!("{owner}/{key}"))
        }
        2 => {
            let tagged = places(&body, |place, _| {
                place.ends_with("/type") && !is_free(place)
            });
            let pointer = dice.pick(&tagged).clone();
            let kind = format!("kind_{}", dice.below(1000));
            set(&mut body, &pointer, json!(kind));
            (format!("the unknown type `{kind}`"), pointer)
        }
        3 => {
            let (pointer, value) = *dice.pick(&WRONG);
            set(&mut body, pointer, parse(value));
            (format!("the value {value}"), pointer.to_owned())
        }
        _ => {
            let typed = places(&body, |place, _| !place.is_empty() && !is_free(place));
            let pointer = dice.pick(&typed).clone();
            let old = body.pointer(&pointer).expect("it is there").clone();
            let strange: Vec<Value> = STRANGE
                .into_iter()
                .map(parse)
                .filter(|value| kind(value) != kind(&old))
                .collect();
            let value = dice.pick(&strange).clone();
            let change = format!("{value} instead of {}", kind(&old));
            set(&mut body, &pointer, value);
            (change, pointer)
        }
    };
    Malformed {
        body,
        change,
        pointer,
    }
}

/// Places at which any JSON may stand.
fn is_free(place: &str) -> bool {
    place.contains("/schema/")
        || place.contains("/input/")
        || place.ends_with("/schema")
        || place.ends_with("/input")
        || place.ends_with("/expected")
}

fn kind(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "a boolean",
        Value::Number(_) => "a number",
        Value::String(_) => "text",
        Value::Array(_) => "a list",
        Value::Object(_) => "an object",
    }
}

/// The pointers of all places that are as wanted.
fn places(body: &Value, wanted: impl Fn(&str, &Value) -> bool) -> Vec<String> {
    let mut found = Vec::new();
    let mut left = vec![(String::new(), body)];
    while let Some((place, value)) = left.pop() {
        if wanted(&place, value) {
            found.push(place.clone());
        }
        match value {
            Value::Object(fields) => {
                left.extend(
                    fields
                        .iter()
                        .map(|(key, value)| (format!("{place}/{key}"), value)),
                );
            }
            Value::Array(values) => {
                let indexed = values.iter().enumerate();
                left.extend(indexed.map(|(index, value)| (format!("{place}/{index}"), value)));
            }
            _ => {}
        }
    }
    found
}

fn set(body: &mut Value, pointer: &str, value: Value) {
    *body.pointer_mut(pointer).expect("it is there") = value;
}

fn remove(body: &mut Value, pointer: &str) {
    let (owner, key) = pointer.rsplit_once('/').expect("a pointer has a slash");
    let object = body.pointer_mut(owner).and_then(Value::as_object_mut);
    object.expect("it is an object").remove(key);
}

fn parse(text: &str) -> Value {
    serde_json::from_str(text).expect("the tables hold JSON")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_seed_gives_the_same_faults() {
        let (mut one, mut other) = (Dice::new(7), Dice::new(7));
        for _ in 0..100 {
            assert_eq!(malformed(&mut one).body, malformed(&mut other).body);
        }
    }

    #[test]
    fn every_entry_of_the_tables_stands_somewhere() {
        let body = full();
        for pointer in WRONG.map(|(pointer, _)| pointer).iter().chain(&REQUIRED) {
            assert!(body.pointer(pointer).is_some(), "{pointer}");
        }
    }
}
