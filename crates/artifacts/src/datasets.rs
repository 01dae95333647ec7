//! Datasets: uploaded rows, and the checked items in chunks.
//!
//! A dataset's id is the hash of its items, so the same content is stored once, by whoever comes first.

use domain::dataset::DatasetRef;
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
    /// Takes the next item in.
    pub fn push(&mut self, item: &DatasetItem) -> serde_json::Result<()> {
        self.hash.update(serde_json::to_vec(item)?);
        self.hash.update(b"\n");
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

    /// Whether every chunk of a dataset is stored.
    pub async fn has_dataset(&self, dataset: &DatasetRef) -> Result<bool, Error> {
        self.exists(&keys::manifest(&dataset.dataset_id)).await
    }

    pub async fn put_dataset_chunk(
        &self,
        dataset: &DatasetRef,
        chunk: u64,
        items: &[DatasetItem],
    ) -> Result<(), Error> {
        self.put_lines(&keys::dataset_chunk(&dataset.dataset_id, chunk), items)
            .await
    }

    /// Says that every chunk of a dataset is stored.
    pub async fn seal_dataset(&self, dataset: &DatasetRef) -> Result<(), Error> {
        self.put_json(&keys::manifest(&dataset.dataset_id), dataset)
            .await
    }

    /// The items of a chunk.
    pub async fn dataset_chunk(
        &self,
        dataset: &DatasetRef,
        chunk: u64,
    ) -> Result<Vec<DatasetItem>, Error> {
        let key = keys::dataset_chunk(&dataset.dataset_id, chunk);
        self.get_lines(&key)
            .await?
            .ok_or(Error::NotFound(key.to_string()))
    }
}
