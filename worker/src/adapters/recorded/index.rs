//! Where in a file of recorded outputs each item's line begins. The outputs themselves stay in the file.

use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::fs::File;
use std::io::{BufRead, BufReader, ErrorKind, Read, Seek, SeekFrom};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::SystemTime;

use domain::output::{CallError, CallErrorKind};
use serde::{Deserialize, Deserializer};
use serde_json::Value;
use tokio::sync::OnceCell;
use tokio::task::spawn_blocking;

use crate::paths::confined;

/// The longest line, in bytes.
const LONGEST_LINE: u64 = 64 << 20;

/// How many indexes are kept for the runs to come.
const INDEXES_KEPT: usize = 8;

/// One line of the file. Keys that are not named here are passed over.
#[derive(Debug, Deserialize)]
pub(super) struct Line<Output = Value> {
    #[serde(deserialize_with = "text_or_integer")]
    pub(super) id: String,
    #[serde(default = "none")]
    pub(super) output: Option<Output>,
    #[serde(default)]
    pub(super) model: Option<String>,
    #[serde(default)]
    pub(super) latency_ms: Option<f64>,
    #[serde(default)]
    pub(super) input_tokens: Option<u64>,
    #[serde(default)]
    pub(super) output_tokens: Option<u64>,
    #[serde(default)]
    pub(super) finish_reason: Option<String>,
}

/// The lines of one file that hold for one model.
pub(super) struct Index {
    file: PathBuf,
    /// The file as the user wrote it.
    path: String,
    lines: HashMap<Box<str>, Place>,
}

#[derive(Clone, Copy)]
struct Place {
    offset: u64,
    number: u64,
    /// Whether the line names the model, rather than none.
    names_model: bool,
}

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
            .get_or_try_init(|| blocking(move || Index::build(&key, path).map(Arc::new)))
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

impl Index {
    /// Reads the file once, from beginning to end.
    fn build(key: &IndexKey, path: String) -> Result<Self, CallError> {
        let file = File::open(&key.file).map_err(|error| unreadable(&path, error.kind()))?;
        let mut reader = BufReader::with_capacity(1 << 16, file);
        let mut lines: HashMap<Box<str>, Place> = HashMap::new();
        let mut offset = 0;
        for number in 1.. {
            let fault = |message: String| refused(format!("line {number} of `{path}`: {message}"));
            let Some(bytes) = read_line(&mut reader).map_err(|error| unreadable(&path, error))?
            else {
                break;
            };
            let place = Place {
                offset,
                number,
                names_model: false,
            };
            offset += bytes.len() as u64;
            if bytes.len() as u64 > LONGEST_LINE {
                return Err(fault(format!("a line has at most {LONGEST_LINE} bytes")));
            }
            if bytes.trim_ascii().is_empty() {
                continue;
            }
            let line: Line<serde::de::IgnoredAny> = parse(&bytes).map_err(fault)?;
            let names_model = line.model.is_some();
            if line.model.is_some_and(|model| model != key.model) {
                continue;
            }
            let place = Place {
                names_model,
                ..place
            };
            match lines.entry(line.id.into_boxed_str()) {
                Entry::Vacant(entry) => {
                    entry.insert(place);
                }
                Entry::Occupied(entry) if entry.get().names_model == names_model => {
                    let (id, first) = (entry.key(), entry.get().number);
                    return Err(fault(format!(
                        "the id `{id}` is recorded in line {first} too"
                    )));
                }
                Entry::Occupied(mut entry) if names_model => {
                    entry.insert(place);
                }
                Entry::Occupied(_) => {}
            }
        }
        Ok(Self {
            file: key.file.clone(),
            path,
            lines,
        })
    }

    /// The line of an item. Blocks while it reads.
    pub(super) fn line(&self, id: &str) -> Result<Line, CallError> {
        let path = &self.path;
        let place = self.lines.get(id).ok_or_else(|| {
            CallError::new(
                CallErrorKind::Item,
                format!("nothing is recorded for item `{id}` in `{path}`"),
            )
        })?;
        let read = || {
            let mut file = File::open(&self.file)?;
            file.seek(SeekFrom::Start(place.offset))?;
            read_line(&mut BufReader::new(file)).map_err(std::io::Error::from)
        };
        let bytes = read().map_err(|error| unreadable(path, error.kind()))?;
        parse(&bytes.unwrap_or_default())
            .ok()
            .filter(|line: &Line| line.id == id)
            .ok_or_else(|| refused(format!("`{path}` has changed while it was read")))
    }
}

fn index_key(root: &Path, path: &str, model: String) -> Result<IndexKey, CallError> {
    let file = confined(root, path).map_err(|error| refused(error.to_string()))?;
    let metadata = file
        .metadata()
        .map_err(|error| unreadable(path, error.kind()))?;
    Ok(IndexKey {
        file,
        size: metadata.len(),
        modified: metadata.modified().ok(),
        model,
    })
}

/// The next line with its end; nothing at the end of the file; of a line that is too long, its beginning.
fn read_line(reader: &mut impl BufRead) -> Result<Option<Vec<u8>>, ErrorKind> {
    let mut bytes = Vec::new();
    reader
        .take(LONGEST_LINE + 1)
        .read_until(b'\n', &mut bytes)
        .map_err(|error| error.kind())?;
    Ok((!bytes.is_empty()).then_some(bytes))
}

fn parse<'a, Output: Deserialize<'a>>(line: &'a [u8]) -> Result<Line<Output>, String> {
    let line = line.strip_prefix(b"\xef\xbb\xbf").unwrap_or(line);
    serde_json::from_slice(line).map_err(|error| match error.is_data() {
        true => error.to_string(),
        false => format!("not JSON: {error}"),
    })
}

fn text_or_integer<'de, D: Deserializer<'de>>(deserializer: D) -> Result<String, D::Error> {
    #[derive(Deserialize)]
    #[serde(untagged, expecting = "an id is text")]
    enum Id {
        Text(String),
        Integer(i64),
    }
    Ok(match Id::deserialize(deserializer)? {
        Id::Text(text) => text,
        Id::Integer(integer) => integer.to_string(),
    })
}

/// Unlike `Default`, asks nothing of the type.
fn none<T>() -> Option<T> {
    None
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

fn unreadable(path: &str, reason: ErrorKind) -> CallError {
    refused(format!("`{path}` cannot be read: {reason}"))
}

fn refused(message: String) -> CallError {
    CallError::new(CallErrorKind::Refused, message)
}
