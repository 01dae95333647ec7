//! Samples of what was measured: all of them are kept, and their median is what is told.

use serde::{Deserialize, Serialize};

/// Repeated measurements of one thing, in the order in which they were made.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(transparent)]
pub(crate) struct Samples(pub(crate) Vec<f64>);

impl Samples {
    /// The value in the middle; not a number when there is none.
    pub(crate) fn median(&self) -> f64 {
        self.quantile(0.5)
    }

    /// The value that the given share of all values does not exceed.
    pub(crate) fn quantile(&self, share: f64) -> f64 {
        let mut sorted = self.0.clone();
        sorted.sort_by(f64::total_cmp);
        let Some(last) = sorted.len().checked_sub(1) else {
            return f64::NAN;
        };
        // Between two neighbours, their weighted mean.
        let place = share * last as f64;
        let below = sorted[place.floor() as usize];
        let above = sorted[place.ceil() as usize];
        below + (above - below) * place.fract()
    }

    pub(crate) fn sum(&self) -> f64 {
        self.0.iter().sum()
    }

    /// Adds a value; what is no number was not measured.
    pub(crate) fn push(&mut self, value: f64) {
        if value.is_finite() {
            self.0.push(value);
        }
    }

    pub(crate) fn extend(&mut self, other: Self) {
        self.0.extend(other.0);
    }

    pub(crate) fn range(&self) -> (f64, f64) {
        (self.quantile(0.0), self.quantile(1.0))
    }
}

/// A number as people read it: three digits that count, or all before the point.
pub(crate) fn human(value: f64) -> String {
    if !value.is_finite() {
        return "-".to_owned();
    }
    let decimals = match value.abs() {
        size if size >= 100.0 => 0,
        size if size >= 10.0 => 1,
        size if size >= 1.0 || size == 0.0 => 2,
        _ => 3,
    };
    let text = format!("{value:.decimals$}");
    let (whole, fraction) = match text.split_once('.') {
        Some((whole, fraction)) => (whole, Some(fraction)),
        None => (text.as_str(), None),
    };
    let whole = thousands(whole);
    match fraction {
        Some(fraction) => format!("{whole}.{fraction}"),
        None => whole,
    }
}

/// Digits with a comma before every third.
fn thousands(digits: &str) -> String {
    let (sign, digits) = match digits.strip_prefix('-') {
        Some(digits) => ("-", digits),
        None => ("", digits),
    };
    let mut text = sign.to_owned();
    for (index, digit) in digits.char_indices() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_median_of_an_even_number_of_values_is_between_the_two_in_the_middle() {
        let samples = Samples(vec![4.0, 1.0, 2.0, 3.0]);
        assert!((samples.median() - 2.5).abs() < 1e-12);
        assert_eq!(samples.range(), (1.0, 4.0));
        assert!(Samples::default().median().is_nan());
    }

    #[test]
    fn numbers_are_short() {
        let cases = [
            (0.0, "0.00"),
            (0.1234, "0.123"),
            (1.234, "1.23"),
            (12.34, "12.3"),
            (1234.5, "1,234"),
            (-1_234_567.0, "-1,234,567"),
            (f64::NAN, "-"),
        ];
        for (value, text) in cases {
            assert_eq!(human(value), text);
        }
    }
}
