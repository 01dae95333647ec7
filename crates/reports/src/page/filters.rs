//! What templates may do to a value. A value that is absent is written as a dash.

use jiff::Timestamp;
use minijinja::{Environment, Value};

use crate::format;
use crate::text::{markdown_block, markdown_inline, visible};

/// Eight levels of a bar, from nothing to the highest.
const LEVELS: [char; 9] = [' ', '▁', '▂', '▃', '▄', '▅', '▆', '▇', '█'];

pub(super) fn add(environment: &mut Environment) {
    environment.add_filter("number", |value: Value| of_number(&value, format::number));
    environment.add_filter("signed", |value: Value| of_number(&value, format::signed));
    environment.add_filter("probability", |value: Value| {
        of_number(&value, format::probability)
    });
    environment.add_filter("milliseconds", |value: Value| {
        of_number(&value, format::milliseconds)
    });
    environment.add_filter("count", |value: u64| format::count(value));
    environment.add_filter("words", |text: &str| text.replace('_', " "));
    environment.add_filter("moment", |value: Value| of_time(&value));
    environment.add_filter("score", |value: Value| of_score(&value));
    environment.add_filter("bars", |counts: Vec<u64>| bars(&counts));
    environment.add_filter("visible", |text: &str| visible(text));
    environment.add_filter("cell", |text: &str| markdown_inline(text));
    environment.add_filter("block", |text: &str| markdown_block(text));
    environment.add_test("given", |value: &Value| {
        !value.is_undefined() && !value.is_none()
    });
}

fn of_number(value: &Value, written: impl Fn(f64) -> String) -> String {
    f64::try_from(value.clone()).map_or_else(|_| "–".to_owned(), written)
}

fn of_time(value: &Value) -> String {
    let time = value
        .as_str()
        .and_then(|text| text.parse::<Timestamp>().ok());
    time.map_or_else(
        || "–".to_owned(),
        |time| time.strftime("%Y-%m-%d %H:%M:%S UTC").to_string(),
    )
}

fn of_score(value: &Value) -> String {
    match bool::try_from(value.clone()) {
        Ok(value) => value.to_string(),
        Err(_) => of_number(value, format::number),
    }
}

/// Counts as a row of bars.
fn bars(counts: &[u64]) -> String {
    let highest = counts.iter().copied().max().unwrap_or(0).max(1);
    let level = |count: u64| (count * 8).div_ceil(highest) as usize;
    counts
        .iter()
        .map(|count| LEVELS[level(*count).min(8)])
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bars_show_what_is_little_and_leave_out_what_is_nothing() {
        assert_eq!(bars(&[0, 1, 50, 100]), " ▁▄█");
        assert_eq!(bars(&[0, 0]), "  ");
    }

    #[test]
    fn what_is_absent_is_a_dash() {
        assert_eq!(of_number(&Value::UNDEFINED, format::number), "–");
        assert_eq!(of_time(&Value::from(())), "–");
        assert_eq!(of_score(&Value::from(false)), "false");
        assert_eq!(of_score(&Value::from(0.5)), "0.500");
    }
}
