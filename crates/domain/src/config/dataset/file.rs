//! A file of rows, wherever it is.

use serde::{Deserialize, Serialize};

use super::{FieldMapping, SampleConfig, Selection};

/// A file of rows, of which `type` says the format. It is at a `path` or at a `url`: exactly one of them is given.
///
/// JSON lines and CSV may be compressed, which the end of the name tells: `.gz` is gzip, `.zst` is Zstandard.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct FileDataset {
    /// Path of the file, relative to the dataset folder of the workers.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(
        feature = "schema",
        schema(
            nullable = false,
            min_length = 1,
            max_length = 1024,
            example = "gsm8k/items.jsonl"
        )
    )]
    pub path: Option<String>,
    /// Address of the file, at a host or in a bucket that the operator of the workers allows.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(
        feature = "schema",
        schema(
            nullable = false,
            max_length = 2048,
            pattern = r"^(https?|s3)://[^\s/?#@\\]+(/[^\s\\]*)?$",
            example = "https://data.example.com/items.jsonl.gz"
        )
    )]
    pub url: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "schema", schema(nullable = false))]
    pub fields: Option<FieldMapping>,
    /// Take only items with at least one of these tags.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[cfg_attr(feature = "schema", schema(max_items = 100))]
    pub only_tags: Vec<String>,
    /// Take only the first items, of those with the tags.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "schema", schema(nullable = false, minimum = 1))]
    pub limit: Option<u64>,
    /// Take only so many of these items, at random.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "schema", schema(nullable = false))]
    pub sample: Option<SampleConfig>,
    /// Tags that every item gets besides its own.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[cfg_attr(feature = "schema", schema(max_items = 100))]
    pub add_tags: Vec<String>,
}

impl FileDataset {
    pub fn selection(&self) -> Selection {
        Selection {
            only_tags: self.only_tags.clone(),
            limit: self.limit,
            sample: self.sample,
            add_tags: self.add_tags.clone(),
        }
    }
}
