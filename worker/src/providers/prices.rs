//! The prices of a table, as they are written.

use std::str::FromStr;

pub use domain::price::Price;
use rust_decimal::Decimal;

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
    use domain::output::TokenUsage;

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
