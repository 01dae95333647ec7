//! Uploaded files: announced, received in parts, and whole when their content is what was announced.
//!
//! A part is named by where it begins and is written once, so that of two that begin at the same byte the first stands,
//! whichever replica of the API took it. A file is whole when the last object says so.

use bytes::Bytes;
use domain::tenant::Tenant;
use domain::uploaded::{DatasetName, UploadedFile, Version};
use futures::stream::BoxStream;
use futures::{StreamExt, TryStreamExt};
use object_store::path::Path;
use object_store::{ObjectStore, ObjectStoreExt, PutMode, PutPayload};
use sha2::{Digest, Sha256};

use crate::keys;
use crate::store::{Error, Store};

impl Store {
    /// Announces a file, and gives back the announcement that stands: the first of that name and version.
    pub async fn announce_file(&self, file: UploadedFile) -> Result<UploadedFile, Error> {
        match self.announced_file(&file.name, &file.version).await? {
            Some(standing) => Ok(standing),
            None => {
                let key = keys::file(&file.name, &file.version);
                self.put_json(&key, &file).await?;
                Ok(file)
            }
        }
    }

    pub async fn announced_file(
        &self,
        name: &DatasetName,
        version: &Version,
    ) -> Result<Option<UploadedFile>, Error> {
        self.get_json(&keys::file(name, version)).await
    }

    /// Whether all of a file is there, and its content is what was announced.
    pub async fn is_whole_file(&self, file: &UploadedFile) -> Result<bool, Error> {
        let key = keys::whole_file(&file.name, &file.version);
        self.exists(&key).await
    }

    /// How many bytes of a file are there, without a gap.
    pub async fn received_of_file(&self, file: &UploadedFile) -> Result<u64, Error> {
        Ok(self.open_file(file).await?.size())
    }

    /// Adds a part that begins at `start`; whether it is the one that stands.
    pub async fn put_part_of_file(
        &self,
        file: &UploadedFile,
        start: u64,
        bytes: Vec<u8>,
    ) -> Result<bool, Error> {
        let key = keys::file_part(&file.name, &file.version, start);
        let objects = self.objects();
        let put = objects.put_opts(&key, PutPayload::from(bytes), PutMode::Create.into());
        match put.await {
            Ok(_) => Ok(true),
            Err(object_store::Error::AlreadyExists { .. }) => Ok(false),
            Err(error) => Err(Error::Unavailable(error)),
        }
    }

    /// Says that a file is whole, if its content is what was announced. If not, its parts are dropped.
    pub async fn seal_file(&self, file: &UploadedFile) -> Result<bool, Error> {
        let mut content = self.content_of_file(file).await?;
        let mut hash = Sha256::new();
        while let Some(bytes) = content.try_next().await? {
            hash.update(&bytes);
        }
        if hex::encode(hash.finalize()) == file.version.to_string() {
            let key = keys::whole_file(&file.name, &file.version);
            return self.put_json(&key, file).await.map(|()| true);
        }
        for part in self.parts_of_file(file).await? {
            match self.objects().delete(&part.key).await {
                Ok(()) | Err(object_store::Error::NotFound { .. }) => {}
                Err(error) => return Err(Error::Unavailable(error)),
            }
        }
        Ok(false)
    }

    /// The content of a file, part by part.
    pub async fn content_of_file(
        &self,
        file: &UploadedFile,
    ) -> Result<BoxStream<'static, Result<Bytes, Error>>, Error> {
        let parts = self.parts_of_file(file).await?;
        let store = self.clone();
        let content = futures::stream::iter(parts).then(move |part| {
            let store = store.clone();
            async move {
                let content = store.get(&part.key).await?;
                content.ok_or_else(|| Error::NotFound(part.key.to_string()))
            }
        });
        Ok(content.boxed())
    }

    /// Opens a file, to read from anywhere in it.
    pub async fn open_file(&self, file: &UploadedFile) -> Result<StoredFile, Error> {
        Ok(StoredFile {
            store: self.clone(),
            parts: self.parts_of_file(file).await?,
        })
    }

    /// The names of a tenant's datasets, or of nobody's, of which a version was announced, sorted.
    pub async fn file_names(&self, tenant: Option<&Tenant>) -> Result<Vec<DatasetName>, Error> {
        let folders = self.folders(&keys::files()).await?;
        Ok(folders
            .iter()
            .filter_map(|name| DatasetName::of_whole(name).ok())
            .filter(|name| name.tenant() == tenant)
            .collect())
    }

    /// The versions of a dataset that are whole, the latest announced first.
    pub async fn file_versions(&self, name: &DatasetName) -> Result<Vec<UploadedFile>, Error> {
        let mut versions: Vec<UploadedFile> = Vec::new();
        for version in self.folders(&keys::file_versions(name)).await? {
            let Ok(version) = version.parse() else {
                continue;
            };
            let whole = self.get_json(&keys::whole_file(name, &version)).await?;
            versions.extend(whole);
        }
        versions.sort_by(|a, b| (b.created_at, &b.version).cmp(&(a.created_at, &a.version)));
        Ok(versions)
    }

    /// The parts of a file from its beginning on, up to the first gap.
    async fn parts_of_file(&self, file: &UploadedFile) -> Result<Vec<Part>, Error> {
        let prefix = keys::file_parts(&file.name, &file.version);
        let listed: Vec<_> = self
            .objects()
            .list(Some(&prefix))
            .try_collect()
            .await
            .map_err(Error::Unavailable)?;
        let mut parts: Vec<Part> = listed
            .into_iter()
            .filter_map(|object| {
                let start = keys::start_of_part(&object.location)?;
                Some(Part {
                    start,
                    end: start + object.size,
                    key: object.location,
                })
            })
            .collect();
        parts.sort_by_key(|part| part.start);
        let mut end = 0;
        let whole = parts.iter().take_while(|part| {
            let follows = part.start == end;
            end = part.end;
            follows
        });
        let whole = whole.count();
        parts.truncate(whole);
        Ok(parts)
    }

    /// The names of the folders in a folder, sorted.
    async fn folders(&self, prefix: &Path) -> Result<Vec<String>, Error> {
        let listed = self
            .objects()
            .list_with_delimiter(Some(prefix))
            .await
            .map_err(Error::Unavailable)?;
        let names = listed.common_prefixes.iter();
        let mut names: Vec<String> = names
            .filter_map(|folder| folder.filename().map(str::to_owned))
            .collect();
        names.sort();
        Ok(names)
    }
}

/// A file that is open. Nothing of it is kept in memory.
#[derive(Clone, Debug)]
pub struct StoredFile {
    store: Store,
    parts: Vec<Part>,
}

impl StoredFile {
    /// How many bytes it has.
    pub fn size(&self) -> u64 {
        self.parts.last().map_or(0, |part| part.end)
    }

    /// Bytes from a position on, `most` or fewer; none at the end only.
    pub async fn read(&self, position: u64, most: usize) -> Result<Bytes, Error> {
        let place = self.parts.partition_point(|part| part.end <= position);
        let Some(part) = self.parts.get(place) else {
            return Ok(Bytes::new());
        };
        let end = part.end.min(position.saturating_add(most as u64));
        let range = position - part.start..end - part.start;
        let read = self.store.objects().get_range(&part.key, range).await;
        read.map_err(|error| match error {
            object_store::Error::NotFound { .. } => Error::NotFound(part.key.to_string()),
            error => Error::Unavailable(error),
        })
    }
}

/// A part of a file that is there.
#[derive(Clone, Debug)]
struct Part {
    key: Path,
    start: u64,
    end: u64,
}

#[cfg(test)]
mod tests {
    use domain::uploaded::FileFormat;
    use jiff::Timestamp;

    use super::*;

    fn file(content: &[u8], second: i64) -> UploadedFile {
        UploadedFile {
            name: "set".parse().unwrap(),
            version: hex::encode(Sha256::digest(content)).parse().unwrap(),
            format: FileFormat::Jsonl,
            compression: None,
            bytes: content.len() as u64,
            created_at: Timestamp::from_second(second).unwrap(),
        }
    }

    async fn put(store: &Store, file: &UploadedFile, start: u64, bytes: &[u8]) -> bool {
        store
            .put_part_of_file(file, start, bytes.to_vec())
            .await
            .unwrap()
    }

    #[tokio::test]
    async fn a_file_is_received_in_parts_and_whole_when_its_content_is_as_announced() {
        let folder = tempfile::tempdir().unwrap();
        let store = Store::open(folder.path().to_str().unwrap(), []).unwrap();
        let file = store
            .announce_file(file(b"one two three", 1))
            .await
            .unwrap();
        assert_eq!(store.received_of_file(&file).await.unwrap(), 0);
        assert!(put(&store, &file, 0, b"one ").await);
        assert!(!put(&store, &file, 0, b"another").await);
        assert!(put(&store, &file, 8, b"three").await);
        assert_eq!(store.received_of_file(&file).await.unwrap(), 4);
        assert!(put(&store, &file, 4, b"two ").await);
        assert_eq!(store.received_of_file(&file).await.unwrap(), 13);
        assert_eq!(store.file_versions(&file.name).await.unwrap(), []);
        assert!(store.seal_file(&file).await.unwrap());
        assert!(store.is_whole_file(&file).await.unwrap());
        let content = store.content_of_file(&file).await.unwrap();
        let content: Vec<Bytes> = content.try_collect().await.unwrap();
        assert_eq!(content.concat(), b"one two three");
        let open = store.open_file(&file).await.unwrap();
        assert_eq!(open.size(), 13);
        for (position, most, read) in [
            (0, 3, "one"),
            (2, 100, "e "),
            (4, 100, "two "),
            (10, 2, "re"),
            (13, 1, ""),
            (99, 1, ""),
        ] {
            assert_eq!(open.read(position, most).await.unwrap(), read);
        }
        assert_eq!(
            store.file_names(None).await.unwrap(),
            std::slice::from_ref(&file.name)
        );
        assert_eq!(store.file_versions(&file.name).await.unwrap(), [file]);
    }

    #[tokio::test]
    async fn content_that_is_not_what_was_announced_is_dropped() {
        let folder = tempfile::tempdir().unwrap();
        let store = Store::open(folder.path().to_str().unwrap(), []).unwrap();
        let file = store.announce_file(file(b"right", 1)).await.unwrap();
        assert!(put(&store, &file, 0, b"wrong").await);
        assert!(!store.seal_file(&file).await.unwrap());
        assert!(!store.is_whole_file(&file).await.unwrap());
        assert_eq!(store.received_of_file(&file).await.unwrap(), 0);
        assert!(put(&store, &file, 0, b"right").await);
        assert!(store.seal_file(&file).await.unwrap());
    }

    #[tokio::test]
    async fn the_latest_version_comes_first_and_the_first_announcement_stands() {
        let folder = tempfile::tempdir().unwrap();
        let store = Store::open(folder.path().to_str().unwrap(), []).unwrap();
        for (content, second) in [("a", 10), ("b", 30), ("c", 20)] {
            let file = file(content.as_bytes(), second);
            let file = store.announce_file(file).await.unwrap();
            assert!(put(&store, &file, 0, content.as_bytes()).await);
            assert!(store.seal_file(&file).await.unwrap());
        }
        let again = store.announce_file(file(b"a", 99)).await.unwrap();
        assert_eq!(again.created_at.as_second(), 10);
        let versions = store.file_versions(&again.name).await.unwrap();
        let seconds: Vec<i64> = versions
            .iter()
            .map(|version| version.created_at.as_second())
            .collect();
        assert_eq!(seconds, [30, 20, 10]);
    }
}
