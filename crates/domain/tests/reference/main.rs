//! Our statistics beside those of scipy and statsmodels: `make.py` writes the answers, these tests meet them.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails")]

mod agreement;
mod classification;
mod comparison;
mod passes;
mod statistics;

use std::path::Path;

use serde_json::Value;

/// Answers of `make.py`, by the name of the file.
fn cases(file: &str) -> Value {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/reference");
    let text = std::fs::read_to_string(folder.join(file)).unwrap();
    serde_json::from_str(&text).unwrap()
}

fn list(value: &Value) -> &Vec<Value> {
    value.as_array().unwrap()
}

fn number(value: &Value) -> f64 {
    value.as_f64().unwrap()
}

fn numbers(value: &Value) -> Vec<f64> {
    list(value).iter().map(number).collect()
}

fn pair(value: &Value) -> (f64, f64) {
    (number(&value[0]), number(&value[1]))
}

/// The largest difference seen, relative where the answer is larger than 1, and what it was seen at.
struct Largest {
    what: &'static str,
    difference: f64,
    at: String,
}

impl Largest {
    fn of(what: &'static str) -> Self {
        Self {
            what,
            difference: 0.0,
            at: String::new(),
        }
    }

    fn see(&mut self, ours: f64, theirs: f64, at: &dyn std::fmt::Display) {
        let difference = (ours - theirs).abs() / theirs.abs().max(1.0);
        assert!(difference.is_finite(), "{}: {ours} at {at}", self.what);
        if difference >= self.difference {
            self.difference = difference;
            self.at = format!("{at}: {ours} for {theirs}");
        }
    }

    fn see_pair(&mut self, ours: (f64, f64), theirs: (f64, f64), at: &dyn std::fmt::Display) {
        self.see(ours.0, theirs.0, at);
        self.see(ours.1, theirs.1, at);
    }

    /// Prints what `docs/statistics.md` records.
    fn must_be_below(self, bound: f64) {
        println!("{}: {:.1e} ({})", self.what, self.difference, self.at);
        assert!(self.difference < bound, "{}: {}", self.what, self.at);
    }
}
