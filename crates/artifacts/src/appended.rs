//! A file that one writer appends to: what is written outlasts the process, and what is then synced a loss of power too.

use std::fs::File;
use std::io;
use std::os::unix::fs::FileExt;
use std::path::PathBuf;
use std::sync::Arc;

use crate::folder;
use crate::store::{Error, on_disk};

pub(crate) struct AppendedFile {
    file: Arc<File>,
    /// Where it is, with the folders that were created for it; none once these outlast a loss of power.
    entry: Option<Arc<(PathBuf, Vec<PathBuf>)>>,
    /// Bytes that are synced.
    synced: u64,
    /// Bytes that are written behind those.
    written: usize,
}

impl AppendedFile {
    /// Creates the file, with the folders that it is in; none if it is there.
    pub(crate) async fn create(path: PathBuf) -> Result<Option<Self>, Error> {
        on_disk(move || match folder::create(&path) {
            Ok((file, new)) => Ok(Some(Self {
                file: Arc::new(file),
                entry: Some(Arc::new((path, new))),
                synced: 0,
                written: 0,
            })),
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => Ok(None),
            Err(error) => Err(error),
        })
        .await
    }

    /// Writes what is not written yet of the bytes behind those that are synced. It is the system that takes them, not the
    /// disk, so that nobody waits.
    pub(crate) fn write(&mut self, bytes: &[u8]) -> io::Result<()> {
        write(&self.file, self.synced, self.written, bytes)?;
        self.written = bytes.len();
        Ok(())
    }

    /// The bytes behind those that are synced, which are to be synced too.
    pub(crate) fn tail(&self, bytes: Vec<u8>) -> Tail {
        Tail {
            file: Arc::clone(&self.file),
            entry: self.entry.clone(),
            synced: self.synced,
            written: self.written,
            bytes,
        }
    }

    /// Goes on behind so many bytes more, which are synced.
    pub(crate) fn advance(&mut self, length: usize) {
        self.synced += length as u64;
        self.written = self.written.saturating_sub(length);
        self.entry = None;
    }
}

/// The end of a file as it is to be.
pub(crate) struct Tail {
    file: Arc<File>,
    entry: Option<Arc<(PathBuf, Vec<PathBuf>)>>,
    synced: u64,
    written: usize,
    bytes: Vec<u8>,
}

impl Tail {
    /// Writes and syncs all of the bytes, or fails.
    pub(crate) async fn sync(self) -> Result<(), Error> {
        on_disk(move || {
            write(&self.file, self.synced, self.written, &self.bytes)?;
            self.file.sync_data()?;
            match self.entry.as_deref() {
                Some((path, new)) => folder::sync_entries(path, new),
                None => Ok(()),
            }
        })
        .await
    }
}

/// Writes the bytes behind those that are synced, but for the first, which are written. A write that has failed leaves
/// something; the next one takes its place, for it has the same bytes and more.
fn write(file: &File, synced: u64, written: usize, bytes: &[u8]) -> io::Result<()> {
    file.write_all_at(&bytes[written..], synced + written as u64)
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use super::*;

    async fn sync(file: &mut AppendedFile, bytes: &[u8]) {
        file.tail(bytes.to_vec()).sync().await.unwrap();
        file.advance(bytes.len());
    }

    #[tokio::test]
    async fn what_is_written_and_synced_follows_what_is_there() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a/b/c.jsonl");
        let mut file = AppendedFile::create(path.clone()).await.unwrap().unwrap();
        let there = || std::fs::read_to_string(&path).unwrap();
        file.write(b"one\n").unwrap();
        assert_eq!(there(), "one\n", "a process that is killed leaves it");
        file.write(b"one\ntwo\n").unwrap();
        sync(&mut file, b"one\ntwo\nthree\n").await;
        assert_eq!(there(), "one\ntwo\nthree\n");
        // As a write leaves it that was broken off.
        let mut torn = File::options().append(true).open(&path).unwrap();
        torn.write_all(b"fo").unwrap();
        sync(&mut file, b"four\n").await;
        // More comes while it is synced.
        file.write(b"five\n").unwrap();
        let tail = file.tail(b"five\n".to_vec());
        file.write(b"five\nsix\n").unwrap();
        tail.sync().await.unwrap();
        file.advance("five\n".len());
        file.write(b"six\nseven\n").unwrap();
        assert_eq!(there(), "one\ntwo\nthree\nfour\nfive\nsix\nseven\n");
        let another = AppendedFile::create(path.clone()).await.unwrap();
        assert!(another.is_none(), "a file has one writer");
    }
}
