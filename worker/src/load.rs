//! LoadDataset: reads a source once as a stream, to check and name the dataset, and then stores it in chunks.

mod chunks;
mod faults;
mod index_csv;
mod intake;
mod reading;
mod remote;
mod sample;
mod selection;
mod sources;

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use datasets::{RowFault, Unreadable};
use domain::dataset::DatasetRef;
use domain::item::DatasetItem;
use domain::spec::ExperimentSpec;
use temporalio_sdk::activities::ActivityContext;
use tokio_util::sync::CancellationToken;
use workflows::activities::Load;

use crate::failure::Failure;
use crate::load::intake::{Checked, Intake};
use crate::load::reading::Reading;
pub(crate) use crate::load::remote::AllowedHost;
use crate::load::selection::Selector;
pub(crate) use crate::load::sources::Sources;
use crate::work::{Bench, with_heartbeat};

pub(crate) async fn load_dataset(
    bench: &Bench,
    ctx: &ActivityContext,
    input: Load,
) -> Result<DatasetRef, Failure> {
    let rows_read = Arc::new(AtomicU64::new(0));
    let work = async {
        let spec = bench.spec(&input.spec).await?;
        let tenant = input.spec.experiment_id.tenant();
        let reading = Reading::open(bench, &spec.dataset, tenant).await?;
        let samples = spec.execution.samples;
        let checked = check(reading, spec, Arc::clone(&rows_read)).await?;
        let dataset = match bench
            .store
            .stored_dataset(&checked.dataset.dataset_id)
            .await?
        {
            Some(stored) => stored,
            None => chunks::store(&bench.store, checked).await?,
        };
        tracing::info!(
            dataset.id = dataset.dataset_id,
            dataset.items = dataset.count,
            "dataset loaded"
        );
        Ok(DatasetRef { samples, ..dataset })
    };
    with_heartbeat(bench, ctx, || rows_read.load(Ordering::Relaxed), work).await
}

/// What became of a row: an item, or a fault with the line that has it.
type Row = Result<DatasetItem, RowFault>;

/// Is handed every row with its line.
type Take<'a> = dyn FnMut(u64, Row) -> Result<(), Stop> + 'a;

/// Why no more rows are read.
enum Stop {
    /// All that are asked for have come.
    Enough,
    Failed(Failure),
}

impl From<Failure> for Stop {
    fn from(failure: Failure) -> Self {
        Self::Failed(failure)
    }
}

impl From<Unreadable> for Stop {
    fn from(error: Unreadable) -> Self {
        Self::Failed(error.into())
    }
}

/// Reads every row: the dataset, or what is wrong with it.
async fn check(
    reading: Reading,
    spec: ExperimentSpec,
    rows_read: Arc<AtomicU64>,
) -> Result<Checked, Failure> {
    let stop = CancellationToken::new();
    let _stop_when_dropped = stop.clone().drop_guard();
    tokio::task::spawn_blocking(move || {
        let Reading { rows, selection } = reading;
        let mut intake = Intake::of(rows.unit());
        let mut selector = Selector::new(selection);
        let mut take = |line, row| Ok(intake.take(line, row)?);
        let read = rows.for_each(&mut |line, row| {
            rows_read.fetch_add(1, Ordering::Relaxed);
            if stop.is_cancelled() {
                return Err(Failure::Cancelled.into());
            }
            selector.choose(line, row, &mut take)
        });
        match read {
            Ok(()) | Err(Stop::Enough) => {}
            Err(Stop::Failed(failure)) => return Err(failure),
        }
        if let Err(Stop::Failed(failure)) = selector.finish(&mut take) {
            return Err(failure);
        }
        intake.finish(&spec)
    })
    .await?
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;
    use std::time::Duration;

    use artifacts::Store;
    use domain::config::RetryConfig;
    use serde_json::json;
    use temporalio_sdk::testing::ActivityEnvironment;
    use workflows::activities::SpecRef;

    use super::*;
    use crate::activities::Activities;
    use crate::adapters::Resources;
    use crate::gates::Gates;
    use crate::providers::Providers;
    use crate::receivers::Receivers;

    /// Loads the file `items.jsonl` of a folder.
    async fn load(folder: &std::path::Path, store: &Store) -> DatasetRef {
        let spec = ExperimentSpec {
            experiment_name: "test".to_owned(),
            dataset: serde_json::from_value(json!({"type": "jsonl", "path": "items.jsonl"}))
                .unwrap(),
            models: Vec::new(),
            scorers: Vec::new(),
            sinks: Vec::new(),
            execution: domain::config::ExecutionConfig::default(),
            retry: RetryConfig::default(),
            tags: Vec::new(),
        };
        let experiment_id: domain::experiment::ExperimentId = "e".parse().unwrap();
        let sha256 = store.put_spec(&experiment_id, &spec).await.unwrap();
        let bench = Bench {
            store: store.clone(),
            receivers: Arc::new(Receivers::nobody()),
            traces: None,
            resources: Arc::new(Resources::new(Providers::standard(), folder.to_owned()).unwrap()),
            sources: Arc::new(Sources::folder(folder)),
            commit_interval: Duration::ZERO,
            gates: Arc::new(Gates::new(BTreeMap::new(), CancellationToken::new())),
            handover: Duration::ZERO,
            stopping: CancellationToken::new(),
        };
        let environment = ActivityEnvironment::builder_with_default()
            .register_activities(Activities {
                bench: Arc::new(bench),
            })
            .build();
        let input = Load {
            spec: SpecRef {
                experiment_id,
                sha256,
                schedule: None,
            },
        };
        environment
            .run(Activities::load_dataset, input)
            .await
            .unwrap()
    }

    #[tokio::test]
    async fn a_dataset_is_stored_once_and_keeps_the_chunk_size_of_that_time() {
        let folder = tempfile::tempdir().unwrap();
        let store = Store::open(folder.path().join("store").to_str().unwrap(), []).unwrap();
        let items: String = (0..1000)
            .map(|id| format!("{{\"id\":\"{id}\",\"input\":{{}}}}\n"))
            .collect();
        std::fs::write(folder.path().join("items.jsonl"), items).unwrap();
        let dataset = load(folder.path(), &store).await;
        assert_eq!((dataset.count, dataset.chunks()), (1000, 8));
        assert_eq!(store.dataset_chunk(&dataset, 7).await.unwrap()[0].id, "875");

        let earlier = DatasetRef {
            chunk_size: 500,
            ..dataset
        };
        store.seal_dataset(&earlier).await.unwrap();
        assert_eq!(load(folder.path(), &store).await, earlier);
    }
}
