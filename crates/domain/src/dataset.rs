//! A dataset as a run sees it: where it comes from, and, once loaded, its identity, size and division into chunks.

use serde::{Deserialize, Serialize};

use crate::config::{DatasetConfig, FileDataset, IndexCsvDataset, UploadedDataset};
use crate::limits::RunLimits;
use crate::walk;

/// Where the rows of a dataset are read from.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum DatasetSource {
    Jsonl(FileDataset),
    Csv(FileDataset),
    Parquet(FileDataset),
    IndexCsv(IndexCsvDataset),
    /// A file that was uploaded to the artifact store, in the version that it names.
    Uploaded(UploadedDataset),
    /// Items that came with the request and wait in the artifact store.
    Upload(Upload),
}

impl DatasetSource {
    /// What a configuration refers to; none when it has its items with it, which are archived first.
    pub fn of(config: &DatasetConfig) -> Option<Self> {
        match config {
            DatasetConfig::Jsonl(dataset) => Some(Self::Jsonl(dataset.clone())),
            DatasetConfig::Csv(dataset) => Some(Self::Csv(dataset.clone())),
            DatasetConfig::Parquet(dataset) => Some(Self::Parquet(dataset.clone())),
            DatasetConfig::IndexCsv(dataset) => Some(Self::IndexCsv(dataset.clone())),
            DatasetConfig::Uploaded(dataset) => Some(Self::Uploaded(dataset.clone())),
            DatasetConfig::Inline(_) => None,
        }
    }

    /// The configuration that refers to it, or the items that were archived.
    pub fn config(&self) -> Result<DatasetConfig, &Upload> {
        match self {
            Self::Jsonl(dataset) => Ok(DatasetConfig::Jsonl(dataset.clone())),
            Self::Csv(dataset) => Ok(DatasetConfig::Csv(dataset.clone())),
            Self::Parquet(dataset) => Ok(DatasetConfig::Parquet(dataset.clone())),
            Self::IndexCsv(dataset) => Ok(DatasetConfig::IndexCsv(dataset.clone())),
            Self::Uploaded(dataset) => Ok(DatasetConfig::Uploaded(dataset.clone())),
            Self::Upload(upload) => Err(upload),
        }
    }
}

/// Items in the artifact store, by the hash of their content.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Upload {
    pub sha256: String,
}

/// A loaded dataset.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct DatasetRef {
    /// SHA-256 of the normalised items, in hexadecimal: the same content has the same id.
    pub dataset_id: String,
    /// Items in the dataset.
    pub count: u64,
    /// Items in a chunk; the last chunk may have fewer.
    pub chunk_size: u64,
}

/// Fewest and most items of a chunk, unless the dataset itself is smaller.
const CHUNK_SIZES: (u64, u64) = (25, 125);

/// Chunks a small dataset is divided into.
const CHUNKS_OF_A_SMALL_DATASET: u64 = 8;

/// The chunk size for a number of items. It depends on nothing else, so that equal content is stored once.
///
/// Chunks are files, small so that a page of results is cheap to read; several are handled by one activity.
pub fn chunk_size(count: u64) -> u64 {
    count
        .div_ceil(CHUNKS_OF_A_SMALL_DATASET)
        .clamp(CHUNK_SIZES.0, CHUNK_SIZES.1)
}

impl DatasetRef {
    pub fn new(dataset_id: String, count: u64) -> Self {
        Self {
            dataset_id,
            count,
            chunk_size: chunk_size(count),
        }
    }

    /// How many chunks there are.
    pub fn chunks(&self) -> u64 {
        self.count.div_ceil(self.chunk_size.max(1))
    }

    /// How many items the chunk of that index has.
    pub fn items_in(&self, chunk: u64) -> u64 {
        let start = chunk * self.chunk_size;
        self.count.saturating_sub(start).min(self.chunk_size)
    }
}

/// How a run of `chunks` chunks is spread: how many chunks are in flight, each with what share of the concurrency.
///
/// Enough chunks are in flight that their items can use the whole concurrency twice over, so that a straggler
/// in one chunk leaves its calls to the others.
pub fn shares(dataset: &DatasetRef, concurrency: u32) -> Vec<u32> {
    let lanes = walk::lanes(dataset, concurrency);
    let limits = RunLimits::of_concurrency(concurrency.max(1));
    (0..lanes)
        .map(|lane| limits.share(lane, lanes).concurrency)
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn dataset(count: u64) -> DatasetRef {
        DatasetRef::new("d".to_owned(), count)
    }

    #[test]
    fn every_item_is_in_exactly_one_chunk() {
        for count in [1, 24, 25, 26, 199, 200, 1000, 4001, 1_000_000] {
            let dataset = dataset(count);
            let total: u64 = (0..dataset.chunks())
                .map(|chunk| dataset.items_in(chunk))
                .sum();
            assert_eq!(total, count);
            assert_eq!(dataset.items_in(dataset.chunks()), 0);
        }
    }

    #[test]
    fn a_thousand_items_take_few_actions() {
        assert!(2 * dataset(1000).chunks() <= 20);
        assert!(2 * dataset(1_000_000).chunks() <= 20 * 1000);
    }

    #[test]
    fn shares_add_up_to_the_concurrency_limit() {
        for (count, concurrency) in [(1, 5), (1000, 50), (1000, 1), (100_000, 1000), (10, 7)] {
            let shares = shares(&dataset(count), concurrency);
            assert_eq!(
                shares.iter().sum::<u32>(),
                concurrency,
                "{count} {concurrency}"
            );
            assert!(shares.iter().all(|share| *share > 0));
        }
    }
}
