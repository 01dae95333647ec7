//! The part of an entry that says how much may be asked of a provider, and what its models cost.

use std::collections::BTreeMap;

use domain::lease::Limits;
use jiff::civil::Date;
use rust_decimal::Decimal;
use toml::{Table, Value};

use crate::providers::prices::{self, Price};

/// The limit of that name, if it is one. `true` means that the field is a limit's, good or not.
pub(super) fn limit(
    limits: &mut Limits,
    field: &str,
    value: &Value,
    fault: &mut impl FnMut(&str, &str),
) -> bool {
    match field {
        "max_concurrency" => match value.as_integer().map(u32::try_from) {
            Some(Ok(calls @ 1..)) => limits.max_concurrency = Some(calls),
            _ => fault(field, "is not a whole number of at least 1"),
        },
        "requests_per_minute" => limits.requests_per_minute = rate(field, value, fault),
        "tokens_per_minute" => limits.tokens_per_minute = rate(field, value, fault),
        _ => return false,
    }
    true
}

fn rate(field: &str, value: &Value, fault: &mut impl FnMut(&str, &str)) -> Option<f64> {
    let rate = match value {
        Value::Integer(rate) => Some(*rate as f64),
        Value::Float(rate) => Some(*rate),
        _ => None,
    };
    let rate = rate.filter(|rate| rate.is_finite() && *rate > 0.0);
    if rate.is_none() {
        fault(field, "is not a number above 0");
    }
    rate
}

/// The prices of the models that the table names.
pub(super) fn prices(table: &Table, fault: &mut impl FnMut(&str, &str)) -> BTreeMap<String, Price> {
    let mut prices = BTreeMap::new();
    for (model, value) in table {
        let field = format!("prices.{model}");
        match value {
            Value::Table(entry) => {
                if let Some(price) = price(&field, entry, fault) {
                    prices.insert(model.clone(), price);
                }
            }
            _ => fault(&field, "is not a table"),
        }
    }
    prices
}

fn price(field: &str, entry: &Table, fault: &mut impl FnMut(&str, &str)) -> Option<Price> {
    const FIELDS: [&str; 3] = [
        "input_per_million",
        "output_per_million",
        "cached_input_per_million",
    ];
    for unknown in entry.keys().filter(|key| !FIELDS.contains(&key.as_str())) {
        fault(
            &format!("{field}.{unknown}"),
            "is unknown: there are `input_per_million`, `output_per_million` and `cached_input_per_million`",
        );
    }
    let [input, output, cached] = FIELDS.map(|name| amount(field, name, entry, fault));
    for (name, amount) in FIELDS.iter().zip([&input, &output]) {
        if matches!(amount, Some(None)) {
            fault(&format!("{field}.{name}"), "is missing");
        }
    }
    Some(Price {
        input_per_million: input??,
        output_per_million: output??,
        cached_input_per_million: cached?,
        as_of: None,
    })
}

/// A price of the entry, as far as it is there; nothing when it has a fault.
fn amount(
    field: &str,
    name: &str,
    entry: &Table,
    fault: &mut impl FnMut(&str, &str),
) -> Option<Option<Decimal>> {
    let amount = match entry.get(name) {
        None => return Some(None),
        Some(Value::String(text)) => prices::amount(text),
        Some(_) => Err("is not a text: write a decimal number such as \"0.15\""),
    };
    amount
        .map_err(|message| fault(&format!("{field}.{name}"), message))
        .ok()
        .map(Some)
}

/// The date of the prices, with or without quotes.
pub(super) fn date(field: &str, value: &Value, fault: &mut impl FnMut(&str, &str)) -> Option<Date> {
    let text = match value {
        Value::String(text) => text.clone(),
        Value::Datetime(date) => date.to_string(),
        _ => String::new(),
    };
    // A time of day would be read over.
    let date = (text.len() == "2026-11-01".len()).then(|| text.parse().ok());
    let date = date.flatten();
    if date.is_none() {
        fault(field, "is not a date such as \"2026-11-01\"");
    }
    date
}

#[cfg(test)]
mod tests {
    use domain::output::TokenUsage;

    use crate::providers::table::parse;

    #[test]
    fn a_table_gives_limits_and_prices() {
        let text = r#"
            [providers.a]
            base_url = "https://a"
            max_concurrency = 20
            requests_per_minute = 500
            tokens_per_minute = 1e5
            prices_as_of = 2026-11-01
            [providers.a.prices."gpt-4o-mini"]
            input_per_million = "0.15"
            output_per_million = "0.60"
            cached_input_per_million = "0.075"
        "#;
        let providers = parse(text, &|_| None).unwrap();
        let a = providers.get("a").unwrap();
        let limits = a.limits();
        assert_eq!(limits.max_concurrency, Some(20));
        assert_eq!(limits.requests_per_minute, Some(500.0));
        assert_eq!(limits.tokens_per_minute, Some(100_000.0));
        let usage = TokenUsage::counted(Some(1000), Some(100)).unwrap();
        let price = a.price("gpt-4o-mini").unwrap();
        assert_eq!(price.cost(usage).to_string(), "0.00021");
        assert_eq!(price.cost(usage.of_which(400, 0)).to_string(), "0.00018");
        assert_eq!(price.as_of().unwrap().to_string(), "2026-11-01");
        assert!(a.price("another").is_none());
    }

    #[test]
    fn limits_and_prices_that_cannot_be_are_named() {
        let text = r#"
            [providers.a]
            base_url = "https://a"
            max_concurrency = 0
            requests_per_minute = -1.5
            tokens_per_minute = "many"
            prices_as_of = "yesterday"
            [providers.a.prices]
            x = 3
            [providers.a.prices.y]
            input_per_million = 0.15
            [providers.a.prices.z]
            input_per_million = "-1"
            output_per_million = "free"
            cached_input_per_million = 1
            cached = "0"
        "#;
        let faults = parse(text, &|_| None).unwrap_err().to_string();
        for part in [
            "`providers.a.max_concurrency` is not a whole number of at least 1",
            "`providers.a.requests_per_minute` is not a number above 0",
            "`providers.a.tokens_per_minute` is not a number above 0",
            "`providers.a.prices.x` is not a table",
            "`providers.a.prices.y.input_per_million` is not a text",
            "`providers.a.prices.y.output_per_million` is missing",
            "`providers.a.prices.z.input_per_million` is negative",
            "`providers.a.prices.z.output_per_million` is not a decimal number",
            "`providers.a.prices.z.cached_input_per_million` is not a text",
            "`providers.a.prices.z.cached` is unknown",
            "`providers.a.prices_as_of` is not a date",
        ] {
            assert!(faults.contains(part), "{part} in {faults}");
        }
    }
}
