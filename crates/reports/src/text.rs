//! Texts of strangers: models and datasets write what they like, and a report stays a report.

use serde_json::Value;

/// Text as it is, other JSON indented.
pub(crate) fn plain(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        other => serde_json::to_string_pretty(other).unwrap_or_else(|_| other.to_string()),
    }
}

/// The beginning of a text, and how much of it is left out.
pub(crate) fn excerpt(text: &str, longest: usize) -> String {
    match text.char_indices().nth(longest) {
        None => text.to_owned(),
        Some((end, _)) => {
            let left_out = text[end..].chars().count();
            format!("{}… ({left_out} more characters)", &text[..end])
        }
    }
}

/// A text without characters that nobody sees: those that steer terminals, and those that turn the direction of writing.
pub(crate) fn visible(text: &str) -> String {
    text.chars()
        .map(|c| match c {
            '\n' | '\t' => c,
            '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' => '\u{fffd}',
            c if c.is_control() => '\u{fffd}',
            c => c,
        })
        .collect()
}

/// A text as a cell of a Markdown table, or in a line of text: no markup of its own, no links, no images, no HTML.
pub(crate) fn markdown_inline(text: &str) -> String {
    let mut cell = String::with_capacity(text.len());
    for c in visible(text).chars() {
        match c {
            '\n' | '\t' => cell.push(' '),
            '<' => cell.push_str("&lt;"),
            '&' => cell.push_str("&amp;"),
            '|' | '\\' | '`' | '*' | '_' | '[' | ']' | '!' | '#' | '~' | '$' | '@' => {
                cell.push('\\');
                cell.push(c);
            }
            c => cell.push(c),
        }
    }
    // What looks like an address becomes a link by itself unless it is taken apart.
    cell.replace("://", ":&#47;/").replace("www.", "www&#46;")
}

/// A text as a block of Markdown code, which nothing in it can end.
pub(crate) fn markdown_block(text: &str) -> String {
    let longest = text.split(|c| c != '`').map(str::len).max().unwrap_or(0);
    let fence = "`".repeat(longest.max(2) + 1);
    format!("{fence}text\n{}\n{fence}", visible(text).trim_end())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_excerpt_says_what_it_leaves_out() {
        assert_eq!(excerpt("äöü", 3), "äöü");
        assert_eq!(excerpt("äöüß", 3), "äöü… (1 more characters)");
    }

    #[test]
    fn a_cell_holds_no_markup() {
        let hostile = "a|b\n<img src=x> ![x](http://h/i) `c` www.h.example";
        let cell = markdown_inline(hostile);
        assert_eq!(
            cell,
            "a\\|b &lt;img src=x> \\!\\[x\\](http:&#47;/h/i) \\`c\\` www&#46;h.example"
        );
    }

    #[test]
    fn no_answer_ends_its_block() {
        let block = markdown_block("a\n`````\n<script>\u{1b}[2J");
        assert!(
            block.starts_with("``````text\na\n`````\n<script>\u{fffd}[2J\n``````"),
            "{block}"
        );
        assert!(markdown_block("plain").starts_with("```text\n"));
    }
}
