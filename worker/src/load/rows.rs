//! From a row to an item: which keys mean what, and what is wrong with a row that is none.

use domain::config::FieldMapping;
use domain::item::{DatasetItem, LONGEST_ITEM_ID};
use serde_json::{Map, Value};

use crate::load::faults::RowFault;

/// An item from an object, read at a line.
pub(crate) fn item(
    row: Map<String, Value>,
    fields: Option<&FieldMapping>,
    line: u64,
) -> Result<DatasetItem, RowFault> {
    let item = match fields {
        None => as_it_stands(row, line)?,
        Some(fields) => mapped(row, fields, line)?,
    };
    if !has_good_id(&item) {
        return Err(RowFault::new(
            line,
            format!("an id has 1 to {LONGEST_ITEM_ID} bytes"),
        ));
    }
    Ok(item)
}

/// An item from text that needs no second look: the short way for most rows. None says nothing of what is wrong.
pub(crate) fn plain_item(text: &[u8]) -> Option<DatasetItem> {
    // A list can also be read as an item, but is none.
    if !text.trim_ascii_start().starts_with(b"{") {
        return None;
    }
    serde_json::from_slice(text).ok().filter(has_good_id)
}

fn has_good_id(item: &DatasetItem) -> bool {
    (1..=LONGEST_ITEM_ID).contains(&item.id.len())
}

/// The row is an item already.
fn as_it_stands(mut row: Map<String, Value>, line: u64) -> Result<DatasetItem, RowFault> {
    match row.get("id") {
        None => {
            return Err(RowFault::new(
                line,
                "it has no `id`; say with `fields` what the keys mean",
            ));
        }
        Some(id) => {
            let id = Value::String(id_text(id, line)?);
            row.insert("id".to_owned(), id);
        }
    }
    if !matches!(row.get("input"), Some(Value::Object(_))) {
        return Err(RowFault::new(
            line,
            "it has no object `input`; say with `fields` what the keys mean",
        ));
    }
    row.retain(|_, value| !value.is_null());
    serde_json::from_value(Value::Object(row))
        .map_err(|error| RowFault::new(line, error.to_string()))
}

/// The row becomes an item by the mapping.
fn mapped(
    mut row: Map<String, Value>,
    fields: &FieldMapping,
    line: u64,
) -> Result<DatasetItem, RowFault> {
    let mut take = |key: &Option<String>| match key {
        None => Ok(None),
        Some(key) => match row.remove(key) {
            Some(value) => Ok(Some(value).filter(|value| !value.is_null())),
            None => Err(RowFault::new(line, format!("it has no `{key}`"))),
        },
    };
    let id = match take(&fields.id)? {
        Some(id) => id_text(&id, line)?,
        None => line.to_string(),
    };
    let expected = take(&fields.expected)?;
    let output = take(&fields.output)?;
    let tags = take(&fields.tags)?.map_or(Ok(Vec::new()), |tags| tag_list(tags, line))?;
    let input = match fields.input.as_slice() {
        [] => row,
        keys => keys
            .iter()
            .map(|key| match row.get(key) {
                Some(value) => Ok((key.clone(), value.clone())),
                None => Err(RowFault::new(line, format!("it has no `{key}`"))),
            })
            .collect::<Result<_, _>>()?,
    };
    Ok(DatasetItem {
        id,
        input,
        expected,
        output,
        tags,
        metadata: Map::new(),
    })
}

/// An id as text: a string as it is, a whole number as it is written.
fn id_text(id: &Value, line: u64) -> Result<String, RowFault> {
    match id {
        Value::String(id) => Ok(id.clone()),
        Value::Number(number) if number.is_i64() || number.is_u64() => Ok(number.to_string()),
        _ => Err(RowFault::new(line, "an id is a string")),
    }
}

/// Tags from a list, or from text separated by commas.
pub(crate) fn tag_list(tags: Value, line: u64) -> Result<Vec<String>, RowFault> {
    match tags {
        Value::String(text) => Ok(text
            .split(',')
            .map(|tag| tag.trim().to_owned())
            .filter(|tag| !tag.is_empty())
            .collect()),
        Value::Array(tags) => tags
            .into_iter()
            .map(|tag| match tag {
                Value::String(tag) => Ok(tag),
                _ => Err(RowFault::new(line, "a tag is a string")),
            })
            .collect(),
        _ => Err(RowFault::new(
            line,
            "tags are a list, or text separated by commas",
        )),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn read(row: Value, fields: Value) -> Result<DatasetItem, RowFault> {
        let Value::Object(row) = row else {
            unreachable!()
        };
        let fields: Option<FieldMapping> = serde_json::from_value(fields).unwrap();
        item(row, fields.as_ref(), 7)
    }

    #[test]
    fn an_item_is_taken_as_it_stands() {
        let item = read(
            json!({"id": "001", "input": {"q": 1}, "expected": null, "tags": ["a"]}),
            Value::Null,
        )
        .unwrap();
        assert_eq!(
            (item.id.as_str(), item.expected, item.tags.len()),
            ("001", None, 1)
        );
        assert_eq!(
            read(json!({"id": 7, "input": {}}), Value::Null).unwrap().id,
            "7"
        );
    }

    #[test]
    fn other_shapes_are_mapped() {
        let row = json!({"key": "k", "question": "?", "answer": "!", "labels": "a, b", "more": 1});
        let fields =
            json!({"id": "key", "input": ["question"], "expected": "answer", "tags": "labels"});
        let item = read(row.clone(), fields).unwrap();
        assert_eq!(item.id, "k");
        assert_eq!(Value::Object(item.input), json!({"question": "?"}));
        assert_eq!(item.expected, Some(json!("!")));
        assert_eq!(item.tags, ["a", "b"]);
        let item = read(row, json!({"expected": "answer"})).unwrap();
        assert_eq!((item.id.as_str(), item.input.len()), ("7", 4));
    }

    #[test]
    fn a_bad_row_is_named_by_line_and_reason() {
        for (row, message) in [
            (
                json!({"input": {}}),
                "line 7: it has no `id`; say with `fields` what the keys mean",
            ),
            (
                json!({"id": "a"}),
                "line 7: it has no object `input`; say with `fields` what the keys mean",
            ),
            (json!({"id": 1.5, "input": {}}), "line 7: an id is a string"),
            (
                json!({"id": "", "input": {}}),
                "line 7: an id has 1 to 256 bytes",
            ),
        ] {
            assert_eq!(read(row, Value::Null).unwrap_err().to_string(), message);
        }
        let fault = read(json!({"id": "a", "input": {}, "extra": 1}), Value::Null).unwrap_err();
        assert!(
            fault
                .to_string()
                .starts_with("line 7: unknown field `extra`"),
            "{fault}"
        );
    }
}
