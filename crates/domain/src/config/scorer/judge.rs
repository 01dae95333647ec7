//! A scorer that asks other models what they make of an output.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::concurrency;
use crate::config::AdapterConfig;

/// What one or more models make of the output, by a rubric.
///
/// A judge answers with one JSON object; an answer of another form is asked for again, as often as `retry` allows, and then
/// the item has a scorer error. Judges are asked beside the calls of the run itself. What they answered is recorded, and
/// never paid twice.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct LlmJudgeScorer {
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
    /// The judge: a chat model, with its `model`. Its temperature is 0 unless given. `prompt` and `system` are not its own
    /// but those of the scorer.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "schema", schema(nullable = false))]
    pub adapter: Option<AdapterConfig>,
    /// A panel of judges, in place of one `adapter`.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[cfg_attr(feature = "schema", schema(min_items = 2, max_items = 9))]
    pub judges: Vec<AdapterConfig>,
    /// How the judges of a panel come to one value.
    #[serde(default)]
    pub panel: PanelVote,
    /// What makes an output good.
    #[cfg_attr(
        feature = "schema",
        schema(
            min_length = 1,
            max_length = 20_000,
            example = "The answer is correct and gives a reason."
        )
    )]
    pub rubric: String,
    /// A Jinja template of the user message, in place of ours: `rubric`, `input`, `expected`, `output`, `metadata` and `id`
    /// are its variables. What form the verdict has, the system message says in any case. Not for `pairwise`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "schema", schema(nullable = false, max_length = 100_000))]
    pub prompt: Option<String>,
    /// Whether an output is judged by itself or beside another.
    #[serde(default)]
    pub mode: JudgeMode,
    /// The numbers a judge may give, from 0 to 1 unless given; the score is where on this scale the number lies, from 0 to 1.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "schema", schema(nullable = false))]
    pub scale: Option<JudgeScale>,
    /// Labels a judge chooses from, in place of a number, with the score of each, from 0 to 1.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    #[cfg_attr(feature = "schema", schema(example = json!({"good": 1.0, "fair": 0.5, "bad": 0.0})))]
    pub choices: BTreeMap<String, f64>,
    /// What the output is compared with, when `mode` is `pairwise`.
    #[serde(default)]
    pub against: JudgedAgainst,
    /// Calls in flight at once, of each judge, in each of the two stretches of the dataset that are scored at a time.
    #[serde(default = "concurrency")]
    #[cfg_attr(feature = "schema", schema(minimum = 1, maximum = 1000, default = 5))]
    pub concurrency: u32,
}

/// Whether an output is judged by itself or beside another.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub enum JudgeMode {
    /// By itself.
    #[default]
    Grade,
    /// Beside another, which of the two is better: asked in both orders, and won only by what wins in both. 1 for the output,
    /// 0 for the other, 0.5 for neither.
    Pairwise,
}

/// What an output is compared with.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub enum JudgedAgainst {
    /// The item's `expected`.
    #[default]
    Expected,
    /// The item's `output`, obtained earlier.
    Output,
}

/// How judges come to one value.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub enum PanelVote {
    /// The mean of their values.
    #[default]
    Mean,
    /// The value that most of them give; the mean of those values when several are given equally often.
    Majority,
}

/// The numbers a judge may give.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct JudgeScale {
    /// The worst.
    pub min: f64,
    /// The best; more than `min`.
    pub max: f64,
}

impl Default for JudgeScale {
    fn default() -> Self {
        Self { min: 0.0, max: 1.0 }
    }
}

impl LlmJudgeScorer {
    /// Those who judge: a panel, or one.
    pub fn all_judges(&self) -> impl Iterator<Item = &AdapterConfig> {
        self.adapter.iter().chain(&self.judges)
    }
}
