//! A scorer of answers that are one of several labels.

use serde::{Deserialize, Serialize};

/// Whether the label that the output names is the one expected.
///
/// Expected is the item's `expected`, or, when that is an object, its key `expected_field` if that is given, else `label` or
/// `value`. The output's label is the one label that stands in it as a word; with `pattern`, the label that the expression's last
/// match finds. An output that names none, or several, is wrong. Over a run, `GET /v1/experiments/{id}/breakdown` tells
/// accuracy, macro-F1, the figures of each label and which labels were taken for which.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct ClassificationScorer {
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
    /// The key of an object-valued `expected` that holds the label.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "schema", schema(nullable = false))]
    pub expected_field: Option<String>,
    /// All labels there are.
    #[cfg_attr(feature = "schema", schema(min_items = 2, max_items = 200))]
    pub labels: Vec<String>,
    /// A regular expression that finds the label: in its group `label`, else in its first group, else by the whole match.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(
        feature = "schema",
        schema(nullable = false, min_length = 1, max_length = 10_000)
    )]
    pub pattern: Option<String>,
    #[serde(default)]
    #[cfg_attr(feature = "schema", schema(default = false))]
    pub case_sensitive: bool,
}
