//! A scorer of the tools that were called.

use serde::{Deserialize, Serialize};

/// Whether the tools that were expected are called, with the arguments that were expected.
///
/// Expected is a list of calls, each `{name, arguments?}` or the name alone; one without `arguments` is met by any. The list is
/// the item's `expected`, or, when that is an object, its key `expected_field` if that is given, else `tool_calls`. The calls of
/// an output are those that its adapter knows of; without any, what stands in its JSON as a list of calls, or in the key
/// `tool_calls`. An output without calls has made none.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct ToolCallsScorer {
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
    /// The key of an object-valued `expected` that holds the calls.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "schema", schema(nullable = false))]
    pub expected_field: Option<String>,
    #[serde(default)]
    pub measure: ToolCallMeasure,
    /// Which arguments a call must have.
    #[serde(default)]
    pub arguments: ToolArguments,
    /// Whether calls must come in the order expected.
    #[serde(default)]
    #[cfg_attr(feature = "schema", schema(default = false))]
    pub ordered: bool,
}

/// What the score is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub enum ToolCallMeasure {
    /// The harmonic mean of precision and recall.
    #[default]
    F1,
    /// The share of calls that were expected.
    Precision,
    /// The share of expected calls that were made.
    Recall,
    /// Whether the calls are those expected, and no others.
    Exact,
}

/// Which arguments a call must have.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub enum ToolArguments {
    /// Those expected, and no others.
    #[default]
    Equal,
    /// At least those expected.
    Expected,
    /// Any: names alone are compared.
    Any,
}
