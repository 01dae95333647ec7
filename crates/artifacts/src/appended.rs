//! A file that one writer appends to. What is appended is on disk when that returns.

use std::fs::File;
use std::io::{self, Seek, SeekFrom, Write};
use std::path::PathBuf;
use std::sync::Arc;

use crate::folder;
use crate::store::{Error, on_disk};

pub(crate) struct AppendedFile {
    file: Arc<File>,
    /// Bytes that are on disk. What is beyond is left from an append that has failed.
    length: u64,
}

impl AppendedFile {
    /// Creates the file, with the folders that it is in; none if it is there.
    pub(crate) async fn create(path: PathBuf) -> Result<Option<Self>, Error> {
        on_disk(move || match folder::create(&path) {
            Ok(file) => Ok(Some(Self {
                file: Arc::new(file),
                length: 0,
            })),
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => Ok(None),
            Err(error) => Err(error),
        })
        .await
    }

    /// Appends all of the bytes, or fails; the next append takes the place of one that has failed.
    pub(crate) async fn append(&mut self, bytes: Vec<u8>) -> Result<(), Error> {
        let (file, start) = (Arc::clone(&self.file), self.length);
        let append = move || append(&file, start, &bytes).map(|()| start + bytes.len() as u64);
        self.length = on_disk(append).await?;
        Ok(())
    }
}

fn append(mut file: &File, start: u64, bytes: &[u8]) -> io::Result<()> {
    if file.metadata()?.len() > start {
        file.set_len(start)?;
    }
    file.seek(SeekFrom::Start(start))?;
    file.write_all(bytes)?;
    file.sync_data()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn what_is_appended_follows_what_is_there() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a/b/c.jsonl");
        let mut file = AppendedFile::create(path.clone()).await.unwrap().unwrap();
        file.append(b"one\n".to_vec()).await.unwrap();
        // As an append leaves it that was broken off, longer than the next.
        let mut torn = File::options().append(true).open(&path).unwrap();
        torn.write_all(b"three, of which").unwrap();
        file.append(b"two\n".to_vec()).await.unwrap();
        assert_eq!(std::fs::read(&path).unwrap(), b"one\ntwo\n");
        let another = AppendedFile::create(path).await.unwrap();
        assert!(another.is_none(), "a file has one writer");
    }
}
