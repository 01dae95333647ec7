//! One line of a file of recorded outputs: what it may say, and how it is read.

use std::io::{self, BufRead, Read};

use serde::{Deserialize, Deserializer};
use serde_json::Value;

/// The longest line, in bytes.
pub(super) const LONGEST_LINE: u64 = 64 << 20;

/// One line of the file. Keys that are not named here are passed over.
#[derive(Debug, Deserialize)]
pub(super) struct Line<Output = Value> {
    #[serde(deserialize_with = "text_or_integer")]
    pub(super) id: String,
    /// Which of the item's samples it is.
    #[serde(default)]
    pub(super) sample: u32,
    #[serde(default = "none")]
    pub(super) output: Option<Output>,
    #[serde(default)]
    pub(super) model: Option<String>,
    #[serde(default)]
    pub(super) latency_ms: Option<f64>,
    #[serde(default)]
    pub(super) input_tokens: Option<u64>,
    #[serde(default)]
    pub(super) output_tokens: Option<u64>,
    #[serde(default)]
    pub(super) finish_reason: Option<String>,
}

/// The next line with its end; nothing at the end of the file; of a line that is too long, its beginning.
pub(super) fn read_line(reader: &mut impl BufRead, line: &mut Vec<u8>) -> io::Result<()> {
    line.clear();
    reader
        .take(LONGEST_LINE + 1)
        .read_until(b'\n', line)
        .map(drop)
}

/// What a line says, or what is wrong with it.
pub(super) fn parse<'a, Output: Deserialize<'a>>(line: &'a [u8]) -> Result<Line<Output>, String> {
    let line = line.strip_prefix(b"\xef\xbb\xbf").unwrap_or(line);
    serde_json::from_slice(line).map_err(|error| match error.is_data() {
        true => error.to_string(),
        false => format!("not JSON: {error}"),
    })
}

fn text_or_integer<'de, D: Deserializer<'de>>(deserializer: D) -> Result<String, D::Error> {
    #[derive(Deserialize)]
    #[serde(untagged, expecting = "an id is text")]
    enum Id {
        Text(String),
        Integer(i64),
    }
    Ok(match Id::deserialize(deserializer)? {
        Id::Text(text) => text,
        Id::Integer(integer) => integer.to_string(),
    })
}

/// Unlike `Default`, asks nothing of the type.
fn none<T>() -> Option<T> {
    None
}
