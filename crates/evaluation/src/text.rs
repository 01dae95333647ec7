//! Texts in comments and comparisons: shortened, folded, and JSON values as text.

use std::borrow::Cow;

use serde_json::Value;

/// The most characters of a text that a comment quotes.
const LONGEST_QUOTE: usize = 80;

/// The text in backticks, cut short when it is long.
pub(crate) fn quote(text: &str) -> String {
    format!("`{}`", shorten(text, LONGEST_QUOTE))
}

/// At most that many characters, with `…` in place of the rest.
pub(crate) fn shorten(text: &str, most: usize) -> Cow<'_, str> {
    match text.char_indices().nth(most) {
        None => Cow::Borrowed(text),
        Some((end, _)) => Cow::Owned(format!("{}…", &text[..end])),
    }
}

/// The first few of a list, quoted, and how many more there are.
pub(crate) fn quote_all<'a>(texts: impl ExactSizeIterator<Item = &'a str>) -> String {
    const MOST: usize = 5;
    let more = texts.len().saturating_sub(MOST);
    let listed = texts.take(MOST).map(quote).collect::<Vec<_>>().join(", ");
    match more {
        0 => listed,
        more => format!("{listed} and {more} more"),
    }
}

/// A text as it is, any other value as its compact JSON.
pub(crate) fn as_text(value: &Value) -> Cow<'_, str> {
    match value {
        Value::String(text) => Cow::Borrowed(text),
        other => Cow::Owned(other.to_string()),
    }
}

/// The text in lower case, each character by itself: a part of a text folds like the same part alone.
pub(crate) fn fold(text: &str) -> String {
    text.chars().flat_map(char::to_lowercase).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn long_texts_are_cut_between_characters() {
        assert_eq!(shorten("äöü", 3), "äöü");
        assert_eq!(shorten("äöü", 2), "äö…");
        assert_eq!(quote(&"é".repeat(100)), format!("`{}…`", "é".repeat(80)));
    }

    #[test]
    fn long_lists_are_counted() {
        assert_eq!(quote_all(["a", "b"].into_iter()), "`a`, `b`");
        assert_eq!(
            quote_all(["a"; 7].into_iter()),
            "`a`, `a`, `a`, `a`, `a` and 2 more"
        );
    }

    #[test]
    fn a_part_of_a_text_folds_like_the_part_alone() {
        assert!(fold("ΟΔΟΣ").contains(&fold("ΔΟΣ")));
        assert!(fold("ΟΔΟΣ ΣΑΣ").contains(&fold("οΣ σ")));
    }
}
