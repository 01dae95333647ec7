//! One row a sample of an item, one column a scorer. An empty cell is no score.

use ::csv::WriterBuilder;
use domain::result::ItemResult;
use domain::score::ScoreValue;
use serde_json::Value;

const COLUMNS: [&str; 11] = [
    "item_id",
    "sample",
    "model",
    "state",
    "output",
    "error",
    "attempts",
    "latency_ms",
    "input_tokens",
    "output_tokens",
    "tags",
];

/// A table of which the header is written before the first row, or at the end if there is none.
pub(crate) struct Csv {
    scorers: Vec<String>,
    is_begun: bool,
}

impl Csv {
    pub(crate) fn new(scorers: Vec<String>) -> Self {
        Self {
            scorers,
            is_begun: false,
        }
    }

    pub(crate) fn add(&mut self, model: &str, results: &[ItemResult]) -> Vec<u8> {
        let mut bytes = self.header();
        let row = |result| row(model, &self.scorers, result);
        bytes.extend(rows(results.iter().map(row)));
        bytes
    }

    pub(crate) fn finish(mut self) -> Vec<u8> {
        self.header()
    }

    /// The header, once.
    fn header(&mut self) -> Vec<u8> {
        if std::mem::replace(&mut self.is_begun, true) {
            return Vec::new();
        }
        let columns = COLUMNS.into_iter().map(str::to_owned);
        let scores = self.scorers.iter().map(|scorer| format!("score.{scorer}"));
        rows([columns.chain(scores).collect()])
    }
}

fn row(model: &str, scorers: &[String], result: &ItemResult) -> Vec<String> {
    let output = result.output.as_ref();
    let answer = output.and_then(|output| output.answer.as_ref());
    let error = output.and_then(|output| output.error.as_ref());
    let usage = answer.and_then(|answer| answer.usage);
    let mut cells = vec![
        result.item.id.clone(),
        result.sample.to_string(),
        model.to_owned(),
        state(result),
        answer.map_or(String::new(), |answer| text(&answer.value)),
        error.map_or(String::new(), ToString::to_string),
        output.map_or(String::new(), |output| output.attempts.to_string()),
        cell(answer.and_then(|answer| answer.latency_ms)),
        cell(usage.map(|usage| usage.input_tokens)),
        cell(usage.map(|usage| usage.output_tokens)),
        result.item.tags.join(","),
    ];
    cells.extend(scorers.iter().map(|name| {
        let score = result.scores.iter().find(|score| score.name == *name);
        score.map_or(String::new(), |score| match score.value {
            ScoreValue::Boolean(value) => value.to_string(),
            ScoreValue::Number(value) => value.to_string(),
        })
    }));
    cells
}

fn rows(rows: impl IntoIterator<Item = Vec<String>>) -> Vec<u8> {
    let mut writer = WriterBuilder::new().from_writer(Vec::new());
    for row in rows {
        writer
            .write_record(row)
            .expect("writing to memory does not fail");
    }
    writer
        .into_inner()
        .expect("writing to memory does not fail")
}

/// The state's name, as it is written everywhere else.
fn state(result: &ItemResult) -> String {
    match serde_json::to_value(result.state) {
        Ok(Value::String(name)) => name,
        _ => String::new(),
    }
}

fn text(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        value => value.to_string(),
    }
}

fn cell(value: Option<impl ToString>) -> String {
    value.map_or(String::new(), |value| value.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_table_without_rows_has_its_header() {
        let header = Csv::new(vec!["s".to_owned()]).finish();
        assert!(header.ends_with(b",tags,score.s\n"));
        let mut begun = Csv::new(Vec::new());
        assert!(!begun.add("m", &[]).is_empty());
        assert_eq!(begun.finish(), b"");
    }

    #[test]
    fn cells_with_commas_quotes_and_lines_are_quoted() {
        let bytes = rows([vec![
            "a,b".to_owned(),
            "say \"hi\"".to_owned(),
            "two\nlines".to_owned(),
        ]]);
        assert_eq!(
            String::from_utf8(bytes).unwrap(),
            "\"a,b\",\"say \"\"hi\"\"\",\"two\nlines\"\n"
        );
    }
}
