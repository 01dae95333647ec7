//! Scorers that say how like its reference a text is. Formulas and reference implementations are in `docs/scorers.md`.
//!
//! The reference is the item's `expected`, or, when that is an object, its key `expected_field` if that is given, else `value`.
//! An output that is not text is compared as its compact JSON.

use serde::{Deserialize, Serialize};

use super::yes;

/// How few edits make the output the reference: 1 - distance / length of the longer (0 to 1).
///
/// The distance is Levenshtein's: insertions, deletions and substitutions of characters (Unicode scalar values) or words. Two
/// empty texts are alike. The product of both lengths is at most 4 × 10⁹; beyond that there is no score but an error.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct LevenshteinScorer {
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
    /// What is counted.
    #[serde(default)]
    pub unit: EditUnit,
    #[serde(default = "yes")]
    #[cfg_attr(feature = "schema", schema(default = true))]
    pub case_sensitive: bool,
}

/// What an edit distance counts.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub enum EditUnit {
    /// Unicode scalar values.
    #[default]
    Characters,
    /// What white space parts.
    Words,
}

/// How alike two texts are when the order of their words counts for nothing (0 to 1): the `token_sort_ratio` of RapidFuzz.
///
/// The words of each side are sorted and joined by a space; the score is 1 - d / (length + length), with d the least number of
/// characters to insert and delete. The product of both lengths is at most 4 × 10⁹; beyond that there is no score but an error.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct FuzzyScorer {
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

/// Sentence BLEU as sacreBLEU computes it, from 0 to 1: tokenizer 13a, n-grams up to four, exponential smoothing, effective order.
///
/// A list of texts is several references.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct BleuScorer {
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

/// chrF2 as sacreBLEU computes it, from 0 to 1: n-grams of up to six characters without white space, recall counting twice.
///
/// A list of texts is several references; the best counts.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct ChrfScorer {
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

/// ROUGE as Google's rouge-score computes it, without stemming: lower case, words of `a-z` and `0-9`.
///
/// A list of texts is several references; the one with the best F-measure counts. For `rougeL` the product of both numbers of
/// words is at most 4 × 10⁹; beyond that there is no score but an error.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct RougeScorer {
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
    #[serde(default)]
    pub variant: RougeVariant,
    #[serde(default)]
    pub measure: RougeMeasure,
}

/// What ROUGE counts.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub enum RougeVariant {
    /// Words in common.
    Rouge1,
    /// Pairs of neighbouring words in common.
    Rouge2,
    /// The longest common subsequence of words.
    #[default]
    #[serde(rename = "rougeL")]
    RougeL,
}

/// Which of ROUGE's numbers is the score.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub enum RougeMeasure {
    Precision,
    Recall,
    #[default]
    F1,
}

/// The F1 of SQuAD: words in common after taking off case, ASCII punctuation and the articles `a`, `an`, `the` (0 to 1).
///
/// A list of texts is several references; the best counts. When a side has no words, the score is whether both have none.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct TokenF1Scorer {
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
}
