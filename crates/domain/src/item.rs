//! A dataset item: one test case.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

/// One test case of a dataset.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct DatasetItem {
    /// Unique in its dataset. A string: `001` stays `001`.
    #[cfg_attr(feature = "schema", schema(min_length = 1, max_length = 256))]
    pub id: String,
    /// What the model is asked; the values that a prompt template can name.
    #[cfg_attr(feature = "schema", schema(value_type = std::collections::HashMap<String, Value>))]
    pub input: Map<String, Value>,
    /// The reference that scorers compare with: any JSON value.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "schema", schema(nullable = false))]
    pub expected: Option<Value>,
    /// An output obtained earlier, for the adapter `recorded` without a `path`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "schema", schema(nullable = false))]
    pub output: Option<Value>,
    /// Free labels.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub tags: Vec<String>,
    /// Anything else worth keeping beside the item.
    #[serde(default, skip_serializing_if = "Map::is_empty")]
    #[cfg_attr(feature = "schema", schema(value_type = std::collections::HashMap<String, Value>))]
    pub metadata: Map<String, Value>,
}

/// The longest id of an item, in bytes.
pub const LONGEST_ITEM_ID: usize = 256;
