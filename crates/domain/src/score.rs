//! A score: the verdict of one scorer on one output.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

/// The verdict of one scorer on one output.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct Score {
    /// The scorer's name in the experiment.
    pub name: String,
    pub value: ScoreValue,
    /// The scorer and the version of its formula, such as `exact_match.v1`.
    pub eval_id: String,
    /// Why the value is what it is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "schema", schema(nullable = false))]
    pub comment: Option<String>,
    #[serde(default, skip_serializing_if = "Map::is_empty")]
    #[cfg_attr(feature = "schema", schema(value_type = std::collections::HashMap<String, Value>))]
    pub metadata: Map<String, Value>,
}

impl Score {
    /// Whether it passes: by its scorer's `pass_threshold`, else by being true. None of a number without a threshold.
    pub fn passed(&self) -> Option<bool> {
        let by_threshold = self.metadata.get("passed").and_then(Value::as_bool);
        match self.value {
            ScoreValue::Boolean(value) => Some(value && by_threshold.unwrap_or(true)),
            ScoreValue::Number(_) => by_threshold,
        }
    }
}

/// A boolean or a finite number.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(untagged)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub enum ScoreValue {
    Boolean(bool),
    Number(f64),
}

impl ScoreValue {
    /// A number that is neither NaN nor infinite.
    pub fn number(number: f64) -> Result<Self, NotFinite> {
        match number.is_finite() {
            true => Ok(Self::Number(number)),
            false => Err(NotFinite),
        }
    }

    /// Booleans count as 1 and 0.
    pub fn as_f64(self) -> f64 {
        match self {
            Self::Boolean(true) => 1.0,
            Self::Boolean(false) => 0.0,
            Self::Number(number) => number,
        }
    }
}

#[derive(Debug, thiserror::Error)]
#[error("a score is a finite number")]
pub struct NotFinite;

/// A scorer that could not score: not a score of zero.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct ScorerError {
    /// The scorer's name in the experiment.
    pub name: String,
    pub eval_id: String,
    pub message: String,
}
