//! Where the files of datasets come from: the operator's folder, or an address that the operator allows.

use std::fs::File;
use std::io::{Read, Seek};
use std::path::{Path, PathBuf};

use artifacts::Store;
use artifacts::buckets::Buckets;
use bytesize::ByteSize;
use domain::config::{FileDataset, UploadedDataset};
use domain::tenant::Tenant;
use domain::uploaded::{DatasetName, FileCompression, FileFormat};
use futures::TryStreamExt;
use tokio::io::AsyncWriteExt;
use url::Url;

use crate::config::SourcesConfig;
use crate::failure::Failure;
use crate::load::compression::{self, Compression};
use crate::load::remote::Remote;
use crate::load::unreadable;
use crate::paths::confined;

/// What the operator lets datasets be read from.
pub(crate) struct Sources {
    /// The folder that paths are relative to.
    root: PathBuf,
    /// The most bytes of a file that is fetched or decompressed.
    most: ByteSize,
    remote: Remote,
}

impl Sources {
    /// `s3` are the options of the S3 client.
    pub(crate) fn new(
        root: PathBuf,
        config: SourcesConfig,
        s3: Vec<(String, String)>,
    ) -> reqwest::Result<Self> {
        let (hosts, buckets) = (config.dataset_hosts, config.dataset_buckets);
        Ok(Self {
            root,
            most: config.max_dataset_size,
            remote: Remote::new(hosts, buckets, Buckets::new(s3))?,
        })
    }

    pub(crate) fn root(&self) -> &Path {
        &self.root
    }

    /// Opens a file wherever it is.
    pub(crate) async fn open(&self, dataset: &FileDataset) -> Result<Content, Failure> {
        match (&dataset.path, &dataset.url) {
            (Some(path), _) => self.open_path(path),
            (None, Some(url)) => self.open_url(url).await,
            (None, None) => Err(Failure::Dataset("it has neither path nor url".to_owned())),
        }
    }

    async fn open_url(&self, url: &str) -> Result<Content, Failure> {
        let url: Url = url
            .parse()
            .map_err(|error| Failure::Dataset(format!("its url cannot be read: {error}")))?;
        Ok(Content {
            file: self.remote.fetch(&url, self.most).await?,
            compression: Compression::of(url.path()),
            most: self.most,
        })
    }

    /// Opens a file of the folder.
    pub(crate) fn open_path(&self, path: &str) -> Result<Content, Failure> {
        let file =
            confined(&self.root, path).map_err(|error| Failure::Dataset(error.to_string()))?;
        Ok(Content {
            file: File::open(file).map_err(unreadable)?,
            compression: Compression::of(path),
            most: self.most,
        })
    }

    /// Fetches an uploaded file, of a version that the experiment was created with.
    pub(crate) async fn open_uploaded(
        &self,
        store: &Store,
        dataset: &UploadedDataset,
        tenant: Option<&Tenant>,
    ) -> Result<(FileFormat, Content), Failure> {
        let unknown = || Failure::Dataset(format!("`{}` names no version", dataset.name));
        let name: DatasetName = dataset.name.parse().map_err(|_| unknown())?;
        let name = name.within(tenant.cloned());
        let version = dataset.version.as_ref().ok_or_else(unknown)?;
        let version = version.parse().map_err(|_| unknown())?;
        let announced = store.announced_file(&name, &version).await?;
        let announced = announced.ok_or_else(unknown)?;
        let mut parts = store.content_of_file(&announced).await?;
        let file = tempfile::tempfile().map_err(Failure::Disk)?;
        let mut file = tokio::fs::File::from_std(file);
        while let Some(part) = parts.try_next().await? {
            file.write_all(&part).await.map_err(Failure::Disk)?;
        }
        file.flush().await.map_err(Failure::Disk)?;
        let mut file = file.into_std().await;
        file.rewind().map_err(Failure::Disk)?;
        let content = Content {
            file,
            compression: match announced.compression {
                None => Compression::None,
                Some(FileCompression::Gzip) => Compression::Gzip,
                Some(FileCompression::Zstd) => Compression::Zstd,
            },
            most: self.most,
        };
        Ok((announced.format, content))
    }

    #[cfg(test)]
    pub(crate) fn folder(root: &Path) -> Self {
        let config = SourcesConfig {
            dataset_hosts: Vec::new(),
            dataset_buckets: Vec::new(),
            max_dataset_size: ByteSize::mib(1),
        };
        Self::new(root.to_owned(), config, Vec::new()).unwrap()
    }
}

/// A file that is open, and what is known of its content.
pub(crate) struct Content {
    pub(crate) file: File,
    compression: Compression,
    pub(crate) most: ByteSize,
}

impl Content {
    /// The content, decompressed.
    pub(crate) fn read(self) -> Result<Box<dyn Read>, Failure> {
        compression::content(self.file, self.compression, self.most).map_err(unreadable)
    }
}
