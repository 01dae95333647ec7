//! One JSON object a sample of an item.

use domain::result::ItemResult;
use serde::Serialize;

/// A line, shaped like an element of the API's results.
#[derive(Serialize)]
struct Line<'a> {
    model: &'a str,
    result: &'a ItemResult,
}

pub(crate) fn lines(model: &str, results: &[ItemResult]) -> Vec<u8> {
    let mut bytes = Vec::new();
    for result in results {
        serde_json::to_writer(&mut bytes, &Line { model, result })
            .expect("a result is JSON: it was read as such");
        bytes.push(b'\n');
    }
    bytes
}
