//! Words and letter case as Python sees them, so that scores equal those of reference implementations written in it.

/// The text in lower case; a final sigma is one.
pub(super) fn lower(text: &str) -> String {
    text.to_lowercase()
}

/// What white space parts.
pub(super) fn words(text: &str) -> impl Iterator<Item = &str> {
    text.split(is_space).filter(|word| !word.is_empty())
}

/// White space is that of Unicode, and the four separators U+001C to U+001F.
pub(super) fn is_space(c: char) -> bool {
    c.is_whitespace() || matches!(c, '\u{1c}'..='\u{1f}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn white_space_parts_words() {
        let found: Vec<_> = words(" a\u{1c}b\u{a0}c\u{3000}d\u{85}e\u{200b}f \n").collect();
        assert_eq!(found, ["a", "b", "c", "d", "e\u{200b}f"]);
        assert_eq!(words(" \t").count(), 0);
    }
}
