//! The store itself: opening it, and reading and writing objects as bytes, JSON and JSON lines.

use std::io;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use futures::TryStreamExt;
use object_store::local::LocalFileSystem;
use object_store::path::Path;
use object_store::prefix::PrefixStore;
use object_store::{ObjectStore, ObjectStoreExt, PutPayload};
use serde::Serialize;
use serde::de::DeserializeOwned;
use tokio::task::spawn_blocking;
use url::Url;

use crate::folder;

/// A handle on the artifact store; clones share it.
#[derive(Clone, Debug)]
pub struct Store {
    objects: Arc<dyn ObjectStore>,
    /// The same, where it is a folder.
    folder: Option<Arc<LocalFileSystem>>,
}

/// What can go wrong with an artifact.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    #[error("the artifact store is unavailable: {0}")]
    Unavailable(#[source] object_store::Error),
    #[error("the artifact `{0}` does not exist")]
    NotFound(String),
    #[error("the artifact `{key}` cannot be read: {message}")]
    Corrupt { key: String, message: String },
}

impl Error {
    /// Whether the same call, unchanged, may succeed later.
    pub fn is_retryable(&self) -> bool {
        match self {
            Self::Unavailable(_) => true,
            Self::NotFound(_) | Self::Corrupt { .. } => false,
        }
    }

    fn of_folder(error: io::Error) -> Self {
        Self::Unavailable(object_store::Error::Generic {
            store: "folder",
            source: Box::new(error),
        })
    }
}

/// Why the store could not be opened.
#[derive(Debug, thiserror::Error)]
#[error(
    "`{location}` is no artifact store: {message}; give a folder, `file:///folder` or `s3://bucket/prefix`"
)]
pub struct BadLocation {
    location: String,
    message: String,
}

impl Store {
    /// Opens the store at a folder, a `file://` or an `s3://` URL. `options` are those of the S3 client, such as
    /// `AWS_ACCESS_KEY_ID` or `AWS_ENDPOINT`. Nothing is asked of a remote store yet.
    pub fn open(
        location: &str,
        options: impl IntoIterator<Item = (String, String)>,
    ) -> Result<Self, BadLocation> {
        let bad = |message: String| BadLocation {
            location: location.to_owned(),
            message,
        };
        match Url::parse(location) {
            Ok(url) if url.scheme() == "file" => {
                let folder = url
                    .to_file_path()
                    .map_err(|()| bad("not a path".to_owned()))?;
                Self::in_folder(&folder).map_err(bad)
            }
            Ok(url) if url.scheme() == "s3" => {
                let (store, prefix) = object_store::parse_url_opts(&url, s3_options(options))
                    .map_err(|error| bad(error.to_string()))?;
                Ok(Self {
                    objects: Arc::new(PrefixStore::new(store, prefix)),
                    folder: None,
                })
            }
            Ok(url) => Err(bad(format!("the scheme `{}` is not known", url.scheme()))),
            Err(_) => Self::in_folder(std::path::Path::new(location)).map_err(bad),
        }
    }

    fn in_folder(folder: &std::path::Path) -> Result<Self, String> {
        std::fs::create_dir_all(folder).map_err(|error| error.to_string())?;
        let store = LocalFileSystem::new_with_prefix(folder).map_err(|error| error.to_string())?;
        let store = Arc::new(store.with_fsync(true));
        Ok(Self {
            objects: Arc::<LocalFileSystem>::clone(&store),
            folder: Some(store),
        })
    }

    /// A store that lists like a bucket.
    #[cfg(test)]
    pub(crate) fn bucket_in_memory() -> Self {
        Self {
            objects: Arc::new(object_store::memory::InMemory::new()),
            folder: None,
        }
    }

    /// How long answers may wait for others before they are committed together: not at all on a local disk, a little on
    /// a remote store, where each write is a request that costs.
    pub fn default_commit_interval(&self) -> Duration {
        match self.folder {
            Some(_) => Duration::ZERO,
            None => Duration::from_millis(250),
        }
    }

    /// Asks the store for something small, to learn whether it answers.
    pub async fn check(&self) -> Result<(), Error> {
        match self.objects.head(&Path::from("health")).await {
            Ok(_) | Err(object_store::Error::NotFound { .. }) => Ok(()),
            Err(error) => Err(Error::Unavailable(error)),
        }
    }

    pub(crate) fn is_local(&self) -> bool {
        self.folder.is_some()
    }

    /// Where an object is in the file system, if it is there at all.
    pub(crate) fn path_of(&self, key: &Path) -> Result<Option<PathBuf>, Error> {
        let path = |folder: &Arc<LocalFileSystem>| folder.path_to_filesystem(key);
        let path = self.folder.as_ref().map(path).transpose();
        path.map_err(Error::Unavailable)
    }

    pub(crate) fn objects(&self) -> Arc<dyn ObjectStore> {
        Arc::clone(&self.objects)
    }

    pub(crate) async fn put(&self, key: &Path, bytes: Vec<u8>) -> Result<(), Error> {
        let Some(path) = self.path_of(key)? else {
            let put = self.objects.put(key, PutPayload::from(bytes)).await;
            return put.map(|_| ()).map_err(Error::Unavailable);
        };
        on_disk(move || folder::put(&path, &bytes)).await
    }

    pub(crate) async fn get(&self, key: &Path) -> Result<Option<Bytes>, Error> {
        if let Some(path) = self.path_of(key)? {
            return on_disk(move || folder::get(&path)).await;
        }
        let object = match self.objects.get(key).await {
            Ok(object) => object,
            Err(object_store::Error::NotFound { .. }) => return Ok(None),
            Err(error) => return Err(Error::Unavailable(error)),
        };
        object.bytes().await.map(Some).map_err(Error::Unavailable)
    }

    pub(crate) async fn exists(&self, key: &Path) -> Result<bool, Error> {
        match self.objects.head(key).await {
            Ok(_) => Ok(true),
            Err(object_store::Error::NotFound { .. }) => Ok(false),
            Err(error) => Err(Error::Unavailable(error)),
        }
    }

    pub(crate) async fn put_json<T: Serialize>(&self, key: &Path, value: &T) -> Result<(), Error> {
        let bytes = serde_json::to_vec(value).map_err(|error| corrupt(key, &error))?;
        self.put(key, bytes).await
    }

    pub(crate) async fn get_json<T: DeserializeOwned>(
        &self,
        key: &Path,
    ) -> Result<Option<T>, Error> {
        let Some(bytes) = self.get(key).await? else {
            return Ok(None);
        };
        serde_json::from_slice(&bytes)
            .map(Some)
            .map_err(|error| corrupt(key, &error))
    }

    pub(crate) async fn put_lines<T: Serialize>(
        &self,
        key: &Path,
        values: &[T],
    ) -> Result<(), Error> {
        let bytes = lines(values).map_err(|error| corrupt(key, &error))?;
        self.put(key, bytes).await
    }

    pub(crate) async fn get_lines<T: DeserializeOwned>(
        &self,
        key: &Path,
    ) -> Result<Option<Vec<T>>, Error> {
        let Some(bytes) = self.get(key).await? else {
            return Ok(None);
        };
        parse_lines(key, &bytes).map(Some)
    }

    /// The keys below a prefix, sorted.
    pub(crate) async fn list(&self, prefix: &Path) -> Result<Vec<Path>, Error> {
        let mut keys: Vec<Path> = self
            .objects
            .list(Some(prefix))
            .map_ok(|object| object.location)
            .try_collect()
            .await
            .map_err(Error::Unavailable)?;
        keys.sort();
        Ok(keys)
    }
}

/// Does what a folder is waited for.
pub(crate) async fn on_disk<T: Send + 'static>(
    work: impl FnOnce() -> io::Result<T> + Send + 'static,
) -> Result<T, Error> {
    let done = spawn_blocking(work).await.map_err(io::Error::from);
    done.flatten().map_err(Error::of_folder)
}

/// Values as JSON lines.
pub(crate) fn lines<'a, T: Serialize + 'a>(
    values: impl IntoIterator<Item = &'a T>,
) -> serde_json::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    for value in values {
        serde_json::to_writer(&mut bytes, value)?;
        bytes.push(b'\n');
    }
    Ok(bytes)
}

/// Values of JSON lines.
pub(crate) fn parse_lines<T: DeserializeOwned>(key: &Path, bytes: &[u8]) -> Result<Vec<T>, Error> {
    bytes
        .split(|byte| *byte == b'\n')
        .filter(|line| !line.is_empty())
        .map(|line| serde_json::from_slice(line).map_err(|error| corrupt(key, &error)))
        .collect()
}

pub(crate) fn corrupt(key: &Path, error: &serde_json::Error) -> Error {
    Error::Corrupt {
        key: key.to_string(),
        message: error.to_string(),
    }
}

/// A store that is down is answered for by Temporal's retries, not by minutes inside the client.
pub(crate) fn s3_options(
    options: impl IntoIterator<Item = (String, String)>,
) -> Vec<(String, String)> {
    let timeouts = [("timeout", "20s"), ("connect_timeout", "5s")];
    timeouts
        .map(|(key, value)| (key.to_owned(), value.to_owned()))
        .into_iter()
        .chain(
            options
                .into_iter()
                .map(|(key, value)| (key.to_lowercase(), value)),
        )
        .collect()
}
