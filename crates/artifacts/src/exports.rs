//! Files that sinks deliver: written as a stream, visible when they are complete.

use object_store::buffered::BufWriter;
use tokio::io::AsyncWriteExt;

use crate::keys;
use crate::run::Run;
use crate::store::{Error, Store};

/// A file being written. Without `finish`, nothing is to be seen of it.
pub struct Export {
    key: String,
    writer: BufWriter,
}

impl Store {
    /// Begins the file of a run; one that is there already is replaced at the end.
    pub fn export(&self, run: &Run, model: &str, extension: &str) -> Export {
        let key = keys::export(run, model, extension);
        Export {
            key: key.to_string(),
            writer: BufWriter::new(self.objects(), key),
        }
    }
}

impl Export {
    pub async fn write(&mut self, bytes: &[u8]) -> Result<(), Error> {
        self.writer.write_all(bytes).await.map_err(unavailable)
    }

    /// Completes the file and says where it is: its key in the store.
    pub async fn finish(mut self) -> Result<String, Error> {
        self.writer.shutdown().await.map_err(unavailable)?;
        Ok(self.key)
    }
}

fn unavailable(error: std::io::Error) -> Error {
    Error::Unavailable(object_store::Error::Generic {
        store: "export",
        source: Box::new(error),
    })
}
