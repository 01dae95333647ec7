//! What a provider's models cost, by the table: dollars for a million tokens, as decimal numbers.

use std::str::FromStr;

use domain::money::Money;
use domain::output::TokenUsage;
use jiff::civil::Date;
use rust_decimal::Decimal;

/// The tokens that a price is for.
const TOKENS: Decimal = Decimal::from_parts(1_000_000, 0, 0, false, 0);

/// What a model costs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Price {
    pub(super) input_per_million: Decimal,
    /// Reasoning is paid as any other token written.
    pub(super) output_per_million: Decimal,
    /// Of tokens that the provider had in its cache of prompts; without it they cost as much as others.
    pub(super) cached_input_per_million: Option<Decimal>,
    /// The date of the price, if the table says so.
    pub(super) as_of: Option<Date>,
}

impl Price {
    /// What the tokens cost, exactly.
    pub fn cost(&self, usage: TokenUsage) -> Money {
        let cost = |tokens: u64, per_million: Decimal| {
            let cost = Decimal::from(tokens).checked_mul(per_million);
            Money::new(cost.map_or(Decimal::MAX, |cost| cost / TOKENS))
        };
        let cached = usage.cached_input_tokens.min(usage.input_tokens);
        let per_cached = self.cached_input_per_million;
        cost(usage.input_tokens - cached, self.input_per_million)
            + cost(cached, per_cached.unwrap_or(self.input_per_million))
            + cost(usage.output_tokens, self.output_per_million)
    }

    /// The date of the price.
    pub fn as_of(&self) -> Option<Date> {
        self.as_of
    }
}

/// A price as the table has it, or what is the matter with it.
pub(super) fn amount(text: &str) -> Result<Decimal, &'static str> {
    match Decimal::from_str(text) {
        Ok(amount) if amount.is_sign_negative() && !amount.is_zero() => Err("is negative"),
        Ok(amount) => Ok(amount),
        Err(_) => Err("is not a decimal number such as \"0.15\""),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_cost_of_tokens_is_exact() {
        let price = Price {
            input_per_million: amount("0.15").unwrap(),
            output_per_million: amount("0.60").unwrap(),
            cached_input_per_million: None,
            as_of: None,
        };
        let usage =
            |input, output| TokenUsage::counted(Some(input), Some(output)).unwrap_or_default();
        let cost = |usage| price.cost(usage).to_string();
        assert_eq!(cost(usage(1_000_000, 1_000_000)), "0.75");
        assert_eq!(cost(usage(1, 1)), "0.00000075");
        assert_eq!(cost(usage(0, 0)), "0");
        let parts = usage(1_000_000, 1_000_000).of_which(400_000, 900_000);
        assert_eq!(cost(parts), "0.75");
        let cheaper = Price {
            cached_input_per_million: Some(amount("0.015").unwrap()),
            ..price
        };
        // 0.6 million at 0.15, 0.4 million at 0.015, and all that was written at 0.60.
        assert_eq!(cheaper.cost(parts).to_string(), "0.696");
    }

    #[test]
    fn a_price_is_a_decimal_number_that_is_not_negative() {
        assert_eq!(amount("-1"), Err("is negative"));
        assert!(amount("cheap").is_err() && amount("").is_err());
        assert_eq!(amount("0.1500").unwrap(), amount("0.15").unwrap());
    }
}
