//! How often a schema looks at a value. References that are doubled at every step double the work at every step.

use std::collections::HashMap;

use serde_json::Value;

use super::references::{Targets, address, targets};

/// The most subschemas that may look at one and the same place, by way of references.
const MOST_AT_ONE_PLACE: f64 = 10_000.0;

/// The most looks that judging an output may take: a second or two.
const MOST_LOOKS: f64 = 10_000_000.0;

/// The longest chain of subschemas that look at one place.
const LONGEST_CHAIN: usize = 200;

/// Keywords with a list of subschemas for the same place, with one, and with named ones.
const IN_PLACE_LISTS: [&str; 3] = ["allOf", "anyOf", "oneOf"];
const IN_PLACE: [&str; 4] = ["not", "if", "then", "else"];
const IN_PLACE_NAMED: [&str; 2] = ["dependentSchemas", "dependencies"];

/// A schema of which it is known where its references lead.
pub(super) struct Effort<'a> {
    root: &'a Value,
    targets: Targets<'a>,
}

impl<'a> Effort<'a> {
    pub(super) fn of(root: &'a Value) -> Self {
        Self {
            root,
            targets: targets(root),
        }
    }

    pub(super) fn has_references(&self) -> bool {
        !self.targets.is_empty()
    }

    /// Why the schema is not to be used: it refers to itself without end, or to too much for one place.
    pub(super) fn check(&self) -> Result<(), String> {
        let mut known = HashMap::new();
        let mut left = vec![self.root];
        while let Some(value) = left.pop() {
            let count = self.at_one_place(value, &mut known, 0)?;
            if count > MOST_AT_ONE_PLACE {
                return Err(format!(
                    "its references make more than {MOST_AT_ONE_PLACE} subschemas look at one place"
                ));
            }
            match value {
                Value::Array(values) => left.extend(values),
                Value::Object(entries) => left.extend(entries.values()),
                _ => {}
            }
        }
        Ok(())
    }

    /// How many subschemas look at the place that this one looks at. `None` in the table is one that is being counted.
    fn at_one_place(
        &self,
        schema: &'a Value,
        known: &mut HashMap<usize, Option<f64>>,
        depth: usize,
    ) -> Result<f64, String> {
        match known.get(&address(schema)) {
            Some(Some(count)) => return Ok(*count),
            Some(None) => {
                return Err("it refers back to itself without looking any deeper".to_owned());
            }
            None if depth > LONGEST_CHAIN => {
                return Err(format!(
                    "more than {LONGEST_CHAIN} references lead from one to the next"
                ));
            }
            None => {}
        }
        known.insert(address(schema), None);
        let mut count = 1.0;
        for part in self.in_place(schema) {
            count += self.at_one_place(part, known, depth + 1)?;
        }
        known.insert(address(schema), Some(count));
        Ok(count)
    }

    /// The subschemas for the same place.
    fn in_place(&self, schema: &'a Value) -> Vec<&'a Value> {
        let mut parts = self
            .targets
            .get(&address(schema))
            .cloned()
            .unwrap_or_default();
        let lists = IN_PLACE_LISTS.iter().filter_map(|key| schema.get(key));
        parts.extend(lists.filter_map(Value::as_array).flatten());
        parts.extend(IN_PLACE.iter().filter_map(|key| schema.get(key)));
        let named = IN_PLACE_NAMED.iter().filter_map(|key| schema.get(key));
        parts.extend(
            named
                .filter_map(Value::as_object)
                .flat_map(|map| map.values()),
        );
        parts
    }

    /// Whether judging a value takes no more than it may. For schemas that `check` has passed.
    pub(super) fn is_bearable(&self, value: &Value) -> bool {
        self.looks(self.root, value, &mut HashMap::new()) <= MOST_LOOKS
    }

    /// How many looks the schema takes at the value and all that is in it, at most.
    fn looks(
        &self,
        schema: &'a Value,
        value: &Value,
        known: &mut HashMap<(usize, usize), f64>,
    ) -> f64 {
        if !schema.is_object() {
            return 1.0;
        }
        let key = (address(schema), address(value));
        if let Some(looks) = known.get(&key) {
            return *looks;
        }
        let mut looks = 1.0;
        for part in self.in_place(schema) {
            looks += self.looks(part, value, known);
        }
        // What has been evaluated is found out by looking once more.
        let asks_again = ["unevaluatedItems", "unevaluatedProperties"];
        if asks_again.iter().any(|key| schema.get(key).is_some()) {
            looks *= 2.0;
        }
        match value {
            Value::Array(values) => {
                for (index, value) in values.iter().enumerate() {
                    for part in for_element(schema, index) {
                        looks += self.looks(part, value, known);
                    }
                }
            }
            Value::Object(entries) => {
                for (key, value) in entries {
                    for part in for_property(schema, key) {
                        looks += self.looks(part, value, known);
                    }
                    if let Some(names) = schema.get("propertyNames") {
                        looks += self.looks(names, &Value::Null, known);
                    }
                }
            }
            _ => {}
        }
        known.insert(key, looks);
        looks
    }
}

/// The subschemas that may look at an element.
fn for_element(schema: &Value, index: usize) -> impl Iterator<Item = &Value> {
    let all = ["items", "additionalItems", "unevaluatedItems", "contains"];
    let all = all.into_iter().filter_map(|key| schema.get(key));
    let own = ["items", "prefixItems"].into_iter();
    let own = own.filter_map(move |key| schema.get(key)?.as_array()?.get(index));
    all.filter(|part| part.is_object()).chain(own)
}

/// The subschemas that may look at a property.
fn for_property<'a>(schema: &'a Value, key: &'a str) -> impl Iterator<Item = &'a Value> {
    let all = ["additionalProperties", "unevaluatedProperties"].into_iter();
    let all = all.filter_map(|key| schema.get(key));
    let patterns = schema.get("patternProperties").and_then(Value::as_object);
    let patterns = patterns.into_iter().flat_map(|map| map.values());
    let own = schema.get("properties").and_then(|own| own.get(key));
    all.chain(patterns).chain(own)
}
