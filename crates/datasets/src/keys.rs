//! Keys of a row: as they are written, or paths to nested values.

use std::borrow::Cow;

use serde_json::{Map, Value};

/// What a key leads to, under its name: the key itself, or the end of a path.
pub(crate) fn find<'a>(row: &'a Map<String, Value>, key: &str) -> Option<(String, &'a Value)> {
    if let Some(value) = row.get(key) {
        return Some((key.to_owned(), value));
    }
    let steps = steps(key)?;
    let (first, rest) = steps.split_first()?;
    let mut value = row.get(first.as_ref())?;
    for step in rest {
        value = match value {
            Value::Object(entries) => entries.get(step.as_ref())?,
            Value::Array(values) => values.get(step.parse::<usize>().ok()?)?,
            _ => return None,
        };
    }
    Some((steps.last()?.to_string(), value))
}

/// Takes what a key leads to out of a row. A list keeps its length.
pub(crate) fn take(row: &mut Map<String, Value>, key: &str) -> Option<Value> {
    if let Some(value) = row.remove(key) {
        return Some(value);
    }
    let steps = steps(key)?;
    let (last, parents) = steps.split_last()?;
    let (first, rest) = parents.split_first()?;
    let mut parent = row.get_mut(first.as_ref())?;
    for step in rest {
        parent = match parent {
            Value::Object(entries) => entries.get_mut(step.as_ref())?,
            Value::Array(values) => values.get_mut(step.parse::<usize>().ok()?)?,
            _ => return None,
        };
    }
    match parent {
        Value::Object(entries) => entries.remove(last.as_ref()),
        Value::Array(values) => values.get_mut(last.parse::<usize>().ok()?).map(Value::take),
        _ => None,
    }
}

/// The steps of a JSON Pointer (RFC 6901) or of a path with dots.
fn steps(key: &str) -> Option<Vec<Cow<'_, str>>> {
    match key.strip_prefix('/') {
        Some(pointer) => Some(pointer.split('/').map(unescaped).collect()),
        None if key.contains('.') => Some(key.split('.').map(Cow::Borrowed).collect()),
        None => None,
    }
}

fn unescaped(step: &str) -> Cow<'_, str> {
    match step.contains('~') {
        true => Cow::Owned(step.replace("~1", "/").replace("~0", "~")),
        false => Cow::Borrowed(step),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn row() -> Map<String, Value> {
        let row = json!({
            "a.b": 1,
            "a": {"b": 2, "c/d": {"e": 3}, "": 4},
            "list": [{"x": 5}, 6],
        });
        row.as_object().unwrap().clone()
    }

    #[test]
    fn a_key_is_looked_for_as_it_is_written_and_then_as_a_path() {
        for (key, name, value) in [
            ("a.b", "a.b", json!(1)),
            ("/a/b", "b", json!(2)),
            ("/a/c~1d/e", "e", json!(3)),
            ("a.c/d.e", "e", json!(3)),
            ("/a/", "", json!(4)),
            ("list.0.x", "x", json!(5)),
            ("/list/1", "1", json!(6)),
        ] {
            assert_eq!(find(&row(), key), Some((name.to_owned(), &value)), "{key}");
            assert_eq!(take(&mut row(), key), Some(value), "{key}");
        }
        for key in ["b", "/", "a.x", "list.2", "list.x", "a.b.c", "/a.b/c"] {
            assert_eq!(find(&row(), key), None, "{key}");
            assert_eq!(take(&mut row(), key), None, "{key}");
        }
    }

    #[test]
    fn what_is_taken_is_there_no_more_and_the_rest_stays_where_it_is() {
        let mut row = row();
        take(&mut row, "/a/b").unwrap();
        take(&mut row, "list.0").unwrap();
        assert_eq!(row["a"].get("b"), None);
        assert_eq!(row["list"], json!([null, 6]));
    }
}
