//! CSV files with a header line. Every value is text, so that ids and answers stay as they are written.

use std::io::Read;

use csv::{Reader, StringRecord};
use domain::config::FieldMapping;
use serde_json::{Map, Value};

use crate::failure::Failure;
use crate::load::faults::RowFault;
use crate::load::rows::{by_convention, item};
use crate::load::{Row, Stop, Take};

pub(crate) fn for_each(
    content: impl Read,
    fields: Option<&FieldMapping>,
    take: &mut Take<'_>,
) -> Result<(), Stop> {
    let mut reader = Reader::from_reader(content);
    let header = header(&mut reader)?;
    let mapping = match fields {
        Some(fields) => fields.clone(),
        None => by_convention(header.iter()),
    };
    for_each_record(&mut reader, &mut |line, record| {
        let row = record.and_then(|record| row(&header, &record, &mapping, line));
        take(line, row)
    })
}

pub(crate) fn header(reader: &mut Reader<impl Read>) -> Result<StringRecord, Failure> {
    match reader.headers() {
        Ok(header) => Ok(header.clone()),
        Err(error) => Err(Failure::Dataset(format!(
            "its header cannot be read: {error}"
        ))),
    }
}

/// Hands every record on with its line. A record that is none is one row's fault; a file that cannot be read on is the end.
pub(crate) fn for_each_record(
    reader: &mut Reader<impl Read>,
    take: &mut dyn FnMut(u64, Result<StringRecord, RowFault>) -> Result<(), Stop>,
) -> Result<(), Stop> {
    for record in reader.records() {
        match record {
            Ok(record) => {
                let line = record.position().map_or(0, csv::Position::line);
                take(line, Ok(record))?;
            }
            Err(error) if error.is_io_error() => {
                return Err(Failure::Dataset(format!("it cannot be read: {error}")).into());
            }
            Err(error) => {
                let line = error.position().map_or(0, csv::Position::line);
                take(line, Err(RowFault::new(line, error.to_string())))?;
            }
        }
    }
    Ok(())
}

fn row(header: &StringRecord, record: &StringRecord, mapping: &FieldMapping, line: u64) -> Row {
    let row: Map<String, Value> = header
        .iter()
        .zip(record)
        .map(|(column, value)| (column.to_owned(), cell(column, value, mapping)))
        .collect();
    item(row, Some(mapping), line)
}

/// A cell as it is written; an empty reference or output is none.
fn cell(column: &str, value: &str, mapping: &FieldMapping) -> Value {
    let may_be_absent = [&mapping.expected, &mapping.output].contains(&&Some(column.to_owned()));
    match may_be_absent && value.is_empty() {
        true => Value::Null,
        false => Value::String(value.to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use domain::item::DatasetItem;
    use serde_json::json;

    use super::*;

    fn items(content: &str) -> Vec<Result<DatasetItem, RowFault>> {
        let mut items = Vec::new();
        let mut take = |_: u64, row: Row| {
            items.push(row);
            Ok(())
        };
        assert!(for_each(content.as_bytes(), None, &mut take).is_ok());
        items
    }

    #[test]
    fn values_stay_text_and_columns_find_their_place() {
        let items = items("id,prompt,expected,tags\n001,\"2, and\n2\",4,\"x, y\"\n002,b,,\n");
        let first = items[0].as_ref().unwrap();
        assert_eq!(first.id, "001");
        assert_eq!(first.input["prompt"], json!("2, and\n2"));
        assert_eq!(first.expected, Some(json!("4")));
        assert_eq!(first.tags, ["x", "y"]);
        let second = items[1].as_ref().unwrap();
        assert_eq!((second.id.as_str(), &second.expected), ("002", &None));
    }

    #[test]
    fn a_row_of_another_length_is_named_by_its_line() {
        let items = items("id,prompt\na,b\nc\n");
        assert_eq!(items[1].as_ref().unwrap_err().line, 3);
    }
}
