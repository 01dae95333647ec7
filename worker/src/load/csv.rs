//! CSV files with a header line. Every value is text, so that ids and answers stay as they are written.

use std::path::Path;

use csv::{ReaderBuilder, StringRecord};
use domain::config::FieldMapping;
use serde_json::{Map, Value};

use crate::failure::Failure;
use crate::load::faults::RowFault;
use crate::load::rows::item;
use crate::load::{Row, Take};

pub(crate) fn for_each(
    path: &Path,
    fields: Option<&FieldMapping>,
    limit: u64,
    take: &mut Take<'_>,
) -> Result<(), Failure> {
    let mut reader = ReaderBuilder::new()
        .from_path(path)
        .map_err(|error| Failure::Dataset(format!("it cannot be read: {error}")))?;
    let header = reader
        .headers()
        .map_err(|error| Failure::Dataset(format!("its header cannot be read: {error}")))?
        .clone();
    let mapping = match fields {
        Some(fields) => fields.clone(),
        None => by_convention(&header),
    };
    for record in reader
        .records()
        .take(usize::try_from(limit).unwrap_or(usize::MAX))
    {
        let (line, row) = match record {
            Ok(record) => {
                let line = record.position().map_or(0, csv::Position::line);
                (line, row(&header, &record, &mapping, line))
            }
            Err(error) => {
                let line = error.position().map_or(0, csv::Position::line);
                (line, Err(RowFault::new(line, error.to_string())))
            }
        };
        take(line, row)?;
    }
    Ok(())
}

/// The columns `id`, `expected`, `output` and `tags` mean what they say; every other column is an input.
fn by_convention(header: &StringRecord) -> FieldMapping {
    let column = |name: &str| {
        header
            .iter()
            .any(|column| column == name)
            .then(|| name.to_owned())
    };
    FieldMapping {
        id: column("id"),
        input: Vec::new(),
        expected: column("expected"),
        output: column("output"),
        tags: column("tags"),
    }
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

    fn items(content: &str) -> Vec<Result<DatasetItem, String>> {
        let file = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(file.path(), content).unwrap();
        let mut items = Vec::new();
        let mut take = |_: u64, row: Row| {
            items.push(row.map_err(|fault| fault.to_string()));
            Ok(())
        };
        for_each(file.path(), None, u64::MAX, &mut take).unwrap();
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
        assert!(
            items[1].as_ref().unwrap_err().starts_with("line 3: "),
            "{items:?}"
        );
    }
}
