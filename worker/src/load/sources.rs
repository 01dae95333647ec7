//! Where the files of datasets come from: the operator's folder.

use std::fs::File;
use std::io::Read;
use std::path::{Path, PathBuf};

use bytesize::ByteSize;
use domain::config::FileDataset;

use crate::failure::Failure;
use crate::load::compression::{self, Compression};
use crate::load::unreadable;
use crate::paths::confined;

/// What the operator lets datasets be read from.
pub(crate) struct Sources {
    /// The folder that paths are relative to.
    root: PathBuf,
    /// The most bytes of a file that is decompressed.
    most: ByteSize,
}

impl Sources {
    pub(crate) fn new(root: PathBuf, most: ByteSize) -> Self {
        Self { root, most }
    }

    pub(crate) fn root(&self) -> &Path {
        &self.root
    }

    /// Opens a file wherever it is.
    pub(crate) async fn open(&self, dataset: &FileDataset) -> Result<Content, Failure> {
        match &dataset.path {
            Some(path) => self.open_path(path),
            None => Err(Failure::Dataset("it has no path".to_owned())),
        }
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

    #[cfg(test)]
    pub(crate) fn folder(root: &Path) -> Self {
        Self::new(root.to_owned(), ByteSize::mib(1))
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
