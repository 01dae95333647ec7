//! Checks a body against the published schema, so that what is documented and what is accepted are one.

mod faults;

use std::ops::BitOr;

use domain::fault::Fault;
use jsonschema::{Draft, Validator};
use serde::de::DeserializeOwned;
use serde_json::{Value, json};
use serde_path_to_error::Segment;

use crate::error::ApiError;

/// Faults named in one answer; more help nobody.
const MOST_FAULTS: usize = 1000;

/// Values of a body that are looked at when it is known to have faults, so that a body made of nothing but faults
/// cannot fill the memory.
const MOST_VALUES: usize = 200_000;

/// Values that are read again, in all, because a whole number among them was written as a fraction.
const MOST_READ_AGAIN: usize = 2_000_000;

/// The schemas of all bodies that requests have.
pub(crate) struct RequestSchemas {
    pub(crate) create: RequestSchema,
    pub(crate) dataset: RequestSchema,
    pub(crate) limits: RequestSchema,
    pub(crate) pause: RequestSchema,
    pub(crate) terminate: RequestSchema,
    pub(crate) retry: RequestSchema,
    pub(crate) rescore: RequestSchema,
    pub(crate) emit: RequestSchema,
    pub(crate) schedule: RequestSchema,
    pub(crate) schedule_update: RequestSchema,
    pub(crate) schedule_note: RequestSchema,
    pub(crate) trigger: RequestSchema,
    pub(crate) backfill: RequestSchema,
}

impl RequestSchemas {
    /// Compiles them from the published document.
    pub(crate) fn of(document: &Value) -> Self {
        let of = |name| RequestSchema::of(document, name);
        Self {
            create: of("CreateExperiment"),
            dataset: of("CreateDataset"),
            limits: of("LimitsChange"),
            pause: of("PauseExperiment"),
            terminate: of("TerminateExperiment"),
            retry: of("RetryExperiment"),
            rescore: of("RescoreExperiment"),
            emit: of("EmitExperiment"),
            schedule: of("CreateSchedule"),
            schedule_update: of("UpdateSchedule"),
            schedule_note: of("NoteSchedule"),
            trigger: of("TriggerSchedule"),
            backfill: of("BackfillSchedule"),
        }
    }
}

/// One schema of the OpenAPI document, compiled.
pub(crate) struct RequestSchema {
    validator: Validator,
    root: Value,
}

impl RequestSchema {
    /// Compiles the schema of that name.
    fn of(document: &Value, name: &str) -> Self {
        let mut root = json!({
            "$ref": format!("#/components/schemas/{name}"),
            "components": document["components"],
        });
        hold_formats(&mut root);
        let validator = jsonschema::options()
            .with_draft(Draft::Draft202012)
            .should_validate_formats(true)
            .build(&root)
            .expect("the schemas of our own document compile");
        Self { validator, root }
    }

    /// Reads a body that has the schema's shape.
    pub(crate) fn read<T: DeserializeOwned>(&self, mut body: Value) -> Result<T, ApiError> {
        let faults = self.faults(&body);
        if !faults.is_empty() {
            return Err(ApiError::Invalid(faults));
        }
        let mut left = MOST_READ_AGAIN;
        loop {
            let error = match serde_path_to_error::deserialize(&body) {
                Ok(read) => return Ok(read),
                Err(error) => error,
            };
            let pointer = pointer(error.path());
            if !body.pointer_mut(&pointer).is_some_and(write_whole) {
                return Err(ApiError::invalid(pointer, error.into_inner().to_string()));
            }
            let Some(rest) = left.checked_sub(values(&body)) else {
                let message = "whole numbers are written as `2`, not as `2.0`";
                return Err(ApiError::invalid("", message));
            };
            left = rest;
        }
    }

    /// All faults of a body, each at its place.
    fn faults(&self, body: &Value) -> Vec<Fault> {
        if self.validator.is_valid(body) {
            return Vec::new();
        }
        let mut budget = MOST_VALUES;
        let body = within(body, &mut budget);
        let mut faults = Vec::new();
        for error in self.validator.iter_errors(&body) {
            faults::explain(&self.root, &error, &mut faults);
            if faults.len() >= MOST_FAULTS {
                faults.truncate(MOST_FAULTS);
                faults.push(Fault::new(
                    "",
                    "there may be more faults than are named here",
                ));
                return faults;
            }
        }
        if faults.is_empty() {
            let message = "it has a fault, but is too large to say where: try a smaller one";
            faults.push(Fault::new("", message));
        }
        faults
    }
}

/// Bounds whole numbers as their formats say (<https://spec.openapis.org/registry/format/>), where nothing else does.
fn hold_formats(schema: &mut Value) {
    match schema {
        Value::Object(entries) => {
            let most = match entries.get("format").and_then(Value::as_str) {
                Some("int32") => Some(i64::from(i32::MAX)),
                Some("int64") => Some(i64::MAX),
                _ => None,
            };
            if let Some(most) = most {
                entries.entry("maximum").or_insert(json!(most));
            }
            entries.values_mut().for_each(hold_formats);
        }
        Value::Array(values) => values.iter_mut().for_each(hold_formats),
        _ => {}
    }
}

/// How many values there are in one.
fn values(value: &Value) -> usize {
    match value {
        Value::Array(values) => 1 + values.iter().map(self::values).sum::<usize>(),
        Value::Object(entries) => 1 + entries.values().map(values).sum::<usize>(),
        _ => 1,
    }
}

fn pointer(path: &serde_path_to_error::Path) -> String {
    path.iter()
        .map(|segment| match segment {
            Segment::Seq { index } => format!("/{index}"),
            Segment::Map { key } => format!("/{}", faults::escape(key)),
            Segment::Enum { .. } | Segment::Unknown => String::new(),
        })
        .collect()
}

/// Writes `2.0` as `2`, which is the same number to JSON Schema and not to serde. Says whether there was one.
fn write_whole(value: &mut Value) -> bool {
    /// Up to here every whole number has a fraction of its own (IEEE 754, 2^53).
    const LARGEST: f64 = 9_007_199_254_740_992.0;
    match value {
        Value::Number(number) => {
            let whole = number
                .as_f64()
                .filter(|fraction| number.is_f64() && fraction.fract() == 0.0)
                .filter(|fraction| fraction.abs() <= LARGEST);
            if let Some(whole) = whole {
                *value = json!(whole as i64);
            }
            whole.is_some()
        }
        Value::Array(values) => values.iter_mut().map(write_whole).fold(false, BitOr::bitor),
        Value::Object(entries) => entries
            .values_mut()
            .map(write_whole)
            .fold(false, BitOr::bitor),
        _ => false,
    }
}

/// A copy in which lists end when the budget is spent. Objects stay whole, so that no key seems to be missing.
fn within(value: &Value, budget: &mut usize) -> Value {
    *budget = budget.saturating_sub(1);
    match value {
        Value::Array(values) => {
            let mut kept = Vec::new();
            for value in values {
                if *budget == 0 {
                    break;
                }
                kept.push(within(value, budget));
            }
            Value::Array(kept)
        }
        Value::Object(entries) => entries
            .iter()
            .map(|(key, value)| (key.clone(), within(value, budget)))
            .collect(),
        value => value.clone(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(body: &Value) -> Vec<Fault> {
        RequestSchema::of(&crate::openapi(), "CreateExperiment").faults(body)
    }

    fn experiment(change: impl FnOnce(&mut Value)) -> Value {
        let mut body = json!({"experiment_name": "a", "config": {
            "dataset": {"type": "inline", "items": [{"id": "1", "input": {}}]},
            "adapter": {"type": "recorded"},
            "models": [{"name": "m"}],
            "scorers": [{"type": "exact_match"}],
        }});
        change(&mut body);
        body
    }

    #[test]
    fn a_good_body_has_no_faults() {
        assert_eq!(check(&experiment(|_| {})), []);
    }

    #[test]
    fn what_a_format_says_is_held() {
        let tokens = |most: u64| {
            let body = experiment(|body| {
                body["config"]["execution"] = json!({"max_tokens": most});
            });
            check(&body)
        };
        assert_eq!(tokens(i64::MAX as u64), []);
        let faults = tokens(i64::MAX as u64 + 1);
        assert_eq!(faults[0].pointer, "/config/execution/max_tokens");
    }

    #[test]
    fn a_whole_number_may_be_written_as_a_fraction() {
        let schema = RequestSchema::of(&crate::openapi(), "CreateExperiment");
        let body = experiment(|body| {
            body["config"]["dataset"]["items"][0]["expected"] = json!(7.0);
            body["config"]["execution"] = json!({"concurrency_limit": 3.0});
            body["config"]["retry"] = json!({"maximum_attempts": 4.0});
        });
        let read: api_types::experiments::CreateExperiment = schema.read(body).unwrap();
        let read = serde_json::to_value(read).unwrap();
        assert_eq!(read["config"]["execution"]["concurrency_limit"], 3);
        assert_eq!(read["config"]["retry"]["maximum_attempts"], 4);
        // What is no whole number by its schema stays as it was written.
        let item = &read["config"]["dataset"]["items"][0];
        assert_eq!(item["expected"].to_string(), "7.0");
    }

    #[test]
    fn every_fault_is_explained_at_its_place() {
        let faults = check(&experiment(|body| {
            body["extra"] = json!(1);
            body["experiment_id"] = json!("-");
            let config = &mut body["config"];
            config["dataset"]["items"] = json!([{"id": 1, "inputs": {}}, 7]);
            config["adapter"] = json!({"type": "openia"});
            config["models"] = json!([]);
            config["scorers"] = json!([
                {"type": "regex", "pattern": 3},
                {"name": "x"},
                {"type": 3},
                {"type": "exact_match", "case_sensitve": true},
                "exact_match",
            ]);
            config["execution"] = json!({"concurrency_limit": 0, "call_timeout": "1 day"});
            config["retry"] = json!({"maximum_attempts": "5", "backoff_coefficient": 0.5});
            config["sinks"] = json!([{"type": "csv", "path": "x"}]);
        }));
        let mut found: Vec<String> = faults.iter().map(Fault::to_string).collect();
        found.sort();
        insta::assert_snapshot!(found.join("\n"));
    }

    #[test]
    fn a_body_of_nothing_but_faults_is_cut_short() {
        let body = experiment(|body| {
            body["config"]["dataset"]["items"] = json!(vec![0; 300_000]);
        });
        assert_eq!(check(&body).len(), MOST_FAULTS + 1);
    }
}
