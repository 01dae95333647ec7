//! GenerateOutput: asks for every item of a chunk that has no answer yet, and records answers as they come.

mod recorder;

use std::collections::{HashMap, VecDeque};
use std::sync::Arc;
use std::time::Duration;

use domain::config::{AdapterConfig, RetryConfig};
use domain::item::DatasetItem;
use domain::limits::Share;
use domain::output::{CallError, Output};
use domain::progress::Generated;
use temporalio_sdk::activities::ActivityContext;
use tokio::task::JoinSet;
use tokio::time::{Instant, timeout_at};
use workflows::activities::Generate;

use crate::adapters::Adapter;
use crate::failure::Failure;
use crate::gates::{Entrance, Permit};
use crate::generate::recorder::{Recorder, Tally};
use crate::work::{Bench, beating, interrupted, run_key};

pub(crate) async fn generate_output(
    bench: &Bench,
    ctx: &ActivityContext,
    input: Generate,
) -> Result<Generated, Failure> {
    let tally = Arc::new(Tally::default());
    let work = generate(bench, ctx, input, Arc::clone(&tally));
    beating(ctx, || tally.progress(), work).await
}

async fn generate(
    bench: &Bench,
    ctx: &ActivityContext,
    input: Generate,
    tally: Arc<Tally>,
) -> Result<Generated, Failure> {
    let (spec, model) = bench.run(&input.run).await?;
    let run = run_key(&input.run);
    let timeout = spec.execution.call_timeout.as_duration();
    let adapter = Adapter::open(&model.adapter, &model.name, timeout, &bench.resources)
        .await
        .map_err(Failure::Refused)?;
    let items = bench
        .store
        .dataset_chunk(&input.dataset, input.chunk)
        .await?;
    let attempt = ctx.info().attempt;
    let (known, log) = bench.store.open_outputs(&run, input.chunk, attempt).await?;
    let provider = match &model.adapter {
        AdapterConfig::OpenAi(config) => Some(config.provider.as_str()),
        AdapterConfig::Recorded(_) => None,
    };
    let share = Share {
        concurrency: input.concurrency,
        ..Share::default()
    };
    let unfinished = unfinished(items, &known, &spec.retry, &tally);
    let chunk = Chunk {
        adapter: Arc::new(adapter),
        share: bench.gates.join(&run, share, provider),
        recorder: Recorder::start(
            log,
            bench.commit_interval,
            Arc::clone(&tally),
            spec.retry.maximum_attempts,
        ),
        retry: spec.retry,
    };
    let asked = chunk.ask(bench, ctx, unfinished).await;
    asked.map(|()| tally.progress().generated)
}

/// The items that are still to be asked, each with the number of calls made for it before. The others are counted.
fn unfinished(
    items: Vec<DatasetItem>,
    known: &HashMap<String, Output>,
    retry: &RetryConfig,
    tally: &Tally,
) -> VecDeque<(DatasetItem, u32)> {
    items
        .into_iter()
        .filter_map(|item| match known.get(&item.id) {
            Some(output) if output.is_final(retry.maximum_attempts) => {
                tally.finished(output);
                None
            }
            Some(output) => Some((item, output.attempts)),
            None => Some((item, 0)),
        })
        .collect()
}

/// A chunk while it is being asked.
struct Chunk {
    adapter: Arc<Adapter>,
    share: Entrance,
    recorder: Recorder,
    retry: RetryConfig,
}

impl Chunk {
    /// Makes one call for each item. What was answered is recorded before this returns, whatever the end.
    async fn ask(
        self,
        bench: &Bench,
        ctx: &ActivityContext,
        items: VecDeque<(DatasetItem, u32)>,
    ) -> Result<(), Failure> {
        let mut unanswered = Unanswered::default();
        let asked = self.call_all(bench, ctx, items, &mut unanswered).await;
        let recorded = self.recorder.finish().await;
        asked?;
        recorded?;
        unanswered.into_result()
    }

    async fn call_all(
        &self,
        bench: &Bench,
        ctx: &ActivityContext,
        mut items: VecDeque<(DatasetItem, u32)>,
        unanswered: &mut Unanswered,
    ) -> Result<(), Failure> {
        // Dropped when this returns, which aborts the calls that are still in flight.
        let mut calls = JoinSet::new();
        while !(items.is_empty() && calls.is_empty()) {
            tokio::select! {
                biased;
                failure = interrupted(bench, ctx) => {
                    self.wind_up(bench, &failure, calls, unanswered).await?;
                    return Err(failure);
                }
                () = self.recorder.gave_up() => return Ok(()),
                Some(output) = calls.join_next() => self.take(output?, unanswered).await?,
                permit = self.share.permit(), if !items.is_empty() => {
                    if let Some((item, attempts)) = items.pop_front() {
                        calls.spawn(call(Arc::clone(&self.adapter), item, attempts + 1, permit));
                    }
                }
            }
        }
        Ok(())
    }

    /// Takes what is answered already. A worker that stops also waits a while for the calls in flight, which would be
    /// paid again; a cancelled run drops them.
    async fn wind_up(
        &self,
        bench: &Bench,
        failure: &Failure,
        mut calls: JoinSet<Output>,
        unanswered: &mut Unanswered,
    ) -> Result<(), Failure> {
        let patience = match failure {
            Failure::HandedOver => bench.handover,
            _ => Duration::ZERO,
        };
        let deadline = Instant::now() + patience;
        while let Ok(Some(output)) = timeout_at(deadline, calls.join_next()).await {
            self.take(output?, unanswered).await?;
        }
        Ok(())
    }

    async fn take(&self, output: Output, unanswered: &mut Unanswered) -> Result<(), Failure> {
        if let Some(error) = &output.error {
            if error.kind.is_run_wide() {
                let error = error.clone();
                self.recorder.record(output).await;
                return Err(Failure::Refused(error));
            }
            if !output.is_final(self.retry.maximum_attempts) {
                unanswered.push(error.clone(), self.retry.wait_after(output.attempts));
            }
        }
        self.recorder.record(output).await;
        Ok(())
    }
}

/// Makes one call.
async fn call(adapter: Arc<Adapter>, item: DatasetItem, attempt: u32, permit: Permit) -> Output {
    match adapter.answer(&item).await {
        Ok(answer) => {
            permit.answered(answer.usage);
            Output::answered(item.id, attempt, answer)
        }
        Err(error) => {
            permit.failed(&error);
            Output::failed(item.id, attempt, error)
        }
    }
}

/// Items that will be asked again, in a later attempt at the chunk.
#[derive(Default)]
struct Unanswered {
    count: usize,
    last: Option<CallError>,
    retry_in: Duration,
}

impl Unanswered {
    /// The wait is the longest that any of the items, or its provider, asks for.
    fn push(&mut self, error: CallError, wait: Duration) {
        self.count += 1;
        self.retry_in = self
            .retry_in
            .max(error.retry_after().unwrap_or_default())
            .max(wait);
        self.last = Some(error);
    }

    fn into_result(self) -> Result<(), Failure> {
        match self.last {
            None => Ok(()),
            Some(last) => Err(Failure::ItemsUnfinished {
                waiting: self.count,
                last,
                retry_in: self.retry_in,
            }),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use artifacts::Store;
    use domain::dataset::{DatasetRef, DatasetSource, Upload};
    use domain::output::{Answer, CallErrorKind};
    use domain::spec::{ExperimentSpec, RunModel};
    use serde_json::json;
    use temporalio_sdk::activities::ActivityError;
    use temporalio_sdk::testing::{ActivityEnvironment, ActivityEnvironmentError};
    use tokio_util::sync::CancellationToken;
    use workflows::activities::{RunRef, SpecRef};

    use super::*;
    use crate::activities::Activities;
    use crate::adapters::Resources;
    use crate::gates::Gates;
    use crate::providers::Providers;

    struct Fixture {
        _folder: tempfile::TempDir,
        store: Store,
        input: Generate,
        stopping: CancellationToken,
    }

    /// Items `a`, `b` and `c`, of which `c` has no recorded output.
    async fn fixture() -> Fixture {
        let folder = tempfile::tempdir().unwrap();
        let store = Store::open(folder.path().to_str().unwrap(), []).unwrap();
        let items: Vec<DatasetItem> = serde_json::from_value(json!([
            {"id": "a", "input": {}, "output": "from the item"},
            {"id": "b", "input": {}, "output": "from the item"},
            {"id": "c", "input": {}},
        ]))
        .unwrap();
        let dataset = DatasetRef::new("d".to_owned(), 3);
        store.put_dataset_chunk(&dataset, 0, &items).await.unwrap();
        let spec = ExperimentSpec {
            experiment_name: "test".to_owned(),
            dataset: DatasetSource::Upload(Upload {
                sha256: String::new(),
            }),
            models: vec![RunModel {
                name: "m".to_owned(),
                adapter: serde_json::from_value(json!({"type": "recorded"})).unwrap(),
            }],
            scorers: Vec::new(),
            sinks: Vec::new(),
            execution: domain::config::ExecutionConfig::default(),
            retry: RetryConfig::default(),
        };
        let experiment_id: domain::experiment::ExperimentId = "e".parse().unwrap();
        let sha256 = store.put_spec(&experiment_id, &spec).await.unwrap();
        let run = RunRef {
            spec: SpecRef {
                experiment_id,
                sha256,
            },
            index: 0,
        };
        Fixture {
            _folder: folder,
            store,
            input: Generate {
                run,
                dataset,
                chunk: 0,
                concurrency: 2,
            },
            stopping: CancellationToken::new(),
        }
    }

    async fn generate(fixture: &Fixture) -> Result<Generated, ActivityEnvironmentError> {
        let bench = Bench {
            store: fixture.store.clone(),
            resources: Arc::new(Resources::new(Providers::standard(), "nowhere".into()).unwrap()),
            commit_interval: Duration::ZERO,
            gates: Arc::new(Gates::new(BTreeMap::new(), fixture.stopping.clone())),
            handover: Duration::ZERO,
            stopping: fixture.stopping.clone(),
        };
        let environment = ActivityEnvironment::builder_with_default()
            .register_activities(Activities {
                bench: Arc::new(bench),
            })
            .build();
        environment
            .run(Activities::generate_output, fixture.input.clone())
            .await
    }

    #[tokio::test]
    async fn a_later_attempt_asks_only_for_what_is_missing() {
        let fixture = fixture().await;
        let run = run_key(&fixture.input.run);
        let earlier = Answer::of(json!("from an earlier attempt"));
        let (_, mut log) = fixture.store.open_outputs(&run, 0, 1).await.unwrap();
        log.append(&[Output::answered("a".to_owned(), 1, earlier)])
            .await
            .unwrap();

        let generated = generate(&fixture).await.unwrap();
        assert_eq!(
            (generated.answered, generated.failed, generated.calls),
            (2, 1, 3)
        );
        let outputs = fixture.store.outputs(&run, 0).await.unwrap();
        let value = |id: &str| {
            outputs[id]
                .answer
                .as_ref()
                .map(|answer| answer.value.clone())
        };
        assert_eq!(value("a"), Some(json!("from an earlier attempt")));
        assert_eq!(value("b"), Some(json!("from the item")));
        assert_eq!(
            outputs["c"].error.as_ref().unwrap().kind,
            CallErrorKind::Item
        );
    }

    #[tokio::test]
    async fn a_worker_that_stops_hands_the_chunk_over_to_be_tried_again_at_once() {
        let fixture = fixture().await;
        fixture.stopping.cancel();
        let error = generate(&fixture).await.unwrap_err();
        let ActivityEnvironmentError::Activity(ActivityError::Application(failure)) = error else {
            panic!("{error:?}");
        };
        assert_eq!(failure.type_name(), Some(workflows::failure::HANDED_OVER));
        assert!(!failure.is_non_retryable());
        assert!(failure.next_retry_delay().unwrap() < Duration::from_secs(1));
    }
}
