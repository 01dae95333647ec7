//! Numbers, times and names as people read them.

use jiff::Timestamp;

/// Three decimals for what lies about 0 to 1, fewer for what is large.
pub fn number(value: f64) -> String {
    match value.abs() {
        size if size >= 1e9 => format!("{value:.3e}"),
        size if size >= 1000.0 => format!("{value:.0}"),
        size if size >= 10.0 => format!("{value:.1}"),
        _ => format!("{value:.3}"),
    }
}

/// A probability: small ones by their size alone.
pub fn probability(value: f64) -> String {
    match value < 1e-4 {
        true => "< 0.0001".to_owned(),
        false => format!("{value:.4}"),
    }
}

/// A number of things, in groups of three digits.
pub fn count(value: u64) -> String {
    let digits = value.to_string();
    let mut text = String::new();
    for (place, digit) in digits.chars().enumerate() {
        if place > 0 && (digits.len() - place).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// A number with its sign.
pub fn signed(value: f64) -> String {
    match value > 0.0 {
        true => format!("+{}", number(value)),
        false => number(value),
    }
}

/// Milliseconds, as seconds when there are many.
pub fn milliseconds(value: f64) -> String {
    match value {
        ms if ms < 10.0 => format!("{ms:.1} ms"),
        ms if ms < 10_000.0 => format!("{ms:.0} ms"),
        ms => format!("{:.1} s", ms / 1000.0),
    }
}

/// A length of time, to the second.
pub fn duration(from: Timestamp, to: Timestamp) -> String {
    let seconds = to.duration_since(from).as_secs_f64().max(0.0);
    match seconds {
        s if s < 10.0 => format!("{s:.1} s"),
        s if s < 60.0 => format!("{s:.0} s"),
        s if s < 3600.0 => format!("{} min {:02} s", s as u64 / 60, s as u64 % 60),
        s => format!("{} h {:02} min", s as u64 / 3600, s as u64 % 3600 / 60),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_have_the_digits_that_matter() {
        for (value, words) in [
            (0.8333, "0.833"),
            (-12.34, "-12.3"),
            (1234.5, "1234"),
            (0.0, "0.000"),
            (2e9, "2.000e9"),
        ] {
            assert_eq!(number(value), words);
        }
        assert_eq!(
            [signed(0.25), signed(-0.25), signed(0.0)],
            ["+0.250", "-0.250", "0.000"]
        );
        assert_eq!(
            [probability(0.04321), probability(1e-9)],
            ["0.0432", "< 0.0001"]
        );
        assert_eq!(
            [count(7), count(1_000), count(1_234_567)],
            ["7", "1,000", "1,234,567"]
        );
        assert_eq!(
            [
                milliseconds(1.25),
                milliseconds(1250.0),
                milliseconds(61_000.0)
            ],
            ["1.2 ms", "1250 ms", "61.0 s"]
        );
    }

    #[test]
    fn durations_are_rounded() {
        let of = |seconds| {
            duration(
                Timestamp::UNIX_EPOCH,
                Timestamp::from_millisecond(seconds).unwrap(),
            )
        };
        assert_eq!(
            [of(1_500), of(59_400), of(61_000), of(7_300_000)],
            ["1.5 s", "59 s", "1 min 01 s", "2 h 01 min"]
        );
    }
}
