//! What a provider's models cost, by the table: dollars for a million tokens, as decimal numbers.

use std::str::FromStr;

use domain::money::Money;
use domain::output::TokenUsage;
use rust_decimal::Decimal;

/// The tokens that a price is for.
const TOKENS: Decimal = Decimal::from_parts(1_000_000, 0, 0, false, 0);

/// What a model costs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Price {
    pub(super) input_per_million: Decimal,
    pub(super) output_per_million: Decimal,
}

impl Price {
    /// What the tokens cost, exactly.
    pub fn cost(&self, usage: TokenUsage) -> Money {
        let cost = |tokens: u64, per_million: Decimal| {
            let cost = Decimal::from(tokens).checked_mul(per_million);
            Money::new(cost.map_or(Decimal::MAX, |cost| cost / TOKENS))
        };
        cost(usage.input_tokens, self.input_per_million)
            + cost(usage.output_tokens, self.output_per_million)
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
        };
        let cost = |input_tokens, output_tokens| {
            let usage = TokenUsage {
                input_tokens,
                output_tokens,
            };
            price.cost(usage).to_string()
        };
        assert_eq!(cost(1_000_000, 1_000_000), "0.75");
        assert_eq!(cost(1, 1), "0.00000075");
        assert_eq!(cost(0, 0), "0");
    }

    #[test]
    fn a_price_is_a_decimal_number_that_is_not_negative() {
        assert_eq!(amount("-1"), Err("is negative"));
        assert!(amount("cheap").is_err() && amount("").is_err());
        assert_eq!(amount("0.1500").unwrap(), amount("0.15").unwrap());
    }
}
