//! Datasets: uploaded rows, and the checked items in chunks.
//!
//! A dataset's id is the hash of its items, so the same content is stored once, by whoever comes first.

use domain::dataset::{DatasetRef, Stored};
use domain::item::DatasetItem;
use sha2::{Digest, Sha256};

use crate::keys;
use crate::prepared::Prepared;
use crate::store::{Error, Store};

/// The identity of a dataset: a running hash over its items in their order.
#[derive(Default)]
pub struct ContentHash {
    hash: Sha256,
    count: u64,
}

impl ContentHash {
    /// Takes the next item in, and leaves in `line` the line that a chunk has for it.
    pub fn push(&mut self, item: &DatasetItem, line: &mut Vec<u8>) -> serde_json::Result<()> {
        line.clear();
        serde_json::to_writer(&mut *line, item)?;
        line.push(b'\n');
        self.hash.update(line);
        self.count += 1;
        Ok(())
    }

    pub fn finish(self) -> DatasetRef {
        DatasetRef::new(hex::encode(self.hash.finalize()), self.count)
    }
}

impl Store {
    /// Stores items that came with a request; returns the hash by which they are found.
    pub async fn put_upload(&self, items: &[DatasetItem]) -> Result<String, Error> {
        let upload = Prepared::upload(items)?;
        let sha256 = upload.sha256().to_owned();
        self.put_prepared(upload).await?;
        Ok(sha256)
    }

    /// The items of an upload.
    pub async fn upload(&self, sha256: &str) -> Result<Vec<DatasetItem>, Error> {
        let key = keys::upload(sha256);
        self.get_lines(&key)
            .await?
            .ok_or(Error::NotFound(key.to_string()))
    }

    /// The dataset of that id, when every chunk of it is stored. It keeps the chunk size it was stored with.
    pub async fn stored_dataset(&self, dataset_id: &str) -> Result<Option<DatasetRef>, Error> {
        self.get_json(&keys::manifest(dataset_id)).await
    }

    /// Stores a chunk of which the lines are made already, by `ContentHash::push`.
    pub async fn put_dataset_lines(
        &self,
        dataset: &DatasetRef,
        chunk: u64,
        lines: Vec<u8>,
    ) -> Result<(), Error> {
        self.put(&keys::dataset_chunk(&dataset.dataset_id, chunk), lines)
            .await
    }

    /// Says that every chunk of a dataset is stored.
    pub async fn seal_dataset(&self, dataset: &DatasetRef) -> Result<(), Error> {
        self.put_json(&keys::manifest(&dataset.dataset_id), dataset)
            .await
    }

    /// The items of a chunk that is walked, of which several may be stored together.
    pub async fn dataset_chunk(
        &self,
        dataset: &DatasetRef,
        chunk: u64,
    ) -> Result<Vec<DatasetItem>, Error> {
        let Stored { chunk, places } = dataset.stored(chunk);
        let key = keys::dataset_chunk(&dataset.dataset_id, chunk);
        let lines = self.get_lines(&key).await?;
        let items: Vec<DatasetItem> = lines.ok_or(Error::NotFound(key.to_string()))?;
        let [first, end] = [places.start, places.end].map(|place| place as usize);
        Ok(items.into_iter().take(end).skip(first).collect())
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[tokio::test]
    async fn a_dataset_keeps_the_chunk_size_it_was_stored_with() {
        let folder = tempfile::tempdir().unwrap();
        let store = Store::open(folder.path().to_str().unwrap(), []).unwrap();
        assert_eq!(store.stored_dataset("d").await.unwrap(), None);
        let earlier = DatasetRef {
            dataset_id: "d".to_owned(),
            count: 1_000_000,
            chunk_size: 500,
            samples: 1,
        };
        store.seal_dataset(&earlier).await.unwrap();
        assert_eq!(store.stored_dataset("d").await.unwrap(), Some(earlier));
    }

    #[tokio::test]
    async fn the_lines_that_are_hashed_are_the_chunk() {
        let folder = tempfile::tempdir().unwrap();
        let store = Store::open(folder.path().to_str().unwrap(), []).unwrap();
        let items: Vec<DatasetItem> = serde_json::from_value(json!([
            {"id": "a", "input": {"q": "line\nbreak"}, "expected": 1},
            {"id": "b", "input": {}, "tags": ["x"]},
        ]))
        .unwrap();
        let (mut hash, mut line, mut lines) = (ContentHash::default(), Vec::new(), Vec::new());
        for item in &items {
            hash.push(item, &mut line).unwrap();
            lines.extend_from_slice(&line);
        }
        let dataset = hash.finish();
        // An id never changes: by it, what was stored long ago is found again.
        assert_eq!(
            dataset.dataset_id,
            "a3f77f1fb3ad8d1b3f93ad76f28c039cbf4c0fccc56a2d06fce36bf51a4e9686"
        );
        store.put_dataset_lines(&dataset, 0, lines).await.unwrap();
        assert_eq!(store.dataset_chunk(&dataset, 0).await.unwrap(), items);
        // A chunk of twenty-five items with as many samples is walked item by item.
        let sampled = DatasetRef {
            samples: 25,
            ..dataset
        };
        assert_eq!(sampled.chunks(), 2);
        assert_eq!(store.dataset_chunk(&sampled, 1).await.unwrap(), items[1..]);
    }
}
