//! A rule of a gate as it is written: `mean(exact) >= 0.8`, `pass_rate(judge) >= 90%`, `failure_rate <= 1%`,
//! `margin(exact) >= -0.02`.

use std::fmt;
use std::str::FromStr;

use crate::statistics::sample::LARGEST;

/// A bound on one measure of a run.
#[derive(Clone, Debug, PartialEq)]
pub struct Rule {
    pub measure: Measure,
    /// At least this for all measures but the failure rate, which is at most this.
    pub bound: f64,
}

/// What a rule bounds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Measure {
    /// The mean of the scored items.
    Mean { scorer: String },
    /// Of all items, those that passed.
    PassRate { scorer: String },
    /// Of all items, those that are not fully scored.
    FailureRate,
    /// The lower bound of the 95 % interval of the mean difference from the baseline: non-inferiority.
    Margin { scorer: String },
}

/// Why a text is no rule.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "`{0}` is no rule: write `mean(scorer) >= 0.8`, `pass_rate(scorer) >= 90%`, `failure_rate <= 1%` or \
     `margin(scorer) >= -0.02`"
)]
pub struct NotARule(String);

impl Measure {
    /// Whether a rule on it needs a baseline.
    pub fn needs_baseline(&self) -> bool {
        matches!(self, Self::Margin { .. })
    }

    fn sign(&self) -> &'static str {
        match self {
            Self::FailureRate => "<=",
            Self::Mean { .. } | Self::PassRate { .. } | Self::Margin { .. } => ">=",
        }
    }

    fn is_share(&self) -> bool {
        matches!(self, Self::PassRate { .. } | Self::FailureRate)
    }
}

impl Rule {
    pub(crate) fn allows(&self, observed: f64) -> bool {
        match self.measure {
            Measure::FailureRate => observed <= self.bound,
            Measure::Mean { .. } | Measure::PassRate { .. } | Measure::Margin { .. } => {
                observed >= self.bound
            }
        }
    }

    /// The judgement in plain words.
    pub(crate) fn told(&self, observed: f64, passed: bool) -> String {
        let verdict = if passed { "passed" } else { "failed" };
        let what = match &self.measure {
            Measure::Mean { scorer } => format!("the mean of `{scorer}`"),
            Measure::PassRate { scorer } => format!("the share of items that pass `{scorer}`"),
            Measure::FailureRate => "the share of items that are not fully scored".to_owned(),
            Measure::Margin { scorer } => {
                format!("the lower 95 % bound of the difference in `{scorer}`")
            }
        };
        let (sign, bound) = (self.measure.sign(), self.bound);
        format!("{verdict}: {what} is {observed:.6}, and must be {sign} {bound}")
    }

    /// What is said when there is no number.
    pub(crate) fn untold(&self) -> String {
        match &self.measure {
            Measure::Mean { scorer } => format!("failed: there is no score of `{scorer}`"),
            Measure::PassRate { scorer } => format!(
                "failed: there is no score of `{scorer}`, or not all of them are true or false"
            ),
            Measure::FailureRate => "failed: there are no items".to_owned(),
            Measure::Margin { scorer } => format!(
                "failed: there is no baseline with at least two items that have a `{scorer}` in both runs"
            ),
        }
    }
}

impl fmt::Display for Rule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (sign, bound) = (self.measure.sign(), self.bound);
        match &self.measure {
            Measure::Mean { scorer } => write!(f, "mean({scorer}) {sign} {bound}"),
            Measure::PassRate { scorer } => write!(f, "pass_rate({scorer}) {sign} {bound}"),
            Measure::FailureRate => write!(f, "failure_rate {sign} {bound}"),
            Measure::Margin { scorer } => write!(f, "margin({scorer}) {sign} {bound}"),
        }
    }
}

impl FromStr for Rule {
    type Err = NotARule;

    fn from_str(text: &str) -> Result<Self, NotARule> {
        parse(text).ok_or_else(|| NotARule(text.to_owned()))
    }
}

fn parse(text: &str) -> Option<Rule> {
    // From the right: a scorer's name may hold anything but a bracket.
    let sign = if text.trim_start().starts_with("failure_rate") {
        "<="
    } else {
        ">="
    };
    let (left, right) = text.rsplit_once(sign)?;
    let (name, scorer) = match left.trim().split_once('(') {
        Some((name, scorer)) => (name.trim(), scorer.strip_suffix(')')?.trim()),
        None => (left.trim(), ""),
    };
    let named = !scorer.is_empty();
    let scorer = scorer.to_owned();
    let measure = match name {
        "mean" if named => Measure::Mean { scorer },
        "pass_rate" if named => Measure::PassRate { scorer },
        "margin" if named => Measure::Margin { scorer },
        "failure_rate" if !named => Measure::FailureRate,
        _ => return None,
    };
    let bound = bound(right.trim())?;
    let possible = match measure.is_share() {
        true => (0.0..=1.0).contains(&bound),
        // Of NaN no comparison is true.
        false => bound.abs() <= LARGEST,
    };
    possible.then_some(Rule { measure, bound })
}

/// A number, or a percentage.
fn bound(text: &str) -> Option<f64> {
    match text.strip_suffix('%') {
        Some(percent) => Some(percent.trim_end().parse::<f64>().ok()? / 100.0),
        None => text.parse().ok(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rules_are_read_as_they_are_written() {
        for (text, written) in [
            ("mean(exact)>=0.8", "mean(exact) >= 0.8"),
            (" mean( my judge ) >= -1.5 ", "mean(my judge) >= -1.5"),
            ("pass_rate(exact) >= 90%", "pass_rate(exact) >= 0.9"),
            ("failure_rate <= 1 %", "failure_rate <= 0.01"),
            ("margin(exact) >= -0.02", "margin(exact) >= -0.02"),
        ] {
            let rule: Rule = text.parse().unwrap();
            assert_eq!(rule.to_string(), written);
            assert_eq!(written.parse(), Ok(rule));
        }
    }

    #[test]
    fn what_cannot_be_judged_is_no_rule() {
        for text in [
            "",
            "mean >= 0.8",
            "mean(exact) <= 0.8",
            "mean(exact) >= NaN",
            "mean(exact) >= inf",
            "mean() >= 1",
            "pass_rate(exact) >= 90",
            "failure_rate(x) <= 0.1",
            "failure_rate >= 0.1",
            "speed(x) >= 1",
            "mean(exact >= 1",
        ] {
            assert_eq!(text.parse::<Rule>(), Err(NotARule(text.to_owned())));
        }
    }
}
