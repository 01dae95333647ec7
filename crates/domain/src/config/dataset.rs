//! Where the items of an experiment come from.

mod fields;
mod file;
mod index;
mod selection;
mod uploaded;

use serde::{Deserialize, Serialize};

pub use self::fields::FieldMapping;
pub use self::file::FileDataset;
pub use self::index::{IndexCsvDataset, IndexFilters};
pub use self::selection::{SampleConfig, Selection};
pub use self::uploaded::UploadedDataset;
use crate::item::DatasetItem;

/// Where the items come from.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub enum DatasetConfig {
    /// A file of JSON objects, one a line. Blank lines are skipped.
    ///
    /// An object with the key `input` is a dataset item (`id`, `input`, `expected`, `output`, `tags`, `metadata`);
    /// `fields` maps other shapes to one.
    Jsonl(FileDataset),
    /// A CSV file with a header line (RFC 4180, UTF-8). Every value is text.
    ///
    /// Without `fields`, the column `id` is the id, `expected` the reference, `output` an output obtained earlier,
    /// `tags` a comma-separated list, and every other column an input.
    Csv(FileDataset),
    /// A Parquet file. Lists and structs become JSON; dates, times, decimals and whole numbers beyond 2^53 become text.
    ///
    /// Without `fields`, columns mean what those of a CSV file do.
    Parquet(FileDataset),
    IndexCsv(IndexCsvDataset),
    Uploaded(UploadedDataset),
    Inline(InlineDataset),
}

impl DatasetConfig {
    /// The items that are written into the request, if they are.
    pub fn inline_items(&self) -> Option<&[DatasetItem]> {
        match self {
            Self::Inline(dataset) => Some(&dataset.items),
            Self::Jsonl(_)
            | Self::Csv(_)
            | Self::Parquet(_)
            | Self::IndexCsv(_)
            | Self::Uploaded(_) => None,
        }
    }
}

/// Items written into the request.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct InlineDataset {
    #[cfg_attr(feature = "schema", schema(min_items = 1, max_items = 10_000))]
    pub items: Vec<DatasetItem>,
}
