//! Numbers as people write them in text: `1,234.5`, `-3`, `$18.00`, `42.`, `1e3`, `50%`.
//!
//! A minus belongs to a number when it stands directly before it (a currency sign may come between) and not after a letter,
//! a digit or a closing bracket: `3-4` holds 3 and 4. Digits directly after an ASCII letter belong to a word: `GPT4` holds
//! no number. A percent sign changes nothing.

/// A number in a text.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Found<'a> {
    /// Infinite when no float can hold it.
    pub(super) value: f64,
    /// As it is written, with sign and currency.
    pub(super) text: &'a str,
    end: usize,
}

/// Every number of the text, in order.
pub(super) fn numbers(text: &str) -> impl Iterator<Item = Found<'_>> {
    let mut position = 0;
    std::iter::from_fn(move || {
        let found = next_number(text, position)?;
        position = found.end;
        Some(found)
    })
}

/// The number that the whole text is, but for surrounding space, a percent sign and a full stop.
pub(super) fn whole(text: &str) -> Option<Found<'_>> {
    let text = text.trim();
    let text = text.strip_prefix('+').unwrap_or(text);
    let number = next_number(text, 0)?;
    let rest = text[number.end..].trim_start();
    let rest = rest.strip_prefix('%').unwrap_or(rest);
    let is_whole = text.starts_with(number.text) && matches!(rest, "" | ".");
    is_whole.then_some(number)
}

fn next_number(text: &str, from: usize) -> Option<Found<'_>> {
    let bytes = text.as_bytes();
    let mut at = from;
    while at < bytes.len() {
        let before = at.checked_sub(1).map(|before| bytes[before]);
        let after_dotted = before.is_some_and(|byte| byte == b'.' || byte.is_ascii_digit());
        let starts_here = match bytes[at] {
            b'.' => is_digit(bytes, at + 1) && !after_dotted,
            byte => byte.is_ascii_digit(),
        };
        if !starts_here {
            at += 1;
            continue;
        }
        let end = end_of_number(bytes, at);
        let in_word = before.is_some_and(|byte| byte.is_ascii_alphabetic() || byte == b'_');
        let digits: String = text[at..end].chars().filter(|c| *c != ',').collect();
        match digits.parse::<f64>() {
            Ok(value) if !in_word => {
                let start = start_with_sign(text, at);
                let is_negative = text[start..at].contains(is_minus);
                return Some(Found {
                    value: if is_negative { -value } else { value },
                    text: &text[start..end],
                    end,
                });
            }
            _ => at = end,
        }
    }
    None
}

/// The end of the number that begins at `start`: digits or groups of three, a fraction, an exponent.
fn end_of_number(bytes: &[u8], start: usize) -> usize {
    let mut end = skip_digits(bytes, start);
    if matches!(end - start, 1..=3) && bytes[start] != b'0' {
        while bytes.get(end) == Some(&b',') && skip_digits(bytes, end + 1) == end + 4 {
            end += 4;
        }
    }
    if bytes.get(end) == Some(&b'.') && is_digit(bytes, end + 1) {
        end = skip_digits(bytes, end + 1);
    }
    if matches!(bytes.get(end), Some(b'e' | b'E')) {
        let sign = usize::from(matches!(bytes.get(end + 1), Some(b'+' | b'-')));
        let exponent_end = skip_digits(bytes, end + 1 + sign);
        let has_digits = exponent_end > end + 1 + sign;
        let goes_on = bytes
            .get(exponent_end)
            .is_some_and(u8::is_ascii_alphanumeric);
        if has_digits && !goes_on {
            end = exponent_end;
        }
    }
    end
}

/// Where the number whose digits begin at `digits` begins with its currency and its minus: `-$5`, `$-5`, `$5`.
fn start_with_sign(text: &str, digits: usize) -> usize {
    let step_back = |from: usize, matches: fn(char) -> bool| match text[..from].chars().next_back()
    {
        Some(c) if matches(c) => from - c.len_utf8(),
        _ => from,
    };
    let currency = step_back(digits, is_currency);
    let minus = step_back(currency, is_minus);
    let is_operator = text[..minus].chars().next_back().is_some_and(|c| {
        c.is_ascii_alphanumeric() || is_minus(c) || matches!(c, ')' | ']' | '}' | '%')
    });
    match minus == currency || is_operator {
        true => currency,
        false => step_back(minus, is_currency),
    }
}

fn is_digit(bytes: &[u8], at: usize) -> bool {
    bytes.get(at).is_some_and(u8::is_ascii_digit)
}

fn skip_digits(bytes: &[u8], from: usize) -> usize {
    let digits = bytes[from.min(bytes.len())..]
        .iter()
        .take_while(|byte| byte.is_ascii_digit());
    from + digits.count()
}

fn is_minus(c: char) -> bool {
    matches!(c, '-' | '\u{2212}')
}

fn is_currency(c: char) -> bool {
    matches!(c, '$' | '€' | '£' | '¥' | '₹')
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn numbers_are_found_as_people_read_them() {
        for (text, expected) in [
            ("", &[][..]),
            ("none", &[]),
            ("42", &[42.0]),
            ("The answer is 42.", &[42.0]),
            ("1,234.5", &[1234.5]),
            ("1,234,567 people", &[1_234_567.0]),
            ("1,2,3", &[1.0, 2.0, 3.0]),
            ("1,2345", &[1.0, 2345.0]),
            ("12345,678", &[12345.0, 678.0]),
            ("0,123", &[0.0, 123.0]),
            ("-3", &[-3.0]),
            ("\u{2212}3", &[-3.0]),
            ("x = -3", &[-3.0]),
            ("(-3)", &[-3.0]),
            ("3-4", &[3.0, 4.0]),
            ("3 - 4 = -1", &[3.0, 4.0, -1.0]),
            ("(1)-2", &[1.0, 2.0]),
            ("5%-6%", &[5.0, 6.0]),
            ("2024-01-05", &[2024.0, 1.0, 5.0]),
            ("--5", &[5.0]),
            ("$18.00", &[18.0]),
            ("-$18", &[-18.0]),
            ("$-18", &[-18.0]),
            ("€1,000", &[1000.0]),
            ("1e3", &[1000.0]),
            ("2.5E-2", &[0.025]),
            ("1e", &[1.0]),
            ("1em", &[1.0]),
            ("2e3x", &[2.0]),
            (".5", &[0.5]),
            ("$.50", &[0.5]),
            ("50%", &[50.0]),
            ("GPT4 and GPT-4", &[4.0]),
            ("H2O x_1", &[]),
            ("42km", &[42.0]),
            ("\\boxed{72}", &[72.0]),
            ("**72**", &[72.0]),
            ("答案是42个", &[42.0]),
            ("3/4", &[3.0, 4.0]),
            ("x=5", &[5.0]),
            ("18.", &[18.0]),
            ("5..6", &[5.0, 6.0]),
            ("3.4.5", &[3.4, 5.0]),
            ("1e999", &[f64::INFINITY]),
            ("+7", &[7.0]),
        ] {
            let found: Vec<f64> = numbers(text).map(|number| number.value).collect();
            assert_eq!(found, expected, "{text}");
        }
    }

    #[test]
    fn a_whole_text_is_a_number_or_it_is_not() {
        for (text, expected) in [
            ("42", Some(42.0)),
            (" 42.\n", Some(42.0)),
            ("+42", Some(42.0)),
            ("-$1,234.50", Some(-1234.5)),
            ("\u{2212}3", Some(-3.0)),
            ("50 %", Some(50.0)),
            ("1e3", Some(1000.0)),
            (".5", Some(0.5)),
            ("42 apples", None),
            ("about 42", None),
            ("3-4", None),
            ("1,2", None),
            ("--5", None),
            ("", None),
            ("-", None),
            ("nan", None),
            ("inf", None),
        ] {
            assert_eq!(whole(text).map(|number| number.value), expected, "{text}");
        }
    }

    proptest! {
        #[test]
        fn a_number_that_is_written_is_found(number in any::<f64>()) {
            let text = format!("It is {number}.");
            prop_assert_eq!(numbers(&text).last().map(|found| found.value), number.is_finite().then_some(number));
        }

        #[test]
        fn any_text_is_read_without_panic(text in "[-−+$€0-9.,eEx%() ]{0,40}") {
            for number in numbers(&text) {
                prop_assert!(text.contains(number.text));
            }
            let _ = whole(&text);
        }
    }
}
