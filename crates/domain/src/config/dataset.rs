//! Where the items of an experiment come from.

use serde::{Deserialize, Serialize};

use crate::item::DatasetItem;

/// Where the items come from.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub enum DatasetConfig {
    Jsonl(JsonlDataset),
    Csv(CsvDataset),
    Inline(InlineDataset),
}

/// A file of JSON objects, one a line, in the operator's dataset folder. Blank lines are skipped.
///
/// An object with the key `input` is a dataset item (`id`, `input`, `expected`, `output`, `tags`, `metadata`);
/// `fields` maps other shapes to one.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct JsonlDataset {
    /// Path of the file, relative to the dataset folder of the workers.
    #[cfg_attr(
        feature = "schema",
        schema(min_length = 1, max_length = 1024, example = "gsm8k/items.jsonl")
    )]
    pub path: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "schema", schema(nullable = false))]
    pub fields: Option<FieldMapping>,
    /// Take only the first items.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "schema", schema(nullable = false, minimum = 1))]
    pub limit: Option<u64>,
}

/// A CSV file with a header line (RFC 4180, UTF-8) in the operator's dataset folder. Every value is text.
///
/// Without `fields`, the column `id` is the id, `expected` the reference, `tags` a comma-separated list,
/// and every other column an input.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct CsvDataset {
    /// Path of the file, relative to the dataset folder of the workers.
    #[cfg_attr(
        feature = "schema",
        schema(min_length = 1, max_length = 1024, example = "truthfulqa/items.csv")
    )]
    pub path: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "schema", schema(nullable = false))]
    pub fields: Option<FieldMapping>,
    /// Take only the first items.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "schema", schema(nullable = false, minimum = 1))]
    pub limit: Option<u64>,
}

/// Items written into the request.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct InlineDataset {
    #[cfg_attr(feature = "schema", schema(min_items = 1, max_items = 10_000))]
    pub items: Vec<DatasetItem>,
}

/// Which keys or columns of a row make up an item.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct FieldMapping {
    /// The key of the id; without one, the row's line number is the id.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "schema", schema(nullable = false))]
    pub id: Option<String>,
    /// The keys of the inputs; without any, all keys that have no other use.
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
}
