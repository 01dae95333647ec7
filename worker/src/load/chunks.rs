//! Stores the lines of a checked dataset in chunks: several at once, and the manifest last.

use std::io::{self, BufRead, BufReader};

use artifacts::Store;
use domain::dataset::DatasetRef;
use tokio::sync::mpsc;
use tokio::task::{JoinSet, spawn_blocking};

use crate::failure::Failure;
use crate::load::intake::Checked;
use crate::spool::SpoolReader;

/// Chunks that are written at once.
const WRITES_AT_ONCE: usize = 8;

/// Bytes that the chunks being written may have together; one alone may have more.
const BYTES_AT_ONCE: usize = 32 << 20;

/// Chunks that may wait to be written while the next is read.
const CHUNKS_READ_AHEAD: usize = 1;

/// Stores every chunk, and then says that they are there.
pub(crate) async fn store(store: &Store, checked: Checked) -> Result<DatasetRef, Failure> {
    let Checked { dataset, lines } = checked;
    let (sender, mut chunks) = mpsc::channel(CHUNKS_READ_AHEAD);
    let size = dataset.chunk_size;
    let reading = spawn_blocking(move || cut(SpoolReader::new(lines, 0), size, &sender));
    let mut writes = JoinSet::new();
    let mut bytes_at_once = 0;
    let mut chunk = 0;
    while let Some(lines) = chunks.recv().await {
        let bytes = lines.len();
        while writes.len() == WRITES_AT_ONCE || bytes_at_once + bytes > BYTES_AT_ONCE {
            let Some(written) = writes.join_next().await else {
                break;
            };
            bytes_at_once -= written??;
        }
        bytes_at_once += bytes;
        let (store, dataset) = (store.clone(), dataset.clone());
        writes.spawn(async move {
            let written = store.put_dataset_lines(&dataset, chunk, lines).await;
            written.map(|()| bytes)
        });
        chunk += 1;
    }
    reading.await?.map_err(Failure::Disk)?;
    while let Some(written) = writes.join_next().await {
        written??;
    }
    store.seal_dataset(&dataset).await?;
    Ok(dataset)
}

/// Sends the lines on in chunks, until nobody takes them any more.
fn cut(lines: SpoolReader, size: u64, chunks: &mpsc::Sender<Vec<u8>>) -> io::Result<()> {
    let mut lines = BufReader::with_capacity(1 << 18, lines);
    loop {
        let mut chunk = Vec::new();
        for _ in 0..size {
            if lines.read_until(b'\n', &mut chunk)? == 0 {
                break;
            }
        }
        if chunk.is_empty() || chunks.blocking_send(chunk).is_err() {
            return Ok(());
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use domain::item::DatasetItem;

    use super::*;
    use crate::spool::Spool;

    #[tokio::test]
    async fn every_item_is_stored_in_its_chunk_before_the_manifest() {
        let folder = tempfile::tempdir().unwrap();
        let artifacts = Store::open(folder.path().to_str().unwrap(), []).unwrap();
        for count in [1, 25, 26, 5001] {
            let mut lines = Spool::default();
            for index in 0..count {
                let line = format!("{{\"id\":\"{index}\",\"input\":{{}}}}\n");
                lines.append(line.as_bytes()).unwrap();
            }
            let dataset = DatasetRef::new(format!("d{count}"), count);
            let checked = Checked {
                dataset: dataset.clone(),
                lines: Arc::new(lines),
            };
            store(&artifacts, checked).await.unwrap();
            let mut items: Vec<DatasetItem> = Vec::new();
            for chunk in 0..dataset.chunks() {
                let read = artifacts.dataset_chunk(&dataset, chunk).await.unwrap();
                assert!(!read.is_empty());
                items.extend(read);
            }
            let in_order = |(index, item): (usize, &DatasetItem)| item.id == index.to_string();
            assert!(items.iter().enumerate().all(in_order));
            let stored = artifacts.stored_dataset(&dataset.dataset_id).await.unwrap();
            assert_eq!(stored, Some(dataset));
        }
    }

    #[tokio::test]
    async fn a_store_that_refuses_leaves_no_manifest() {
        let folder = tempfile::tempdir().unwrap();
        let artifacts = Store::open(folder.path().to_str().unwrap(), []).unwrap();
        // A file stands where the folder of the chunks would.
        std::fs::create_dir_all(folder.path().join("datasets/d")).unwrap();
        std::fs::write(folder.path().join("datasets/d/chunks"), "").unwrap();
        let mut lines = Spool::default();
        for _ in 0..2000 {
            lines.append(b"{\"id\":\"a\",\"input\":{}}\n").unwrap();
        }
        let checked = Checked {
            dataset: DatasetRef::new("d".to_owned(), 2000),
            lines: Arc::new(lines),
        };
        let failure = store(&artifacts, checked).await.unwrap_err();
        assert!(matches!(failure, Failure::Artifacts(_)), "{failure}");
        assert_eq!(artifacts.stored_dataset("d").await.unwrap(), None);
    }
}
