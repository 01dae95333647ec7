//! Places in a JSON document, named by JSONPath (RFC 9535) and bounded in what looking there may cost.

use serde_json::Value;
use serde_json_path::JsonPath;

use crate::scorers::json_path::effort::{Effort, MOST_LOOKS, size};
use crate::text::quote;

/// A path that is ready to be looked up.
pub struct Place {
    text: String,
    path: JsonPath,
    effort: Effort,
}

impl Place {
    /// Says what is wrong with a path that cannot be used.
    pub fn compile(text: &str) -> Result<Self, String> {
        let effort = Effort::of(text)?;
        let path = JsonPath::parse(text).map_err(|error| format!("not a JSONPath: {error}"))?;
        Ok(Self {
            text: text.to_owned(),
            path,
            effort,
        })
    }

    /// The path as it was written.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// What is there: nothing, the value, or a list of several values. A document that is too large for the path is an
    /// error in words.
    pub fn find(&self, document: &Value) -> Result<Option<Value>, String> {
        if !self.effort.is_linear() {
            let (values, depth) = size(document);
            if self.effort.looks(values, depth) > MOST_LOOKS {
                return Err(format!(
                    "{values} values, too many to be searched for {}",
                    quote(&self.text)
                ));
            }
        }
        let found = self.path.query(document).all();
        Ok(match found.as_slice() {
            [] => None,
            [value] => Some((*value).clone()),
            values => Some(values.iter().copied().cloned().collect()),
        })
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_place_has_no_value_or_one_or_a_list_of_several() {
        let document = json!({"a": {"b": 1}, "list": [{"x": "one"}, {"x": "two"}], "none": null});
        for (path, expected) in [
            ("$.a.b", Some(json!(1))),
            ("$.list[*].x", Some(json!(["one", "two"]))),
            ("$.list[-1].x", Some(json!("two"))),
            ("$.none", Some(json!(null))),
            ("$.nothing", None),
            ("$", Some(document.clone())),
        ] {
            let place = Place::compile(path).unwrap();
            assert_eq!(place.find(&document), Ok(expected), "{path}");
        }
    }

    #[test]
    fn what_is_no_path_or_looks_too_often_is_refused() {
        for (path, message) in [
            ("a.b", "not a JSONPath"),
            ("$..a..b..c", "`..` may occur twice"),
            ("$[?match(@.a, 'x')]", "not known"),
        ] {
            let error = Place::compile(path).err().unwrap();
            assert!(error.contains(message), "{error}");
        }
        let large: Value = (0..20_000).map(Value::from).collect();
        let place = Place::compile("$[?@ == $[0]]").unwrap();
        assert!(place.find(&large).unwrap_err().contains("too many"));
    }
}
