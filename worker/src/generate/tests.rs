//! GenerateOutput as Temporal calls it, on recorded outputs.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use artifacts::Store;
use domain::config::RetryConfig;
use domain::dataset::{DatasetRef, DatasetSource, Upload};
use domain::item::DatasetItem;
use domain::limits::Share;
use domain::output::{Answer, CallErrorKind, Output};
use domain::spec::{ExperimentSpec, RunModel};
use serde_json::json;
use temporalio_sdk::activities::ActivityError;
use temporalio_sdk::testing::{ActivityEnvironment, ActivityEnvironmentError};
use tokio_util::sync::CancellationToken;
use workflows::activities::{Allowance, RunRef, SpecRef};

use crate::activities::Activities;
use crate::adapters::Resources;
use crate::gates::Gates;
use crate::generate::*;
use crate::load::Sources;
use crate::providers::Providers;
use crate::receivers::Receivers;

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
    let mut lines = Vec::new();
    for item in &items {
        serde_json::to_writer(&mut lines, item).unwrap();
        lines.push(b'\n');
    }
    store.put_dataset_lines(&dataset, 0, lines).await.unwrap();
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
        tags: Vec::new(),
    };
    let experiment_id: domain::experiment::ExperimentId = "e".parse().unwrap();
    let sha256 = store.put_spec(&experiment_id, &spec).await.unwrap();
    let run = RunRef {
        spec: SpecRef {
            experiment_id,
            sha256,
            schedule: None,
        },
        index: 0,
        round: 0,
    };
    Fixture {
        _folder: folder,
        store,
        input: Generate {
            run,
            dataset,
            chunk: 0,
            chunks: 1,
            share: Share {
                concurrency: 2,
                ..Share::default()
            },
            is_free: true,
            last_beside: None,
            allowance: Allowance::default(),
            max_failure_rate: None,
        },
        stopping: CancellationToken::new(),
    }
}

async fn generated(fixture: &Fixture) -> Result<GeneratedStretch, ActivityEnvironmentError> {
    let bench = Bench {
        store: fixture.store.clone(),
        receivers: Arc::new(Receivers::nobody()),
        traces: None,
        resources: Arc::new(Resources::new(Providers::standard(), "nowhere".into()).unwrap()),
        sources: Arc::new(Sources::folder("nowhere".as_ref())),
        commit_interval: Duration::ZERO,
        gates: Arc::new(Gates::new(BTreeMap::new(), CancellationToken::new())),
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
    let (_, mut log) = fixture
        .store
        .open_outputs(&Caller::outputs(&run), 0, 1)
        .await
        .unwrap();
    log.add(&[Output::answered("a".to_owned(), 1, earlier)])
        .await
        .unwrap();
    log.pending().await.unwrap().commit().await.unwrap();

    let generated = generated(&fixture).await.unwrap().generated;
    assert_eq!(
        (generated.answered, generated.failed, generated.calls),
        (2, 1, 3)
    );
    let outputs = fixture.store.outputs(&run, 0).await.unwrap();
    let value = |id: &str| {
        let answer = &outputs.get(id, 0).unwrap().output.answer;
        answer.as_ref().map(|answer| answer.value.clone())
    };
    assert_eq!(value("a"), Some(json!("from an earlier attempt")));
    assert_eq!(value("b"), Some(json!("from the item")));
    assert_eq!(
        outputs
            .get("c", 0)
            .unwrap()
            .output
            .error
            .as_ref()
            .unwrap()
            .kind,
        CallErrorKind::Item
    );
}

#[tokio::test]
async fn a_worker_that_stops_hands_the_chunk_over_to_be_tried_again_at_once() {
    let fixture = fixture().await;
    fixture.stopping.cancel();
    let error = generated(&fixture).await.unwrap_err();
    let ActivityEnvironmentError::Activity(ActivityError::Application(failure)) = error else {
        panic!("{error:?}");
    };
    assert_eq!(failure.type_name(), Some(workflows::failure::HANDED_OVER));
    assert!(!failure.is_non_retryable());
    assert!(failure.next_retry_delay().unwrap() < Duration::from_secs(1));
}
