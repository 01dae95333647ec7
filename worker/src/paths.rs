//! Paths that users write: relative to a folder of the operator's, and kept inside it.

use std::io::{Error, ErrorKind};
use std::path::{Component, Path, PathBuf};

/// Why a path leads to no file. No message shows where the operator's folder is.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub enum PathError {
    #[error("`{0}` leads out of the dataset folder of the workers")]
    Outside(String),
    #[error("`{0}` does not exist in the dataset folder of the workers")]
    Missing(String),
    #[error("`{0}` is not a file")]
    NotAFile(String),
    #[error("`{path}` cannot be read: {reason}")]
    Unreadable { path: String, reason: ErrorKind },
    #[error("the dataset folder of this worker does not exist")]
    NoFolder,
}

/// The regular file at `relative` below `root`, links followed. Whatever lies outside `root` is refused, existing or not.
///
/// Blocks while it asks the file system.
pub fn confined(root: &Path, relative: &str) -> Result<PathBuf, PathError> {
    let path = Path::new(relative);
    let stays = path
        .components()
        .all(|part| matches!(part, Component::Normal(_) | Component::CurDir));
    if !stays {
        return Err(PathError::Outside(relative.to_owned()));
    }
    let root = root.canonicalize().map_err(|_| PathError::NoFolder)?;
    let path = root.join(path);
    match path.canonicalize() {
        Ok(path) if !path.starts_with(&root) => Err(PathError::Outside(relative.to_owned())),
        Ok(path) if path.is_file() => Ok(path),
        Ok(_) => Err(PathError::NotAFile(relative.to_owned())),
        Err(error) => Err(unreachable(&root, &path, relative, &error)),
    }
}

/// A path that cannot be resolved may have left the folder before it came to an end.
fn unreachable(root: &Path, path: &Path, relative: &str, error: &Error) -> PathError {
    let nearest = path
        .ancestors()
        .skip(1)
        .find_map(|ancestor| ancestor.canonicalize().ok());
    if nearest.is_some_and(|nearest| !nearest.starts_with(root)) {
        return PathError::Outside(relative.to_owned());
    }
    match error.kind() {
        ErrorKind::NotFound => PathError::Missing(relative.to_owned()),
        reason => PathError::Unreadable {
            path: relative.to_owned(),
            reason,
        },
    }
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    #[test]
    fn a_path_below_the_folder_is_found() {
        let folder = tempfile::tempdir().unwrap();
        fs::create_dir(folder.path().join("a")).unwrap();
        fs::write(folder.path().join("a/b.jsonl"), "").unwrap();
        for path in ["a/b.jsonl", "./a/b.jsonl", "a//b.jsonl"] {
            let found = confined(folder.path(), path).unwrap();
            assert!(found.ends_with("a/b.jsonl"), "{path}");
        }
    }

    #[test]
    fn a_path_that_leads_out_or_to_no_file_is_refused() {
        let folder = tempfile::tempdir().unwrap();
        fs::create_dir(folder.path().join("a")).unwrap();
        for (path, error) in [
            ("../x", PathError::Outside("../x".to_owned())),
            ("a/../../x", PathError::Outside("a/../../x".to_owned())),
            ("/etc/passwd", PathError::Outside("/etc/passwd".to_owned())),
            ("x", PathError::Missing("x".to_owned())),
            ("a/x", PathError::Missing("a/x".to_owned())),
            ("a", PathError::NotAFile("a".to_owned())),
            ("", PathError::NotAFile(String::new())),
        ] {
            let found = confined(folder.path(), path).unwrap_err();
            assert!(
                !found
                    .to_string()
                    .contains(&folder.path().display().to_string())
            );
            assert_eq!(found, error);
        }
        assert!(confined(folder.path(), "a\0b").is_err());
    }

    #[cfg(unix)]
    #[test]
    fn a_link_may_lead_inside_and_not_outside() {
        use std::os::unix::fs::symlink;

        let folder = tempfile::tempdir().unwrap();
        let outside = tempfile::tempdir().unwrap();
        fs::write(folder.path().join("file"), "").unwrap();
        fs::write(outside.path().join("secret"), "").unwrap();
        symlink(folder.path().join("file"), folder.path().join("inside")).unwrap();
        symlink(outside.path().join("secret"), folder.path().join("link")).unwrap();
        symlink(outside.path(), folder.path().join("folder")).unwrap();
        assert!(confined(folder.path(), "inside").is_ok());
        for path in ["link", "folder/secret", "folder/nothing"] {
            assert_eq!(
                confined(folder.path(), path),
                Err(PathError::Outside(path.to_owned()))
            );
        }
    }

    #[test]
    fn a_missing_folder_is_named_as_such_and_not_shown() {
        assert_eq!(
            confined(Path::new("/no/such/folder"), "x"),
            Err(PathError::NoFolder)
        );
    }
}
