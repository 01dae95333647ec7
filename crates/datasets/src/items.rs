//! From a row to an item: which keys mean what, and what is wrong with a row that is none.

use domain::config::FieldMapping;
use domain::item::{DatasetItem, LONGEST_ITEM_ID};
use serde_json::{Map, Value};

use crate::faults::RowFault;
use crate::keys;

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

/// Whether its id has as many bytes as an id may have.
pub fn has_good_id(item: &DatasetItem) -> bool {
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
    let mut input = named(&row, &fields.input, line)?;
    let metadata = named(&row, &fields.metadata, line)?;
    let mut take = |key: &Option<String>| match key {
        None => Ok(None),
        Some(key) => match keys::take(&mut row, key) {
            Some(value) => Ok(Some(value).filter(|value| !value.is_null())),
            None => Err(missing(key, line)),
        },
    };
    let id = match take(&fields.id)? {
        Some(id) => id_text(&id, line)?,
        None => line.to_string(),
    };
    let expected = take(&fields.expected)?;
    let output = take(&fields.output)?;
    let tags = take(&fields.tags)?.map_or(Ok(Vec::new()), |tags| tag_list(tags, line))?;
    if fields.input.is_empty() {
        for key in &fields.metadata {
            keys::take(&mut row, key);
        }
        input = row;
    }
    Ok(DatasetItem {
        id,
        input,
        expected,
        output,
        tags,
        metadata,
    })
}

/// What the keys lead to, each under its name.
fn named(
    row: &Map<String, Value>,
    keys: &[String],
    line: u64,
) -> Result<Map<String, Value>, RowFault> {
    let mut named = Map::new();
    for key in keys {
        let (name, value) = keys::find(row, key).ok_or_else(|| missing(key, line))?;
        if named.insert(name.clone(), value.clone()).is_some() {
            let message = format!("two keys lead to something named `{name}`, the last `{key}`");
            return Err(RowFault::new(line, message));
        }
    }
    Ok(named)
}

fn missing(key: &str, line: u64) -> RowFault {
    RowFault::new(line, format!("it has no `{key}`"))
}

/// The columns `id`, `expected`, `output` and `tags` mean what they say; every other column is an input.
pub(crate) fn by_convention<'a>(columns: impl Iterator<Item = &'a str> + Clone) -> FieldMapping {
    let column = |name: &str| {
        columns
            .clone()
            .any(|column| column == name)
            .then(|| name.to_owned())
    };
    FieldMapping {
        id: column("id"),
        expected: column("expected"),
        output: column("output"),
        tags: column("tags"),
        ..FieldMapping::default()
    }
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
pub fn tag_list(tags: Value, line: u64) -> Result<Vec<String>, RowFault> {
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
    fn paths_lead_to_nested_values_and_one_key_may_have_several_uses() {
        let row = json!({
            "meta": {"key": "k", "source": "web"},
            "question": {"text": "?", "choices": ["a", "b"]},
            "answers": [{"text": "!"}],
        });
        let fields = json!({
            "id": "meta.key",
            "input": ["question.text", "/question/choices", "meta.key"],
            "expected": "/answers/0/text",
            "metadata": ["meta", "meta.source"],
        });
        let item = read(row.clone(), fields).unwrap();
        assert_eq!(item.id, "k");
        assert_eq!(
            Value::Object(item.input),
            json!({"text": "?", "choices": ["a", "b"], "key": "k"})
        );
        assert_eq!(item.expected, Some(json!("!")));
        assert_eq!(item.metadata["source"], json!("web"));
        assert_eq!(item.metadata["meta"]["key"], json!("k"));
        // What has another use is no input.
        let fields = json!({"expected": "/answers/0/text", "metadata": ["meta"]});
        let item = read(row.clone(), fields).unwrap();
        let question = &row["question"];
        let left = json!({"question": question, "answers": [{}]});
        assert_eq!(Value::Object(item.input), left);
        let fields = json!({"input": ["question.text", "/answers/0/text"]});
        let fault = read(row, fields).unwrap_err();
        assert_eq!(
            fault.message,
            "two keys lead to something named `text`, the last `/answers/0/text`"
        );
    }

    #[test]
    fn a_bad_row_is_named_by_line_and_reason() {
        for (row, message) in [
            (
                json!({"input": {}}),
                "it has no `id`; say with `fields` what the keys mean",
            ),
            (
                json!({"id": "a"}),
                "it has no object `input`; say with `fields` what the keys mean",
            ),
            (json!({"id": 1.5, "input": {}}), "an id is a string"),
            (json!({"id": "", "input": {}}), "an id has 1 to 256 bytes"),
        ] {
            assert_eq!(
                read(row, Value::Null).unwrap_err(),
                RowFault::new(7, message)
            );
        }
        let fault = read(json!({"id": "a", "input": {}, "extra": 1}), Value::Null).unwrap_err();
        assert!(
            fault.message.starts_with("unknown field `extra`"),
            "{fault:?}"
        );
    }
}
