//! What a kind of scorer finds, or why it finds nothing.

use domain::score::ScoreValue;
use serde_json::{Map, Value};

/// What a kind of scorer finds.
#[derive(Debug, PartialEq)]
pub(super) struct Verdict {
    pub(super) value: ScoreValue,
    pub(super) comment: Option<String>,
    pub(super) metadata: Map<String, Value>,
    /// What each of a panel gave.
    pub(super) ratings: Vec<f64>,
}

impl Verdict {
    pub(super) fn of(value: ScoreValue) -> Self {
        Self {
            value,
            comment: None,
            metadata: Map::new(),
            ratings: Vec::new(),
        }
    }

    /// True without a word, or false with the reason.
    pub(super) fn from_reason(reason_against: Option<String>) -> Self {
        Self {
            comment: reason_against.clone(),
            ..Self::of(ScoreValue::Boolean(reason_against.is_none()))
        }
    }

    /// A number that is finite, and what it is made of.
    pub(super) fn number(number: f64, comment: String) -> Self {
        Self {
            comment: Some(comment),
            ..Self::of(ScoreValue::Number(number))
        }
    }
}

/// Why an item cannot be scored.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Unscorable(pub(super) String);
