//! Datasets: uploaded rows, and the checked items in chunks.
//!
//! A dataset's id is the hash of its items, so the same content is stored once, by whoever comes first.

use domain::dataset::{DatasetRef, Stored};
use domain::item::DatasetItem;
use futures::{StreamExt, TryStreamExt, stream};
use memchr::memmem::Finder;
use serde::Deserialize;
use serde_json::Value;
use sha2::{Digest, Sha256};

use crate::keys;
use crate::prepared::Prepared;
use crate::store::{Error, Store};

/// Chunks that are read at once.
const READ_AT_ONCE: usize = 8;

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

    /// The chunk with which an item is walked; none when the dataset has no such item. The chunks are read one after the other, but
    /// of their lines only those that have the id somewhere.
    pub async fn chunk_of_item(
        &self,
        dataset: &DatasetRef,
        item_id: &str,
    ) -> Result<Option<u64>, Error> {
        // As it is written in a chunk, in quotes.
        let written = Value::from(item_id).to_string();
        let finder = Finder::new(&written);
        let mut chunks = stream::iter(0..dataset.stored_chunks())
            .map(async |chunk| {
                let key = keys::dataset_chunk(&dataset.dataset_id, chunk);
                let lines = self.get(&key).await?.unwrap_or_default();
                Ok::<_, Error>((chunk, place(&lines, item_id, &finder)))
            })
            .buffered(READ_AT_ONCE);
        while let Some((chunk, place)) = chunks.try_next().await? {
            if let Some(place) = place {
                return Ok(Some(dataset.walked(chunk, place)));
            }
        }
        Ok(None)
    }
}

/// The place among the lines of the item of that id, which the finder finds.
fn place(lines: &[u8], item_id: &str, finder: &Finder<'_>) -> Option<u64> {
    #[derive(Deserialize)]
    struct Named {
        id: String,
    }
    finder.find_iter(lines).find_map(|place| {
        let start = memchr::memrchr(b'\n', &lines[..place]).map_or(0, |end| end + 1);
        let length = memchr::memchr(b'\n', &lines[start..]);
        let end = length.map_or(lines.len(), |length| start + length);
        let named: Option<Named> = serde_json::from_slice(&lines[start..end]).ok();
        named.filter(|named| named.id == item_id)?;
        Some(memchr::memchr_iter(b'\n', &lines[..start]).count() as u64)
    })
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
        let of_item = store.chunk_of_item(&sampled, "b").await.unwrap();
        assert_eq!(of_item, Some(1));
    }

    #[tokio::test]
    async fn an_item_is_found_by_its_id_and_not_by_what_looks_like_it() {
        let folder = tempfile::tempdir().unwrap();
        let store = Store::open(folder.path().to_str().unwrap(), []).unwrap();
        let dataset = DatasetRef {
            dataset_id: "d".to_owned(),
            count: 3,
            chunk_size: 1,
            samples: 1,
        };
        for (chunk, item) in [
            (
                0,
                json!({"id": "b", "input": {"of": "a/\"1\""}, "tags": ["c"]}),
            ),
            (1, json!({"id": "a/\"1\"", "input": {}})),
            (2, json!({"id": "ä", "input": {}})),
        ] {
            let line = format!("{item}\n").into_bytes();
            store
                .put_dataset_lines(&dataset, chunk, line)
                .await
                .unwrap();
        }
        for (id, chunk) in [
            ("b", Some(0)),
            ("a/\"1\"", Some(1)),
            ("ä", Some(2)),
            ("c", None),
        ] {
            assert_eq!(
                store.chunk_of_item(&dataset, id).await.unwrap(),
                chunk,
                "{id}"
            );
        }
    }
}
