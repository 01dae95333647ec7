//! The texts that a text is compared with: one reference, or several where a metric knows several.

use std::borrow::Cow;
use std::collections::HashMap;
use std::hash::Hash;

use domain::item::DatasetItem;
use serde_json::Value;

use super::Unscorable;
use super::reference::reference;
use super::words::lower;
use crate::text::{as_text, quote};

/// The one reference; a list or an object is its compact JSON.
pub(super) fn one_text<'a>(
    item: &'a DatasetItem,
    field: Option<&str>,
) -> Result<Cow<'a, str>, Unscorable> {
    reference(item, field, &["value"]).map(as_text)
}

/// The references, at least one: a text, or each text of a list.
pub(super) fn texts<'a>(
    item: &'a DatasetItem,
    field: Option<&str>,
) -> Result<Vec<Cow<'a, str>>, Unscorable> {
    match reference(item, field, &["value"])? {
        Value::Array(values) if values.is_empty() => Err(Unscorable(
            "the reference is an empty list: there is nothing to compare with".to_owned(),
        )),
        Value::Array(values) => values.iter().map(text).collect(),
        value => Ok(vec![text(value)?]),
    }
}

fn text(value: &Value) -> Result<Cow<'_, str>, Unscorable> {
    match value {
        Value::String(_) | Value::Number(_) | Value::Bool(_) => Ok(as_text(value)),
        Value::Null | Value::Array(_) | Value::Object(_) => Err(Unscorable(format!(
            "the reference {} is neither a text nor a list of texts",
            quote(&as_text(value))
        ))),
    }
}

/// The text, in lower case unless its case counts.
pub(super) fn cased(text: Cow<'_, str>, case_sensitive: bool) -> Cow<'_, str> {
    match case_sensitive {
        true => text,
        false => Cow::Owned(lower(&text)),
    }
}

/// How often each one is there.
pub(super) fn counted<T: Eq + Hash>(parts: impl Iterator<Item = T>) -> HashMap<T, usize> {
    let mut counts = HashMap::new();
    for part in parts {
        *counts.entry(part).or_insert(0) += 1;
    }
    counts
}

/// How many of one are in the other too, each as often as the rarer side has it.
pub(super) fn in_common<T: Eq + Hash>(one: &HashMap<T, usize>, other: &HashMap<T, usize>) -> usize {
    one.iter()
        .filter_map(|(part, count)| other.get(part).map(|other| *count.min(other)))
        .sum()
}

/// The harmonic mean of precision and recall; 0 when both are.
pub(super) fn f1(precision: f64, recall: f64) -> f64 {
    match precision + recall > 0.0 {
        true => 2.0 * precision * recall / (precision + recall),
        false => 0.0,
    }
}
