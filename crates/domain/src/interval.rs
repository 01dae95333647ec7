//! A length of time as people write it: `500ms`, `1s`, `1.5m`, `2h`.

use std::fmt;
use std::str::FromStr;
use std::time::Duration;

use serde::{Deserialize, Serialize};

/// A length of time, written as a decimal number and a unit: `ms`, `s`, `m` or `h`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
#[cfg_attr(feature = "schema", schema(
    value_type = String,
    pattern = r"^[0-9]{1,9}(\.[0-9]{1,3})?(ms|s|m|h)$",
    example = "1s"
))]
pub struct Interval(Duration);

/// The longest interval that may be written: 30 days.
const LONGEST: Duration = Duration::from_secs(30 * 24 * 3600);

impl Interval {
    pub const fn from_secs(seconds: u64) -> Self {
        Self(Duration::from_secs(seconds))
    }

    pub const fn from_millis(milliseconds: u64) -> Self {
        Self(Duration::from_millis(milliseconds))
    }

    pub const fn as_duration(self) -> Duration {
        self.0
    }
}

#[derive(Debug, thiserror::Error)]
#[error(
    "`{0}` is not a length of time of at most 30 days: write a number and `ms`, `s`, `m` or `h`, such as `1.5s`"
)]
pub struct NotAnInterval(String);

impl FromStr for Interval {
    type Err = NotAnInterval;

    fn from_str(text: &str) -> Result<Self, NotAnInterval> {
        let fault = || NotAnInterval(text.to_owned());
        let unit_at = text
            .find(|c: char| c.is_ascii_alphabetic())
            .ok_or_else(fault)?;
        let (number, unit) = text.split_at(unit_at);
        let seconds_per_unit = match unit {
            "ms" => 0.001,
            "s" => 1.0,
            "m" => 60.0,
            "h" => 3600.0,
            _ => return Err(fault()),
        };
        if !number.starts_with(|c: char| c.is_ascii_digit()) {
            return Err(fault());
        }
        let number: f64 = number.parse().map_err(|_| fault())?;
        let duration =
            Duration::try_from_secs_f64(number * seconds_per_unit).map_err(|_| fault())?;
        if duration > LONGEST {
            return Err(fault());
        }
        Ok(Self(duration))
    }
}

impl TryFrom<String> for Interval {
    type Error = NotAnInterval;

    fn try_from(text: String) -> Result<Self, NotAnInterval> {
        text.parse()
    }
}

impl From<Interval> for String {
    fn from(interval: Interval) -> Self {
        interval.to_string()
    }
}

impl fmt::Display for Interval {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let milliseconds = self.0.as_millis();
        match milliseconds {
            0 => f.write_str("0s"),
            m if m % 3_600_000 == 0 => write!(f, "{}h", m / 3_600_000),
            m if m % 60_000 == 0 => write!(f, "{}m", m / 60_000),
            m if m % 1000 == 0 => write!(f, "{}s", m / 1000),
            m => write!(f, "{m}ms"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn intervals_are_read_as_written_and_written_as_read() {
        for (text, milliseconds, canonical) in [
            ("500ms", 500, "500ms"),
            ("1s", 1000, "1s"),
            ("1.5s", 1500, "1500ms"),
            ("90s", 90_000, "90s"),
            ("2m", 120_000, "2m"),
            ("2h", 7_200_000, "2h"),
        ] {
            let interval: Interval = text.parse().unwrap();
            assert_eq!(interval, Interval::from_millis(milliseconds), "{text}");
            assert_eq!(interval.to_string(), canonical);
        }
    }

    #[test]
    fn what_is_not_an_interval_is_refused() {
        for text in [
            "", "1", "s", "-1s", "1 s", "1d", "infs", "NaNs", "1e9h", "721h",
        ] {
            assert!(text.parse::<Interval>().is_err(), "{text}");
        }
    }
}
