//! The tags of an experiment: labels by which it is found.

use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// The longest tag, in characters.
pub const LONGEST_TAG: usize = 64;

/// A label of an experiment.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
#[cfg_attr(
    feature = "schema",
    schema(
        pattern = "^[A-Za-z0-9][A-Za-z0-9_.:/=-]{0,63}$",
        example = "team:search"
    )
)]
pub struct Tag(String);

#[derive(Debug, thiserror::Error)]
#[error(
    "a tag has 1 to {LONGEST_TAG} letters, digits, `_`, `.`, `:`, `/`, `=` or `-`, and begins with a letter or digit"
)]
pub struct NotATag;

impl FromStr for Tag {
    type Err = NotATag;

    fn from_str(text: &str) -> Result<Self, NotATag> {
        let begins_well = text.starts_with(|c: char| c.is_ascii_alphanumeric());
        let goes_on_well = text
            .chars()
            .all(|c| c.is_ascii_alphanumeric() || "_.:/=-".contains(c));
        match begins_well && goes_on_well && text.len() <= LONGEST_TAG {
            true => Ok(Self(text.to_owned())),
            false => Err(NotATag),
        }
    }
}

impl TryFrom<String> for Tag {
    type Error = NotATag;

    fn try_from(text: String) -> Result<Self, NotATag> {
        text.parse()
    }
}

impl From<Tag> for String {
    fn from(tag: Tag) -> Self {
        tag.0
    }
}

impl AsRef<str> for Tag {
    fn as_ref(&self) -> &str {
        &self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_tag_is_a_short_plain_word() {
        for text in ["a", "team:search", "v1.2-rc_3", "k=v/w", &"x".repeat(64)] {
            assert!(text.parse::<Tag>().is_ok(), "{text}");
        }
        for text in [
            "",
            " a",
            "a b",
            "-a",
            "ä",
            "a'b",
            "a\"b",
            "a\n",
            &"x".repeat(65),
        ] {
            assert!(text.parse::<Tag>().is_err(), "{text}");
        }
    }
}
