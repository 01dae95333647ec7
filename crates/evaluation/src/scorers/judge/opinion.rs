//! What a judge answers: the form that is asked for, and how it is read.

use std::collections::BTreeMap;

use domain::config::{JudgeMode, JudgeScale, LlmJudgeScorer};
use serde_json::{Value, json};

use crate::scorers::document;
use crate::text::{quote, quote_all};

/// The form of a verdict: one JSON object with a `reason` and one of these.
pub(super) enum Form {
    /// `score`, a number.
    Scale(JudgeScale),
    /// `choice`, a label.
    Choices(BTreeMap<String, f64>),
    /// `winner`, `A`, `B` or `tie`.
    Winner,
}

/// What a judge makes of an output.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Opinion {
    /// From 0 to 1; of two answers 1 when the first is better.
    pub(super) value: f64,
    pub(super) reason: Option<String>,
}

impl Form {
    pub(super) fn of(config: &LlmJudgeScorer) -> Self {
        match config.mode {
            JudgeMode::Pairwise => Self::Winner,
            JudgeMode::Grade if !config.choices.is_empty() => Self::Choices(config.choices.clone()),
            JudgeMode::Grade => Self::Scale(config.scale.unwrap_or_default()),
        }
    }

    /// The sentence that asks for it.
    pub(super) fn wanted(&self) -> String {
        let (key, what) = match self {
            Self::Scale(JudgeScale { min, max }) => (
                "score",
                format!("a number from {min} (worst) to {max} (best)"),
            ),
            Self::Choices(choices) => {
                let labels: Vec<&String> = choices.keys().collect();
                ("choice", format!("one of {}", json!(labels)))
            }
            Self::Winner => ("winner", "\"A\", \"B\", or \"tie\"".to_owned()),
        };
        format!(
            "Reply with one JSON object and nothing else: \
             {{\"reason\": one or two sentences, \"{key}\": {what}}}"
        )
    }

    /// Reads what a judge answers; other keys than those asked for are passed over.
    pub(super) fn read(&self, answer: &Value) -> Result<Opinion, String> {
        let read = document::json(answer)?;
        let Value::Object(verdict) = read.as_ref() else {
            return Err(format!("{} is no JSON object", quote(&read.to_string())));
        };
        let value = match self {
            Self::Scale(scale) => scored(verdict.get("score"), *scale)?,
            Self::Choices(choices) => chosen(verdict.get("choice"), choices)?,
            Self::Winner => winner(verdict.get("winner"))?,
        };
        let reason = match verdict.get("reason") {
            Some(Value::String(reason)) => Some(reason.clone()),
            Some(Value::Null) | None => None,
            Some(other) => {
                return Err(format!(
                    "the `reason` {} is no text",
                    quote(&other.to_string())
                ));
            }
        };
        Ok(Opinion { value, reason })
    }
}

fn scored(score: Option<&Value>, JudgeScale { min, max }: JudgeScale) -> Result<f64, String> {
    let Some(score) = score else {
        return Err("the verdict has no `score`".to_owned());
    };
    match score.as_f64() {
        None => Err(format!(
            "the `score` {} is no number",
            quote(&score.to_string())
        )),
        Some(number) if (min..=max).contains(&number) => Ok((number - min) / (max - min)),
        Some(number) => Err(format!("the `score` {number} is not from {min} to {max}")),
    }
}

fn chosen(choice: Option<&Value>, choices: &BTreeMap<String, f64>) -> Result<f64, String> {
    let Some(choice) = choice else {
        return Err("the verdict has no `choice`".to_owned());
    };
    let value = choice.as_str().and_then(|label| choices.get(label.trim()));
    value.copied().ok_or_else(|| {
        let labels = quote_all(choices.keys().map(String::as_str));
        format!(
            "the `choice` {} is none of {labels}",
            quote(&choice.to_string())
        )
    })
}

fn winner(winner: Option<&Value>) -> Result<f64, String> {
    let winner = winner.and_then(Value::as_str).unwrap_or_default();
    match winner.to_ascii_lowercase().as_str() {
        "a" => Ok(1.0),
        "b" => Ok(0.0),
        "tie" => Ok(0.5),
        _ => Err("the `winner` is neither `A`, `B` nor `tie`".to_owned()),
    }
}

/// What the opinions of one judge come to: of both orders, that in which the output came first goes first. Only what wins
/// in both has won.
pub(super) fn joined(first: Opinion, second: Option<Opinion>) -> Opinion {
    match second {
        Some(second) if first.value != 1.0 - second.value => {
            let reasons = [first.reason, second.reason].map(Option::unwrap_or_default);
            Opinion {
                value: 0.5,
                reason: Some(format!("no winner in both orders: {}", reasons.join(" / "))),
            }
        }
        _ => first,
    }
}

/// The value that is given most often, and the share of those who give it; the mean of several that are.
pub(super) fn most_given(values: &[f64]) -> (f64, f64) {
    let times = |value: &f64| values.iter().filter(|other| *other == value).count();
    let most = values.iter().map(times).max().unwrap_or_default();
    // Each of the values given that often is there as many times as every other.
    let given: Vec<f64> = values
        .iter()
        .copied()
        .filter(|value| times(value) == most)
        .collect();
    let mean = given.iter().sum::<f64>() / given.len().max(1) as f64;
    (mean, most as f64 / values.len().max(1) as f64)
}
