//! The folders that `dev` uses: the data folder, which one `dev` at a time may use, and the user's cache.

use std::fs::{self, File, TryLockError};
use std::io;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, bail};

/// The folders, by absolute paths.
pub(crate) struct Folders {
    pub(crate) data: PathBuf,
    /// What is fetched once for all data folders.
    pub(crate) cache: PathBuf,
    /// Held until this process ends, however it ends.
    _lock: File,
}

impl Folders {
    pub(crate) fn open(data: &Path) -> anyhow::Result<Self> {
        let create = |path: &Path| {
            fs::create_dir_all(path).with_context(|| format!("`{}` cannot be made", path.display()))
        };
        let data = std::path::absolute(data)?;
        create(&data)?;
        let lock = File::create(data.join("lock"))?;
        match lock.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => bail!(
                "another `ai-evolution dev` uses {}; stop it, or choose another folder with --data-dir",
                data.display()
            ),
            Err(TryLockError::Error(error)) => {
                return Err(error).context("no lock on the data folder");
            }
        }
        let cache = cache()?;
        let folders = Self {
            data,
            cache,
            _lock: lock,
        };
        create(&folders.logs())?;
        create(&folders.artifacts())?;
        Ok(folders)
    }

    pub(crate) fn logs(&self) -> PathBuf {
        self.data.join("logs")
    }

    pub(crate) fn artifacts(&self) -> PathBuf {
        self.data.join("artifacts")
    }

    pub(crate) fn providers(&self) -> PathBuf {
        self.data.join("providers.toml")
    }

    /// An empty dataset folder, for a program that has no examples beside it.
    pub(crate) fn datasets(&self) -> io::Result<PathBuf> {
        let datasets = self.data.join("datasets");
        fs::create_dir_all(&datasets)?;
        Ok(datasets)
    }

    /// The provider table of the workers: the model on this machine.
    pub(crate) fn write_providers(&self, model_port: u16) -> io::Result<()> {
        let table = format!("[providers.local]\nbase_url = \"http://127.0.0.1:{model_port}/v1\"\n");
        fs::write(self.providers(), table)
    }
}

/// The user's cache: what is fetched once for all data folders.
pub(crate) fn cache() -> anyhow::Result<PathBuf> {
    let cache = cache_home()?.join("ai-evolution");
    fs::create_dir_all(&cache).with_context(|| format!("`{}` cannot be made", cache.display()))?;
    Ok(cache)
}

/// As in the XDG base directory specification, on every system.
fn cache_home() -> anyhow::Result<PathBuf> {
    let named = std::env::var_os("XDG_CACHE_HOME").map(PathBuf::from);
    match named.filter(|path| path.is_absolute()) {
        Some(path) => Ok(path),
        None => std::env::home_dir()
            .map(|home| home.join(".cache"))
            .context("neither XDG_CACHE_HOME nor HOME is set"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_data_folder_has_one_user_at_a_time() {
        let data = tempfile::tempdir().unwrap();
        let first = Folders::open(data.path()).unwrap();
        let second = Folders::open(data.path()).err().unwrap();
        assert!(second.to_string().contains("--data-dir"), "{second}");
        drop(first);
        assert!(Folders::open(data.path()).is_ok());
    }
}
