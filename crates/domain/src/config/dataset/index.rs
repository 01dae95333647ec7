//! An index of cases whose texts are files of their own.

use serde::{Deserialize, Serialize};

use super::{SampleConfig, Selection};

/// A CSV file with a header line that names the files of each case.
///
/// It has the columns `test_id`, `entity_type`, `operation_type`, `prompt_file` and `expected_yaml_file`, and may have
/// `old_yaml_file`, `tags` (separated by commas) and others. Files are named relative to the folder of the index. An
/// item's input has `prompt`, `entity_type` and `operation_type`; `old_yaml`, if such a file is named; and
/// `schema_context`, if there is an `a_schema_context.json` beside `a_expected.yaml`. The text of the expected file is
/// the reference. All columns but the id and the tags are metadata, too. A file that is named and is not there is a fault.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct IndexCsvDataset {
    /// Path of the index, relative to the dataset folder of the workers.
    #[cfg_attr(
        feature = "schema",
        schema(min_length = 1, max_length = 1024, example = "pipelines/index.csv")
    )]
    pub path: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "schema", schema(nullable = false))]
    pub filters: Option<IndexFilters>,
    /// Take outputs obtained earlier from files beside the expected ones. With `actual`, `a_actual.yaml` belongs to
    /// `a_expected.yaml`, and `b_actual.yaml` to `b.yaml`. An item without such a file has no output.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(
        feature = "schema",
        schema(
            nullable = false,
            min_length = 1,
            max_length = 100,
            pattern = "^[A-Za-z0-9_-]+$",
            example = "actual"
        )
    )]
    pub actual_suffix: Option<String>,
    /// Take only items with at least one of these tags.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[cfg_attr(feature = "schema", schema(max_items = 100))]
    pub only_tags: Vec<String>,
    /// Take only the first items, of those that pass the filters.
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

impl IndexCsvDataset {
    pub fn selection(&self) -> Selection {
        Selection {
            only_tags: self.only_tags.clone(),
            limit: self.limit,
            sample: self.sample,
            add_tags: self.add_tags.clone(),
        }
    }
}

/// Which rows of an index are taken: those whose columns have exactly these values, as text.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct IndexFilters {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "schema", schema(nullable = false))]
    pub entity_type: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "schema", schema(nullable = false))]
    pub operation_type: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "schema", schema(nullable = false))]
    pub test_id: Option<String>,
}
