//! LoadDataset: reads a source twice as a stream, first to check and name it, then to store it in chunks.

mod csv;
mod jsonl;
mod rows;

use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use artifacts::Store;
use artifacts::datasets::ContentHash;
use domain::config::{AdapterConfig, FieldMapping};
use domain::dataset::{DatasetRef, DatasetSource};
use domain::item::DatasetItem;
use domain::spec::ExperimentSpec;
use temporalio_sdk::activities::ActivityContext;
use tokio::sync::mpsc;
use workflows::activities::Load;

use crate::failure::Failure;
use crate::load::rows::{Faults, Seen};
use crate::paths::confined;
use crate::work::{Bench, with_heartbeat};

/// Chunks that may wait to be written while the next is read.
const CHUNKS_IN_FLIGHT: usize = 2;

pub(crate) async fn load_dataset(
    bench: &Bench,
    ctx: &ActivityContext,
    input: Load,
) -> Result<DatasetRef, Failure> {
    let rows_read = Arc::new(AtomicU64::new(0));
    let work = async {
        let spec = bench.spec(&input.spec).await?;
        let rows = open(bench, &spec.dataset).await?;
        let dataset = check(rows.clone(), spec, Arc::clone(&rows_read)).await?;
        if !bench.store.has_dataset(&dataset).await? {
            store(&bench.store, rows, &dataset).await?;
        }
        tracing::info!(
            dataset.id = dataset.dataset_id,
            dataset.items = dataset.count,
            "dataset loaded"
        );
        Ok(dataset)
    };
    with_heartbeat(bench, ctx, || rows_read.load(Ordering::Relaxed), work).await
}

/// Rows that can be read from the beginning, more than once.
#[derive(Clone)]
enum Rows {
    Jsonl(File),
    Csv(File),
    Items(Arc<Vec<DatasetItem>>),
}

#[derive(Clone)]
struct File {
    path: PathBuf,
    fields: Option<FieldMapping>,
    limit: u64,
}

async fn open(bench: &Bench, source: &DatasetSource) -> Result<Rows, Failure> {
    let file = |path: &str, fields: &Option<FieldMapping>, limit: Option<u64>| {
        Ok::<_, Failure>(File {
            path: confined(&bench.resources.dataset_root, path)
                .map_err(|error| Failure::Dataset(error.to_string()))?,
            fields: fields.clone(),
            limit: limit.unwrap_or(u64::MAX),
        })
    };
    Ok(match source {
        DatasetSource::Jsonl(dataset) => {
            Rows::Jsonl(file(&dataset.path, &dataset.fields, dataset.limit)?)
        }
        DatasetSource::Csv(dataset) => {
            Rows::Csv(file(&dataset.path, &dataset.fields, dataset.limit)?)
        }
        DatasetSource::Upload(upload) => {
            Rows::Items(Arc::new(bench.store.upload(&upload.sha256).await?))
        }
    })
}

/// What became of a row: an item, or a fault with the line that has it.
type Row = Result<DatasetItem, rows::RowFault>;

/// Is handed every row with its line.
type Take<'a> = dyn FnMut(u64, Row) -> Result<(), Failure> + 'a;

impl Rows {
    /// Hands every row to `take`, until that says to stop. Blocks.
    fn for_each(&self, take: &mut Take<'_>) -> Result<(), Failure> {
        match self {
            Self::Jsonl(file) => {
                jsonl::for_each(&file.path, file.fields.as_ref(), file.limit, take)
            }
            Self::Csv(file) => csv::for_each(&file.path, file.fields.as_ref(), file.limit, take),
            Self::Items(items) => (1..)
                .zip(items.iter().cloned())
                .try_for_each(|(line, item)| take(line, Ok(item))),
        }
    }
}

/// Reads every row once: the dataset's identity, or what is wrong with it.
async fn check(
    rows: Rows,
    spec: ExperimentSpec,
    rows_read: Arc<AtomicU64>,
) -> Result<DatasetRef, Failure> {
    tokio::task::spawn_blocking(move || {
        let mut hash = ContentHash::default();
        let mut faults = Faults::default();
        let mut seen = Seen::default();
        rows.for_each(&mut |line, row| {
            rows_read.fetch_add(1, Ordering::Relaxed);
            match row {
                Ok(item) => {
                    seen.take(line, &item, &mut faults);
                    hash.push(&item)
                        .map_err(|error| Failure::Dataset(error.to_string()))?;
                }
                Err(fault) => faults.push(fault),
            }
            Ok(())
        })?;
        faults.into_result().map_err(Failure::Dataset)?;
        applies(&spec, &seen)?;
        Ok(hash.finish())
    })
    .await?
}

/// Refuses a dataset to which a scorer or the adapter cannot apply at all.
fn applies(spec: &ExperimentSpec, seen: &Seen) -> Result<(), Failure> {
    if seen.items == 0 {
        return Err(Failure::Dataset("it has no items".to_owned()));
    }
    if !seen.any_expected
        && let Some(scorer) = spec.scorers.iter().find(|scorer| scorer.needs_expected())
    {
        return Err(Failure::Dataset(format!(
            "the scorer `{}` compares with `expected`, which no item has",
            scorer.name()
        )));
    }
    let takes_from_items = |adapter: &AdapterConfig| matches!(adapter, AdapterConfig::Recorded(recorded) if recorded.path.is_none());
    if !seen.any_output
        && spec
            .models
            .iter()
            .any(|model| takes_from_items(&model.adapter))
    {
        return Err(Failure::Dataset(
            "the adapter `recorded` takes the items' own `output`, which no item has".to_owned(),
        ));
    }
    Ok(())
}

/// Reads every row again and stores the items in chunks; the manifest comes last.
async fn store(store: &Store, rows: Rows, dataset: &DatasetRef) -> Result<(), Failure> {
    let (sender, mut chunks) = mpsc::channel(CHUNKS_IN_FLIGHT);
    let size = usize::try_from(dataset.chunk_size).unwrap_or(usize::MAX);
    let reading = tokio::task::spawn_blocking(move || read_chunks(&rows, size, &sender));
    let mut chunk = 0;
    while let Some(items) = chunks.recv().await {
        store.put_dataset_chunk(dataset, chunk, &items).await?;
        chunk += 1;
    }
    let read = reading.await??;
    if read != *dataset {
        return Err(Failure::Dataset(
            "it was changed while it was read".to_owned(),
        ));
    }
    Ok(store.seal_dataset(dataset).await?)
}

/// Sends the items on in chunks, and says what was read.
fn read_chunks(
    rows: &Rows,
    size: usize,
    chunks: &mpsc::Sender<Vec<DatasetItem>>,
) -> Result<DatasetRef, Failure> {
    let mut hash = ContentHash::default();
    let mut items = Vec::new();
    let send =
        |items: Vec<DatasetItem>| chunks.blocking_send(items).map_err(|_| Failure::Cancelled);
    rows.for_each(&mut |_, row| {
        let item = row.map_err(|fault| Failure::Dataset(fault.to_string()))?;
        hash.push(&item)
            .map_err(|error| Failure::Dataset(error.to_string()))?;
        items.push(item);
        if items.len() == size {
            send(std::mem::take(&mut items))?;
        }
        Ok(())
    })?;
    if !items.is_empty() {
        send(items)?;
    }
    Ok(hash.finish())
}
