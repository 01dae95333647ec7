//! Where the files of datasets come from: the operator's folder, or an address that the operator allows.

use std::fs::File;
use std::io::Seek;
use std::path::{Path, PathBuf};

use artifacts::Store;
use artifacts::buckets::Buckets;
use bytesize::ByteSize;
use datasets::compression::Compression;
use datasets::{Content, Unreadable};
use domain::config::{FileDataset, UploadedDataset};
use domain::tenant::Tenant;
use domain::uploaded::{DatasetName, FileFormat};
use futures::TryStreamExt;
use tokio::io::AsyncWriteExt;
use url::Url;

use crate::config::SourcesConfig;
use crate::failure::Failure;
use crate::load::remote::Remote;
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
    pub(crate) async fn open(&self, dataset: &FileDataset) -> Result<Content<File>, Failure> {
        match (&dataset.path, &dataset.url) {
            (Some(path), _) => self.open_path(path),
            (None, Some(url)) => self.open_url(url).await,
            (None, None) => Err(Failure::Dataset("it has neither path nor url".to_owned())),
        }
    }

    async fn open_url(&self, url: &str) -> Result<Content<File>, Failure> {
        let url: Url = url
            .parse()
            .map_err(|error| Failure::Dataset(format!("its url cannot be read: {error}")))?;
        Ok(Content {
            source: self.remote.fetch(&url, self.most).await?,
            compression: Compression::of(url.path()),
            most: self.most,
        })
    }

    /// Opens a file of the folder.
    pub(crate) fn open_path(&self, path: &str) -> Result<Content<File>, Failure> {
        let file =
            confined(&self.root, path).map_err(|error| Failure::Dataset(error.to_string()))?;
        Ok(Content {
            source: File::open(file).map_err(Unreadable::from)?,
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
    ) -> Result<(FileFormat, Content<File>), Failure> {
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
            source: file,
            compression: announced.compression.into(),
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
