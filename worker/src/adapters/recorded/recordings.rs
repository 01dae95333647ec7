//! The indexes of files of recorded outputs, kept so that the runs of one worker share them.

use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::SystemTime;

use domain::output::{CallError, CallErrorKind};
use tokio::sync::OnceCell;
use tokio::task::spawn_blocking;

use crate::adapters::recorded::index::{Index, refused, unreadable};
use crate::paths::confined;

/// How many indexes are kept for the runs to come.
const INDEXES_KEPT: usize = 8;

/// The indexes of the latest files, each built once.
#[derive(Default)]
pub(in crate::adapters) struct Recordings {
    /// The latest used is the last.
    indexes: Mutex<Vec<(IndexKey, Building)>>,
}

/// An index that is there or being built.
type Building = Arc<OnceCell<Arc<Index>>>;

/// A file that has changed has another key.
#[derive(Clone, PartialEq, Eq)]
struct IndexKey {
    file: PathBuf,
    size: u64,
    modified: Option<SystemTime>,
    model: String,
}

impl Recordings {
    /// The index of the file at `path` below `root` for a model.
    pub(super) async fn index(
        &self,
        root: &Path,
        path: &str,
        model: &str,
    ) -> Result<Arc<Index>, CallError> {
        let root = root.to_owned();
        let owned = (path.to_owned(), model.to_owned());
        let key = blocking(move || index_key(&root, &owned.0, owned.1)).await?;
        let index = self.cell(&key);
        let path = path.to_owned();
        index
            .get_or_try_init(|| {
                blocking(move || Index::build(key.file, path, &key.model).map(Arc::new))
            })
            .await
            .cloned()
    }

    fn cell(&self, key: &IndexKey) -> Building {
        let mut indexes = self.indexes.lock().unwrap_or_else(PoisonError::into_inner);
        let entry = match indexes.iter().position(|(other, _)| other == key) {
            Some(position) => indexes.remove(position),
            None => (key.clone(), Arc::default()),
        };
        let cell = Arc::clone(&entry.1);
        indexes.push(entry);
        if indexes.len() > INDEXES_KEPT {
            indexes.remove(0);
        }
        cell
    }
}

fn index_key(root: &Path, path: &str, model: String) -> Result<IndexKey, CallError> {
    let file = confined(root, path).map_err(|error| refused(error.to_string()))?;
    let metadata = file.metadata().map_err(|error| unreadable(path, &error))?;
    Ok(IndexKey {
        file,
        size: metadata.len(),
        modified: metadata.modified().ok(),
        model,
    })
}

async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, CallError> + Send + 'static,
) -> Result<T, CallError> {
    // Only a worker that stops breaks it off: another one may succeed.
    let broken_off = |_| {
        CallError::new(
            CallErrorKind::Connection,
            "reading the recorded outputs was broken off",
        )
    };
    spawn_blocking(work).await.map_err(broken_off)?
}
