//! Amounts of money, exact to the digit: US dollars as decimal numbers, never binary fractions.

use std::fmt;
use std::iter::Sum;
use std::ops::{Add, AddAssign};
use std::str::FromStr;

use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};

/// An amount of US dollars, written as a decimal string such as `"0.15"`.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize,
)]
#[serde(transparent)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
#[cfg_attr(feature = "schema", schema(
    value_type = String,
    pattern = r"^-?[0-9]{1,28}(\.[0-9]{1,28})?$",
    example = "0.15"
))]
pub struct Money(#[serde(with = "rust_decimal::serde::str")] Decimal);

/// A text that is no amount of money.
#[derive(Debug, thiserror::Error)]
#[error("`{0}` is not an amount of money: write a decimal number such as `0.15`")]
pub struct NotMoney(String);

impl Money {
    pub const ZERO: Self = Self(Decimal::ZERO);

    /// An amount without the zeros at its end.
    pub fn new(amount: Decimal) -> Self {
        Self(amount.normalize())
    }

    pub fn amount(self) -> Decimal {
        self.0
    }

    pub fn is_zero(self) -> bool {
        self.0.is_zero()
    }
}

/// More money than can be written stays as much as can be written.
impl Add for Money {
    type Output = Self;

    fn add(self, other: Self) -> Self {
        Self::new(self.0.saturating_add(other.0))
    }
}

impl AddAssign for Money {
    fn add_assign(&mut self, other: Self) {
        *self = *self + other;
    }
}

impl Sum for Money {
    fn sum<I: Iterator<Item = Self>>(amounts: I) -> Self {
        amounts.fold(Self::ZERO, Add::add)
    }
}

impl FromStr for Money {
    type Err = NotMoney;

    fn from_str(text: &str) -> Result<Self, NotMoney> {
        let amount = Decimal::from_str_exact(text).map_err(|_| NotMoney(text.to_owned()))?;
        Ok(Self::new(amount))
    }
}

impl fmt::Display for Money {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn money(text: &str) -> Money {
        text.parse().unwrap()
    }

    #[test]
    fn amounts_add_up_exactly() {
        let tenths: Money = (0..10).map(|_| money("0.1")).sum();
        assert_eq!(tenths, money("1"));
        assert_eq!((money("0.15") + money("0.05")).to_string(), "0.2");
        assert!(money("0.3") > money("0.29") && Money::ZERO.is_zero());
    }

    #[test]
    fn an_amount_is_a_decimal_string_in_json() {
        let json = serde_json::to_value(money("0.0000006")).unwrap();
        assert_eq!(json, "0.0000006");
        assert_eq!(
            serde_json::from_value::<Money>(json).unwrap(),
            money("0.0000006")
        );
        assert!(serde_json::from_str::<Money>("0.1").is_err(), "a number");
        assert!(serde_json::from_str::<Money>("\"much\"").is_err());
    }

    #[test]
    fn what_is_no_number_is_named() {
        assert_eq!(
            "a lot".parse::<Money>().unwrap_err().to_string(),
            "`a lot` is not an amount of money: write a decimal number such as `0.15`"
        );
    }
}
