//! A dataset that was uploaded.

use serde::{Deserialize, Serialize};

use super::{FieldMapping, SampleConfig, Selection};

/// A dataset that was uploaded through the API (`POST /v1/datasets`). Rows become items as those of a file do.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct UploadedDataset {
    #[cfg_attr(
        feature = "schema",
        schema(pattern = "^[A-Za-z0-9][A-Za-z0-9_.-]{0,99}$", example = "gsm8k")
    )]
    pub name: String,
    /// Which version of it; the latest at the time of the request, unless it is given. A run keeps its version.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(
        feature = "schema",
        schema(nullable = false, pattern = "^[0-9a-f]{64}$")
    )]
    pub version: Option<String>,
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

impl UploadedDataset {
    pub fn selection(&self) -> Selection {
        Selection {
            only_tags: self.only_tags.clone(),
            limit: self.limit,
            sample: self.sample,
            add_tags: self.add_tags.clone(),
        }
    }
}
