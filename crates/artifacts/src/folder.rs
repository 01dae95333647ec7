//! Files that are on disk when a write returns, not only in the system's cache: what is recorded is not paid again.
//!
//! A disk is waited for at every sync, so there are as few as it takes: `object_store` makes twice as many for a file in
//! a new folder.

use std::fs::File;
use std::io::{self, ErrorKind, Write};
use std::iter;
use std::path::{Path, PathBuf};

use bytes::Bytes;

/// Writes a file as a whole, in the place of one that is there: a reader sees all of it or none.
pub(crate) fn put(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let new = create_folders(folder_of(path))?;
    let (staged, file) = stage(path)?;
    let written = write(&file, bytes).and_then(|()| std::fs::rename(&staged, path));
    if written.is_err() {
        // What is left of it all the same is passed over by lists.
        let _ = std::fs::remove_file(&staged);
    }
    written?;
    sync_entries(path, &new)
}

/// Reads a file as a whole, in one turn at the disk; none when it is not there.
pub(crate) fn get(path: &Path) -> io::Result<Option<Bytes>> {
    match std::fs::read(path) {
        Ok(bytes) => Ok(Some(bytes.into())),
        Err(error) => match error.kind() {
            ErrorKind::NotFound | ErrorKind::NotADirectory | ErrorKind::IsADirectory => Ok(None),
            _ => Err(error),
        },
    }
}

/// Creates an empty file, and gives the folders that were created for it; fails with [`ErrorKind::AlreadyExists`] if it is
/// there. It outlasts a loss of power once its entries are synced.
pub(crate) fn create(path: &Path) -> io::Result<(File, Vec<PathBuf>)> {
    let new = create_folders(folder_of(path))?;
    Ok((create_new(path)?, new))
}

fn create_new(path: &Path) -> io::Result<File> {
    File::options().write(true).create_new(true).open(path)
}

/// A file beside the one to be, under a name that `object_store` gives such files too, and leaves out of its lists.
fn stage(path: &Path) -> io::Result<(PathBuf, File)> {
    let mut number = 1_u64;
    loop {
        let mut staged = path.as_os_str().to_owned();
        staged.push(format!("#{number}"));
        let staged = PathBuf::from(staged);
        match create_new(&staged) {
            Err(error) if error.kind() == ErrorKind::AlreadyExists => number += 1,
            created => return created.map(|file| (staged, file)),
        }
    }
}

fn write(mut file: &File, bytes: &[u8]) -> io::Result<()> {
    file.write_all(bytes)?;
    file.sync_data()
}

/// Creates a folder and those that it is in; gives those that were not there.
fn create_folders(folder: &Path) -> io::Result<Vec<PathBuf>> {
    let missing = folder.ancestors().take_while(|folder| !folder.is_dir());
    let missing: Vec<PathBuf> = missing.map(Path::to_owned).collect();
    for folder in missing.iter().rev() {
        match std::fs::create_dir(folder) {
            Err(error) if error.kind() == ErrorKind::AlreadyExists => {}
            created => created?,
        }
    }
    Ok(missing)
}

/// Makes the entry of a file outlast a loss of power, and those of the folders that were created for it.
pub(crate) fn sync_entries(path: &Path, new: &[PathBuf]) -> io::Result<()> {
    let paths = iter::once(path).chain(new.iter().map(PathBuf::as_path));
    paths
        .map(folder_of)
        .try_for_each(|folder| File::open(folder)?.sync_all())
}

fn folder_of(path: &Path) -> &Path {
    match path.parent() {
        Some(folder) if folder != Path::new("") => folder,
        _ => Path::new("."),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_is_written_as_a_whole_and_again() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a/b/c.json");
        put(&path, b"one").unwrap();
        // As a process leaves it that was killed.
        std::fs::write(folder.path().join("a/b/c.json#1"), b"tw").unwrap();
        put(&path, b"two").unwrap();
        assert_eq!(std::fs::read(&path).unwrap(), b"two");
        let there = std::fs::read_dir(path.parent().unwrap()).unwrap().count();
        assert_eq!(there, 2);
    }

    #[test]
    fn what_is_no_file_is_not_there() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a/b.json");
        put(&path, b"one").unwrap();
        assert_eq!(get(&path).unwrap().as_deref(), Some(b"one".as_slice()));
        for other in ["a/c.json", "a", "a/b.json/c"] {
            assert_eq!(get(&folder.path().join(other)).unwrap(), None, "{other}");
        }
    }

    #[test]
    fn what_cannot_be_put_in_place_leaves_nothing() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a");
        std::fs::create_dir_all(path.join("b")).unwrap();
        assert!(put(&path, b"one").is_err());
        assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 1);
    }

    #[test]
    fn a_file_is_created_once() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a/b/c.jsonl");
        let (_, new) = create(&path).unwrap();
        assert_eq!(new, [folder.path().join("a/b"), folder.path().join("a")]);
        sync_entries(&path, &new).unwrap();
        assert_eq!(create(&path).unwrap_err().kind(), ErrorKind::AlreadyExists);
    }
}
