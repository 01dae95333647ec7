//! An amount of money in US dollars, exact to the last decimal.

use std::fmt;
use std::ops::{Add, AddAssign, Sub};
use std::str::FromStr;

use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};

/// US dollars, written as a decimal string such as `0.00125`, so that no reader rounds them.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize,
)]
#[serde(try_from = "String", into = "String")]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
#[cfg_attr(feature = "schema", schema(
    value_type = String,
    pattern = r"^[0-9]{1,12}(\.[0-9]{1,15})?$",
    example = "12.50"
))]
pub struct Money(Decimal);

#[derive(Debug, thiserror::Error)]
#[error(
    "`{0}` is not an amount of US dollars: write it as a decimal number with at most 12 digits before the point and 15 after, such as `12.50`"
)]
pub struct NotMoney(String);

impl Money {
    pub const ZERO: Self = Self(Decimal::ZERO);

    /// An amount that was computed.
    pub fn new(amount: Decimal) -> Self {
        Self(amount.normalize())
    }

    pub fn is_zero(&self) -> bool {
        self.0.is_zero()
    }

    /// What is left of it after something was spent; nothing when more was.
    pub fn left_after(self, spent: Self) -> Self {
        (self - spent).max(Self::ZERO)
    }

    /// Billionths of a dollar, rounded; for counters that hold whole numbers.
    pub fn nanos(self) -> u64 {
        let nanos = self.0.saturating_mul(Decimal::from(1_000_000_000)).round();
        u64::try_from(nanos).unwrap_or(u64::MAX)
    }

    /// One of so many equal parts.
    pub fn part(self, parts: u32) -> Self {
        Self::new(self.0 / Decimal::from(parts.max(1)))
    }
}

impl FromStr for Money {
    type Err = NotMoney;

    fn from_str(text: &str) -> Result<Self, NotMoney> {
        let fault = || NotMoney(text.chars().take(40).collect());
        let (whole, decimals) = text.split_once('.').unwrap_or((text, "0"));
        let is_number = |digits: &str, most: usize| {
            (1..=most).contains(&digits.len()) && digits.bytes().all(|byte| byte.is_ascii_digit())
        };
        if !is_number(whole, 12) || !is_number(decimals, 15) {
            return Err(fault());
        }
        Decimal::from_str_exact(text)
            .map(Self::new)
            .map_err(|_| fault())
    }
}

impl TryFrom<String> for Money {
    type Error = NotMoney;

    fn try_from(text: String) -> Result<Self, NotMoney> {
        text.parse()
    }
}

impl From<Money> for String {
    fn from(money: Money) -> Self {
        money.to_string()
    }
}

/// Rounded to the 15 decimals that are read back.
impl fmt::Display for Money {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.max(Decimal::ZERO).round_dp(15).normalize().fmt(f)
    }
}

/// Sums beyond what a decimal holds stay at the largest.
impl Add for Money {
    type Output = Self;

    fn add(self, other: Self) -> Self {
        Self(self.0.saturating_add(other.0))
    }
}

impl AddAssign for Money {
    fn add_assign(&mut self, other: Self) {
        *self = *self + other;
    }
}

impl Sub for Money {
    type Output = Self;

    fn sub(self, other: Self) -> Self {
        Self(self.0.saturating_sub(other.0))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn billionths_are_whole() {
        for (text, nanos) in [
            ("0", 0),
            ("0.0000000015", 2),
            ("12.5", 12_500_000_000),
            ("999999999999", u64::MAX),
        ] {
            assert_eq!(text.parse::<Money>().unwrap().nanos(), nanos, "{text}");
        }
    }

    fn money(text: &str) -> Money {
        text.parse().unwrap()
    }

    #[test]
    fn sums_are_exact() {
        let mut sum = Money::ZERO;
        for _ in 0..10 {
            sum += money("0.1");
        }
        assert_eq!(sum, money("1"));
        assert_eq!(sum.to_string(), "1");
    }

    #[test]
    fn what_is_spent_beyond_an_amount_leaves_nothing() {
        assert_eq!(money("1").left_after(money("0.25")), money("0.75"));
        assert_eq!(money("1").left_after(money("3")), Money::ZERO);
    }

    #[test]
    fn only_plain_amounts_are_read() {
        for text in ["", "-1", "1e3", ".5", "1.", "1,5", "NaN", "1234567890123"] {
            assert!(text.parse::<Money>().is_err(), "{text}");
        }
        assert_eq!(money("00.50").to_string(), "0.5");
    }
}
