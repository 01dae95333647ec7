//! Answers and references read as JSON or YAML.

use std::borrow::Cow;

use serde_json::Value;

use crate::text::quote;

/// How deep a YAML document may be; JSON text has the same limit.
const DEEPEST: usize = 128;

/// A text parsed as JSON, any other value as it is.
pub(super) fn json(value: &Value) -> Result<Cow<'_, Value>, String> {
    let Value::String(text) = value else {
        return Ok(Cow::Borrowed(value));
    };
    serde_json::from_str(without_fence(text).trim())
        .map(Cow::Owned)
        .map_err(|error| format!("{} is not JSON: {error}", quote(text.trim())))
}

/// A text parsed as JSON, or else as YAML; any other value as it is.
pub(super) fn json_or_yaml(value: &Value) -> Result<Cow<'_, Value>, String> {
    let Value::String(text) = value else {
        return Ok(Cow::Borrowed(value));
    };
    let text = without_fence(text);
    if let Ok(value) = serde_json::from_str(text.trim()) {
        return Ok(Cow::Owned(value));
    }
    let options = serde_saphyr::options! {
        budget: serde_saphyr::budget! { max_depth: DEEPEST },
        strict_booleans: true,
        underscored_numbers_as_strings: true,
        with_snippet: false,
    };
    serde_saphyr::from_str_with_options(text, options)
        .map(Cow::Owned)
        .map_err(|error| format!("{} is neither JSON nor YAML: {error}", quote(text.trim())))
}

/// The text inside a Markdown code fence, when one is around all of it. Indentation stays: YAML needs it.
fn without_fence(text: &str) -> &str {
    let trimmed = text.trim();
    let inside = || {
        let fence = ["```", "~~~"]
            .into_iter()
            .find(|fence| trimmed.starts_with(fence))?;
        let (_, body) = trimmed.split_once('\n')?;
        body.trim_end().strip_suffix(fence)
    };
    inside().unwrap_or(text)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn text_is_json_or_else_yaml() {
        for (text, value) in [
            ("{\"a\": [1, null]}", json!({"a": [1, null]})),
            ("a:\n  - 1\n  - ~\n", json!({"a": [1, null]})),
            ("```yaml\na: yes\n```", json!({"a": "yes"})),
            (
                "x: &x {b: 1}\ny: *x\n",
                json!({"x": {"b": 1}, "y": {"b": 1}}),
            ),
            ("  a: 1\n  b: 2\n", json!({"a": 1, "b": 2})),
            ("```\n  a: 1\n  b: 2\n```", json!({"a": 1, "b": 2})),
            ("A plain sentence.", json!("A plain sentence.")),
            ("", json!(null)),
        ] {
            let read = json_or_yaml(&json!(text)).map(Cow::into_owned);
            assert_eq!(read, Ok(value), "{text}");
        }
    }

    #[test]
    fn what_is_no_document_or_would_not_end_is_told() {
        let mut bomb = "a0: &a0 [x, x]\n".to_owned();
        for i in 1..40 {
            bomb += &format!("a{i}: &a{i} [*a{}, *a{}]\n", i - 1, i - 1);
        }
        let deep = "[".repeat(10_000) + &"]".repeat(10_000);
        for text in [
            "a: [1",
            "a: 1\na: 2",
            &bomb,
            &deep,
            "x: .nan",
            "a: 1\n--- \nb: 2",
        ] {
            let error = json_or_yaml(&json!(text)).unwrap_err();
            assert!(error.chars().count() < 400, "{error}");
        }
    }
}
