//! How many values a path looks at: what it finds grows with each `$`, `..` and list of selectors as a power.

use serde_json::Value;

/// The longest path, in bytes.
const LONGEST_PATH: usize = 500;

/// The most looks at values that one path may take: some seconds at worst.
pub(crate) const MOST_LOOKS: f64 = 100_000_000.0;

/// What makes a path look at values again and again.
pub(crate) struct Effort {
    /// How often it begins at the root, filters included.
    roots: i32,
    /// How often it goes to all descendants.
    descents: i32,
    /// How often it may find the same value at one step after the other.
    selectors: f64,
}

impl Effort {
    /// Refuses paths that would look at a small output too many times.
    pub(crate) fn of(path: &str) -> Result<Self, &'static str> {
        if path.len() > LONGEST_PATH {
            return Err("a path has at most 500 bytes");
        }
        if path.contains("match(") || path.contains("search(") {
            return Err(
                "the functions `match` and `search` are not known; use `matches` for the values found",
            );
        }
        let roots = match path.matches('$').count() {
            0..=1 => 1,
            2 => 2,
            3 => 3,
            _ => return Err("`$` may occur three times in a path"),
        };
        let descents = match path.matches("..").count() {
            0 => 0,
            1 => 1,
            2 => 2,
            _ => return Err("`..` may occur twice in a path"),
        };
        // A comma too many, in a text or a call, does no harm.
        let selectors: f64 = path
            .split('[')
            .map(|part| 1.0 + part.matches(',').count() as f64)
            .product();
        if selectors > 100.0 {
            return Err("a path has fewer selectors in its brackets");
        }
        Ok(Self {
            roots,
            descents,
            selectors,
        })
    }

    /// Whether it looks at each value of a document a few times at most.
    pub(crate) fn is_linear(&self) -> bool {
        self.roots == 1 && self.descents == 0
    }

    /// How many looks it takes at a document of so many values and levels, at most.
    pub(crate) fn looks(&self, values: usize, depth: usize) -> f64 {
        (values as f64).powi(self.roots) * (depth as f64).powi(self.descents) * self.selectors
    }
}

/// How many values a document has, itself included, and how many levels.
pub(crate) fn size(value: &Value) -> (usize, usize) {
    let add = |(values, depth): (usize, usize), part: &Value| {
        let (more, deeper) = size(part);
        (values + more, depth.max(deeper + 1))
    };
    match value {
        Value::Array(parts) => parts.iter().fold((1, 1), add),
        Value::Object(parts) => parts.values().fold((1, 1), add),
        _ => (1, 1),
    }
}
