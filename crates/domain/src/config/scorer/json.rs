//! Scorers that read the output as JSON or YAML: its shape, its likeness to a reference, assertions about its parts.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
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
