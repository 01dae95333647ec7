//! Scorers that say whether an output is right: equal, containing, matching, close.

use serde::{Deserialize, Serialize};

use super::yes;

/// True when the output equals the reference, false otherwise.
///
/// The reference is the item's `expected`, or, when that is an object, its key `expected_field` if that is given, else `exact`,
/// else `value`. Text is compared without surrounding white space; other JSON values by equality, numbers by value. Text and
/// another JSON value are equal when the text is that value's compact JSON. Without a reference there is no score but an error.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct ExactMatchScorer {
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
    #[serde(default = "yes")]
    #[cfg_attr(feature = "schema", schema(default = true))]
    pub case_sensitive: bool,
}

/// Whether the output contains given texts.
///
/// With `require_all` the score is true when the output contains every text, false otherwise; without, the share found (0 to 1).
/// The texts are `values`, or the item's `expected` (a text or a list of texts; numbers and booleans count as their JSON), or,
/// when that is an object, its key `expected_field` if that is given, else `contains`, else `value`. An output that is not text
/// is searched as its compact JSON. An empty list or text is no reference: every output would contain it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct ContainsScorer {
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
    /// The texts to look for in every output, in place of the items' references.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub values: Vec<String>,
    /// The key of an object-valued `expected` that holds the reference.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "schema", schema(nullable = false))]
    pub expected_field: Option<String>,
    #[serde(default)]
    #[cfg_attr(feature = "schema", schema(default = false))]
    pub case_sensitive: bool,
    #[serde(default = "yes")]
    #[cfg_attr(feature = "schema", schema(default = true))]
    pub require_all: bool,
}

/// True when the output matches a regular expression (syntax of the Rust crate `regex`), anywhere unless anchored.
///
/// The expression is `pattern`, or the item's `expected`, or, when that is an object, its key `expected_field` if that is given,
/// else `regex`, else `pattern`. It is searched for in the output as it is, white space included; an output that is not text is
/// searched as its compact JSON. An expression is not empty, has at most 10,000 bytes and takes at most 10 MiB once compiled.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct RegexScorer {
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
    /// The expression for every output, in place of the items' references.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(
        feature = "schema",
        schema(nullable = false, min_length = 1, max_length = 10_000)
    )]
    pub pattern: Option<String>,
    /// The key of an object-valued `expected` that holds the expression.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "schema", schema(nullable = false))]
    pub expected_field: Option<String>,
}

/// True when the number in the output is close to the reference: |output - reference| <= max(absolute, relative × |reference|).
///
/// The reference is the item's `expected`, or, when that is an object, its key `expected_field` if that is given, else `value`;
/// a number, or text that is one. Thousands separators (`1,234`), currency signs (`$18.00`) and exponents (`1e3`) are
/// understood; percent signs change nothing. A minus counts only directly before a number and not after a letter, a digit or a
/// closing bracket (`3-4` holds 3 and 4), and digits after a letter are part of a word (`GPT4`). An output without a number
/// scores false; a list or an object is searched as its compact JSON.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct NumericScorer {
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
    /// Which number of a text counts.
    #[serde(default)]
    pub extract: NumberExtraction,
    /// The largest absolute difference.
    #[serde(default)]
    #[cfg_attr(feature = "schema", schema(minimum = 0.0, default = 0.0))]
    pub absolute_tolerance: f64,
    /// The largest difference as a share of the reference.
    #[serde(default)]
    #[cfg_attr(feature = "schema", schema(minimum = 0.0, default = 0.0))]
    pub relative_tolerance: f64,
}

/// Which number of a text counts.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub enum NumberExtraction {
    /// The last one, where answers to word problems stand.
    #[default]
    Last,
    First,
    /// The whole text must be a number.
    Whole,
}
