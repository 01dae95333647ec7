//! Scorers that read the output as JSON or YAML: its shape, its likeness to a reference, assertions about its parts.

use std::collections::BTreeMap;

use serde::{Deserialize, Deserializer, Serialize};
use serde_json::Value;

/// True when the output is JSON that a JSON Schema (2020-12 unless `$schema` says otherwise) accepts.
///
/// A text output is parsed as JSON; a Markdown code fence around it is taken off. References to other documents are refused,
/// and so are patterns that look around or back (`(?=…)`, `\1`). `format` is checked only by dialects before 2019-09.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct JsonSchemaScorer {
    /// Unique among the scorers; the scorer's type unless given.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(
        feature = "schema",
        schema(nullable = false, min_length = 1, max_length = 100)
    )]
    pub name: Option<String>,
    /// From which value on an output passes; the score's metadata then says whether it has `passed`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(
        feature = "schema",
        schema(nullable = false, minimum = 0.0, maximum = 1.0)
    )]
    pub pass_threshold: Option<f64>,
    #[cfg_attr(feature = "schema", schema(value_type = std::collections::HashMap<String, Value>))]
    pub schema: BTreeMap<String, Value>,
}

/// How much of a JSON or YAML document the output and the reference have in common (0 to 1).
///
/// The score is 2 × m / (a + r), with a and r the weights of all leaves of the answer and of the reference, and m the weight of
/// the leaves that are the same on both sides under the best alignment: objects are aligned by key, lists in order (the best
/// common subsequence) or, with `unordered`, by the best assignment. A leaf is a value that is no object and no list, or an
/// empty one of these; numbers are compared by value. The reference is the item's `expected`, whole unless `expected_field` is
/// given. Text is read as JSON, else as YAML; a Markdown code fence around it is taken off. An answer that is neither scores 0.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct JsonDiffScorer {
    /// Unique among the scorers; the scorer's type unless given.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(
        feature = "schema",
        schema(nullable = false, min_length = 1, max_length = 100)
    )]
    pub name: Option<String>,
    /// From which value on an output passes; the score's metadata then says whether it has `passed`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(
        feature = "schema",
        schema(nullable = false, minimum = 0.0, maximum = 1.0)
    )]
    pub pass_threshold: Option<f64>,
    /// The key of an object-valued `expected` that holds the reference.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "schema", schema(nullable = false))]
    pub expected_field: Option<String>,
    /// Keys that are left out on both sides, at any depth.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[cfg_attr(feature = "schema", schema(max_items = 1000))]
    pub ignored_keys: Vec<String>,
    /// Whether the order of lists counts for nothing.
    #[serde(default)]
    #[cfg_attr(feature = "schema", schema(default = false))]
    pub unordered: bool,
    /// JSON Pointers (RFC 6901) to what the answer must have; it scores 0 when one of them is missing.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[cfg_attr(feature = "schema", schema(max_items = 1000))]
    pub required_paths: Vec<String>,
    /// What a leaf weighs, by a JSON Pointer to it or to what it is in; 1 unless given. `*` is any key and any element of a
    /// list (elements have no other name); the longest pointer counts.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub weights: BTreeMap<String, f64>,
}

/// Assertions about parts of a JSON output, each named by a JSONPath (RFC 9535).
///
/// The score is the share of assertions that hold, or, with `require_all`, whether all do. A text output is parsed as JSON; a
/// Markdown code fence around it is taken off. No assertion holds for an output that is not JSON.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct JsonPathScorer {
    /// Unique among the scorers; the scorer's type unless given.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(
        feature = "schema",
        schema(nullable = false, min_length = 1, max_length = 100)
    )]
    pub name: Option<String>,
    /// From which value on an output passes; the score's metadata then says whether it has `passed`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(
        feature = "schema",
        schema(nullable = false, minimum = 0.0, maximum = 1.0)
    )]
    pub pass_threshold: Option<f64>,
    #[cfg_attr(feature = "schema", schema(min_items = 1, max_items = 100))]
    pub assertions: Vec<JsonPathAssertion>,
    #[serde(default)]
    #[cfg_attr(feature = "schema", schema(default = false))]
    pub require_all: bool,
}

/// An assertion about the values that a path finds: every condition that is given holds for every value, and there is at least
/// one value (none with `exists: false`).
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct JsonPathAssertion {
    /// A JSONPath such as `$.widgets[*].title`. `..` may occur twice, `$` three times.
    #[cfg_attr(feature = "schema", schema(min_length = 1, max_length = 500))]
    pub path: String,
    /// False: the path finds nothing, and no other condition is given.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "schema", schema(nullable = false))]
    pub exists: Option<bool>,
    /// The value; numbers are compared by value.
    #[serde(
        default,
        skip_serializing_if = "Option::is_none",
        deserialize_with = "even_null"
    )]
    #[cfg_attr(feature = "schema", schema(value_type = Value, required = false))]
    pub equals: Option<Value>,
    /// A regular expression (syntax of the Rust crate `regex`) that matches the text, or the compact JSON of another value,
    /// anywhere unless anchored.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(
        feature = "schema",
        schema(nullable = false, min_length = 1, max_length = 10_000)
    )]
    pub matches: Option<String>,
    /// The value is a number, and not less.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "schema", schema(nullable = false))]
    pub at_least: Option<f64>,
    /// The value is a number, and not more.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "schema", schema(nullable = false))]
    pub at_most: Option<f64>,
}

/// A key that is there with `null` is there.
fn even_null<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Value>, D::Error> {
    Value::deserialize(deserializer).map(Some)
}
