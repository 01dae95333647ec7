//! An uploaded file as those who read formats want it: read from anywhere, while the thread waits for the store.

use std::io::{self, Read};
use std::sync::{Arc, Mutex, PoisonError};

use artifacts::files::StoredFile;
use bytes::{Bytes, BytesMut};
use bytesize::ByteSize;
use datasets::{Content, Row, RowFault, Unreadable};
use domain::config::FieldMapping;
use domain::uploaded::{FileFormat, UploadedFile};
use parquet::file::reader::{ChunkReader, Length};
use tokio::runtime::Handle;
use tokio::task::spawn_blocking;

use crate::error::ApiError;
use crate::state::AppState;

/// Belongs on a thread that may wait.
#[derive(Clone)]
pub(crate) struct Stored {
    file: StoredFile,
    runtime: Handle,
    position: u64,
    /// Bytes that may still be read from the position on.
    left: u64,
    /// Bytes that are asked of the store at once.
    at_once: usize,
    /// Those that have come and are not read yet.
    come: Bytes,
    outage: Outage,
}

/// What has gone wrong with the store, if anything has: the file is not to blame for it.
#[derive(Clone, Default)]
struct Outage(Arc<Mutex<Option<artifacts::Error>>>);

impl Outage {
    fn get(&self) -> Option<ApiError> {
        let mut error = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        error.take().map(ApiError::from)
    }

    fn set(&self, error: artifacts::Error) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = Some(error);
    }
}

impl Stored {
    /// The most bytes that are read in one go: there is a row in it, or there is none.
    pub(super) const MOST: ByteSize = ByteSize::mib(64);

    /// `runtime` is the one that asks the store.
    fn new(file: StoredFile, runtime: Handle) -> Self {
        Self {
            file,
            runtime,
            position: 0,
            left: Self::MOST.as_u64(),
            at_once: 256 << 10,
            come: Bytes::new(),
            outage: Outage::default(),
        }
    }

    /// A file that is read from its beginning to its end.
    pub(crate) async fn whole(
        state: &AppState,
        file: &UploadedFile,
        most: ByteSize,
    ) -> Result<Content<Self>, ApiError> {
        let mut content = Self::open(state, file, most).await?;
        content.source.left = u64::MAX;
        content.source.at_once = 1 << 20;
        Ok(content)
    }

    /// `most` is what may be read of it when decompressed.
    pub(super) async fn open(
        state: &AppState,
        file: &UploadedFile,
        most: ByteSize,
    ) -> Result<Content<Self>, ApiError> {
        let open = state.store.open_file(file).await?;
        Ok(Content {
            source: Self::new(open, Handle::current()),
            compression: file.compression.into(),
            most,
        })
    }

    /// The same file from a position on, where something short is looked for.
    fn at(&self, position: u64) -> Self {
        Self {
            position,
            left: Self::MOST.as_u64(),
            at_once: 8 << 10,
            come: Bytes::new(),
            ..self.clone()
        }
    }

    fn next(&mut self, most: usize) -> io::Result<Bytes> {
        let read = self.runtime.block_on(self.file.read(self.position, most));
        let bytes = read.map_err(|error| {
            self.outage.set(error);
            io::Error::other("the artifact store does not answer")
        })?;
        let size = bytes.len() as u64;
        self.position += size;
        self.left = self.left.checked_sub(size).ok_or_else(|| {
            io::Error::other(format!("a sample is not looked for beyond {}", Self::MOST))
        })?;
        Ok(bytes)
    }
}

/// Hands the rows of a file to `take`, on a thread that may wait. Gives back what `taking` has become, and how reading has ended:
/// an outage of the store is an error.
pub(crate) async fn read<T, E>(
    content: Content<Stored>,
    format: FileFormat,
    fields: Option<FieldMapping>,
    mut taking: T,
    take: impl Fn(&mut T, u64, Result<&dyn Row, RowFault>) -> Result<(), E> + Send + 'static,
) -> Result<(T, Result<(), E>), ApiError>
where
    T: Send + 'static,
    E: From<Unreadable> + Send + 'static,
{
    let outage = content.source.outage.clone();
    let reading = spawn_blocking(move || {
        let end = datasets::for_each(format, content, fields.as_ref(), &mut |line, row| {
            take(&mut taking, line, row)
        });
        (taking, end)
    });
    let read = reading.await.map_err(ApiError::internal)?;
    match outage.get() {
        Some(error) => Err(error),
        None => Ok(read),
    }
}

impl Read for Stored {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if self.come.is_empty() {
            self.come = self.next(self.at_once)?;
        }
        let bytes = self.come.split_to(buffer.len().min(self.come.len()));
        buffer[..bytes.len()].copy_from_slice(&bytes);
        Ok(bytes.len())
    }
}

impl Length for Stored {
    fn len(&self) -> u64 {
        self.file.size()
    }
}

impl ChunkReader for Stored {
    type T = Self;

    fn get_read(&self, start: u64) -> parquet::errors::Result<Self::T> {
        Ok(self.at(start))
    }

    fn get_bytes(&self, start: u64, length: usize) -> parquet::errors::Result<Bytes> {
        let mut source = self.at(start);
        let mut bytes = BytesMut::new();
        while bytes.len() < length {
            let read = source.next(length - bytes.len())?;
            if read.is_empty() {
                let end = io::Error::from(io::ErrorKind::UnexpectedEof);
                return Err(end.into());
            }
            bytes.extend_from_slice(&read);
        }
        Ok(bytes.freeze())
    }
}
