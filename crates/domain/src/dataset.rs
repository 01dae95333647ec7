//! A dataset as a run sees it: where it comes from, and, once loaded, its identity, size and division into chunks.

use std::ops::Range;

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
    /// Items that are stored together: a chunk; the last may have fewer. Of several samples a chunk is walked in parts.
    pub chunk_size: u64,
    /// Outputs that are asked for of each item.
    #[serde(default = "one", skip_serializing_if = "is_one")]
    #[cfg_attr(feature = "schema", schema(minimum = 1, default = 1))]
    pub samples: u32,
}

fn one() -> u32 {
    1
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "as serde asks for it")]
fn is_one(samples: &u32) -> bool {
    *samples == 1
}

/// Where the items of a chunk that is walked are stored.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Stored {
    pub chunk: u64,
    /// Their places in it.
    pub places: Range<u64>,
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
            samples: 1,
        }
    }

    /// Outputs that a run obtains: one for each sample of each item.
    pub fn outputs(&self) -> u64 {
        self.count.saturating_mul(self.samples.into())
    }

    /// Items of a chunk that is walked: with all of their samples, so that they are judged together, and so few that it has
    /// about as many outputs as a stored chunk has items.
    fn items_walked(&self) -> u64 {
        let size = self.chunk_size.max(1);
        size.div_ceil(size.min(self.samples.max(1).into()))
    }

    /// Outputs of a chunk that is walked; the last may have fewer.
    pub fn chunk_outputs(&self) -> u64 {
        self.items_walked() * u64::from(self.samples.max(1))
    }

    /// Chunks that are walked for each that is stored in full.
    fn parts(&self) -> u64 {
        self.chunk_size.max(1).div_ceil(self.items_walked())
    }

    /// How many chunks are walked.
    pub fn chunks(&self) -> u64 {
        let size = self.chunk_size.max(1);
        let rest = (self.count % size).div_ceil(self.items_walked());
        self.count / size * self.parts() + rest
    }

    /// How many chunks are stored.
    pub fn stored_chunks(&self) -> u64 {
        self.count.div_ceil(self.chunk_size.max(1))
    }

    /// The chunk with which the item is walked that has that place in a stored one.
    pub fn walked(&self, stored: u64, place: u64) -> u64 {
        stored * self.parts() + place / self.items_walked()
    }

    /// Where the items of the chunk of that index are stored.
    pub fn stored(&self, chunk: u64) -> Stored {
        let (size, items) = (self.chunk_size.max(1), self.items_walked());
        let stored = chunk / self.parts();
        let there = self.count.saturating_sub(stored * size).min(size);
        let first = (chunk % self.parts() * items).min(there);
        Stored {
            chunk: stored,
            places: first..(first + items).min(there),
        }
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
    fn every_item_is_in_exactly_one_chunk_whatever_the_samples() {
        for count in [1, 24, 25, 26, 199, 200, 1000, 4001, 100_000] {
            for samples in [1, 2, 3, 7, 24, 25, 26, 100] {
                let dataset = DatasetRef {
                    samples,
                    ..dataset(count)
                };
                let mut next = 0;
                for walked in 0..dataset.chunks() {
                    let Stored { chunk, places } = dataset.stored(walked);
                    let mut items = places.clone();
                    assert!(items.all(|place| dataset.walked(chunk, place) == walked));
                    assert!(!places.is_empty(), "{count} {samples}");
                    assert_eq!(chunk * dataset.chunk_size + places.start, next);
                    next += places.end - places.start;
                }
                assert_eq!(next, count, "{samples}");
                assert!(dataset.stored(dataset.chunks()).places.is_empty());
            }
        }
    }

    #[test]
    fn a_chunk_has_about_as_many_outputs_whatever_the_samples() {
        for samples in [1, 2, 3, 7, 25, 50, 100] {
            let dataset = DatasetRef {
                samples,
                ..dataset(10_000)
            };
            assert!((125..250).contains(&dataset.chunk_outputs()), "{samples}");
            assert_eq!(dataset.outputs(), 10_000 * u64::from(samples));
        }
    }

    #[test]
    fn one_sample_is_not_written_and_is_what_older_datasets_have() {
        let json = serde_json::to_value(dataset(3)).unwrap();
        assert!(json.get("samples").is_none());
        assert_eq!(
            serde_json::from_value::<DatasetRef>(json).unwrap(),
            dataset(3)
        );
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
