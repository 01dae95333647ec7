//! CSV files with a header line. Every value is text, so that ids and answers stay as they are written.

use std::io::Read;

use csv::{Reader, StringRecord};
use domain::config::FieldMapping;
use domain::item::DatasetItem;
use serde_json::{Map, Value};

use crate::faults::{RowFault, Unreadable};
use crate::items::{by_convention, item};
use crate::{Row, Take};

pub(crate) fn for_each<E: From<Unreadable>>(
    content: impl Read,
    fields: Option<&FieldMapping>,
    take: &mut Take<'_, E>,
) -> Result<(), E> {
    let mut reader = Reader::from_reader(content);
    let header = header(&mut reader)?;
    let mapping = match fields {
        Some(fields) => fields.clone(),
        None => by_convention(header.iter()),
    };
    for_each_record(&mut reader, &mut |line, record| match record {
        Ok(record) => {
            let cells = Cells {
                header: &header,
                record: &record,
                mapping: &mapping,
                line,
            };
            take(line, Ok(&cells))
        }
        Err(fault) => take(line, Err(fault)),
    })
}

pub fn header(reader: &mut Reader<impl Read>) -> Result<StringRecord, Unreadable> {
    match reader.headers() {
        Ok(header) => Ok(header.clone()),
        Err(error) => Err(Unreadable(format!("its header cannot be read: {error}"))),
    }
}

/// Hands every record on with its line. A record that is none is one row's fault; a file that cannot be read on is the end.
pub fn for_each_record<E: From<Unreadable>>(
    reader: &mut Reader<impl Read>,
    take: &mut dyn FnMut(u64, Result<StringRecord, RowFault>) -> Result<(), E>,
) -> Result<(), E> {
    for record in reader.records() {
        match record {
            Ok(record) => {
                let line = record.position().map_or(0, csv::Position::line);
                take(line, Ok(record))?;
            }
            Err(error) if error.is_io_error() => {
                return Err(Unreadable(format!("it cannot be read: {error}")).into());
            }
            Err(error) => {
                let line = error.position().map_or(0, csv::Position::line);
                take(line, Err(RowFault::new(line, error.to_string())))?;
            }
        }
    }
    Ok(())
}

struct Cells<'a> {
    header: &'a StringRecord,
    record: &'a StringRecord,
    mapping: &'a FieldMapping,
    line: u64,
}

impl Row for Cells<'_> {
    fn object(&self) -> Result<Map<String, Value>, RowFault> {
        let cells = self.header.iter().zip(self.record);
        Ok(cells
            .map(|(column, value)| (column.to_owned(), value.into()))
            .collect())
    }

    /// An empty reference or output is none.
    fn item(&self) -> Result<DatasetItem, RowFault> {
        let mut row = self.object()?;
        for column in [&self.mapping.expected, &self.mapping.output] {
            let cell = column.as_ref().and_then(|column| row.get_mut(column));
            if let Some(cell) = cell
                && *cell == ""
            {
                *cell = Value::Null;
            }
        }
        item(row, Some(self.mapping), self.line)
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn items(content: &str) -> Vec<Result<DatasetItem, RowFault>> {
        let mut items = Vec::new();
        let mut take = |_: u64, row: Result<&dyn Row, RowFault>| {
            items.push(row.and_then(Row::item));
            Ok::<_, Unreadable>(())
        };
        for_each(content.as_bytes(), None, &mut take).unwrap();
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
