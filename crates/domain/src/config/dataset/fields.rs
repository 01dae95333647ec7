//! Which parts of a row make up an item.

use serde::{Deserialize, Serialize};

/// Which keys or columns of a row make up an item.
///
/// A key is looked for as it is written. If the row has no such key, `question.text` leads to the key `text` of the
/// object `question`, and `/question/text` does the same as a JSON Pointer (RFC 6901).
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct FieldMapping {
    /// The key of the id; without one, the row's line number is the id.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "schema", schema(nullable = false))]
    pub id: Option<String>,
    /// The keys of the inputs; without any, all keys that have no other use. What a path leads to has the name of its end.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub input: Vec<String>,
    /// The key of the reference.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "schema", schema(nullable = false))]
    pub expected: Option<String>,
    /// The key of an output obtained earlier.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "schema", schema(nullable = false))]
    pub output: Option<String>,
    /// The key of the tags: a list, or text separated by commas.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "schema", schema(nullable = false))]
    pub tags: Option<String>,
    /// The keys of what is kept beside the item.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub metadata: Vec<String>,
}
