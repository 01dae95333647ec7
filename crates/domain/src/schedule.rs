//! Schedules: what they are called, and what the experiments that they start are called after them.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use crate::experiment::ExperimentId;

/// The longest id of a schedule, in characters: an experiment's id has place for it and the time that follows.
pub const LONGEST_ID: usize = 64;

/// Identifies a schedule. The experiments that it starts are called `<id>-<time>`, as in `nightly-2026-11-27T03:00:00Z`.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct ScheduleId(String);

#[derive(Debug, thiserror::Error)]
#[error(
    "a schedule id has 1 to {LONGEST_ID} letters, digits, `_`, `-` or `.`, and begins with a letter or digit"
)]
pub struct NotAScheduleId;

impl ScheduleId {
    /// The id that the experiments of the schedule have before the time is added: of no experiment that exists.
    pub fn stem(&self) -> ExperimentId {
        let stem = self.0.parse();
        stem.expect("the id of a schedule could be that of an experiment")
    }
}

impl FromStr for ScheduleId {
    type Err = NotAScheduleId;

    fn from_str(text: &str) -> Result<Self, NotAScheduleId> {
        let begins_well = text.starts_with(|c: char| c.is_ascii_alphanumeric());
        let goes_on_well = text
            .chars()
            .all(|c| c.is_ascii_alphanumeric() || matches!(c, '_' | '-' | '.'));
        match begins_well && goes_on_well && text.len() <= LONGEST_ID {
            true => Ok(Self(text.to_owned())),
            false => Err(NotAScheduleId),
        }
    }
}

impl TryFrom<String> for ScheduleId {
    type Error = NotAScheduleId;

    fn try_from(text: String) -> Result<Self, NotAScheduleId> {
        text.parse()
    }
}

impl From<ScheduleId> for String {
    fn from(id: ScheduleId) -> Self {
        id.0
    }
}

impl fmt::Display for ScheduleId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl AsRef<str> for ScheduleId {
    fn as_ref(&self) -> &str {
        &self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_schedule_leaves_place_for_the_time_in_the_ids_of_its_experiments() {
        let longest = "a".repeat(LONGEST_ID);
        let id: ScheduleId = longest.parse().unwrap();
        let experiment = format!("{}-2026-11-27T03:00:00Z", id.stem());
        assert!(experiment.parse::<ExperimentId>().is_ok());
        for text in ["", "-a", "a b", "a:b", "a~b", &"a".repeat(LONGEST_ID + 1)] {
            assert!(text.parse::<ScheduleId>().is_err(), "{text}");
        }
    }
}
