//! What a model costs: US dollars for a million tokens, as decimal numbers.

use jiff::civil::Date;
use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};

use crate::money::Money;
use crate::output::TokenUsage;

/// The tokens that a price is for.
const TOKENS: Decimal = Decimal::from_parts(1_000_000, 0, 0, false, 0);

/// What a model costs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Price {
    pub input_per_million: Decimal,
    /// Reasoning is paid as any other token written.
    pub output_per_million: Decimal,
    /// Of tokens that the provider had in its cache of prompts; without it they cost as much as others.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cached_input_per_million: Option<Decimal>,
    /// The date of the price, if the table says so.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub as_of: Option<Date>,
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
