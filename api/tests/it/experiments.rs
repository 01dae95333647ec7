//! What is shown of an experiment: from its workflows while they run, from the archive when they have ended.

use api::{Activity, Execution, LastFailure};
use api_types::workflows::PendingActivityState;
use artifacts::run::Run;
use domain::aggregate::Aggregate;
use domain::dataset::DatasetRef;
use domain::progress::{Generated, Progress, Stage};
use domain::score::ScoreValue;
use domain::summary::{Delivery, RunSummary, Status};
use jiff::{SignedDuration, Timestamp};
use serde_json::json;
use workflows::activities::ChunkProgress;
use workflows::failure;
use workflows::memo::ExperimentMemo;

use crate::memory::execution;
use crate::service::Service;

fn memo(models: &[&str]) -> ExperimentMemo {
    ExperimentMemo {
        experiment_name: "sums".to_owned(),
        models: models.iter().map(|model| (*model).to_owned()).collect(),
        created_at: None,
        spec_sha256: None,
        round: 0,
        tags: Vec::new(),
        schedule_id: None,
        trace_id: None,
    }
}

/// 40 of 100 items generated and scored.
pub(crate) fn progress(stage: Stage) -> Progress {
    let mut aggregate = Aggregate::new("exact_match");
    (0..40).for_each(|item| aggregate.push(ScoreValue::Boolean(item % 4 == 0)));
    let mut progress = Progress {
        stage,
        dataset: Some(DatasetRef::new("d".to_owned(), 100)),
        aggregates: vec![aggregate],
        ..Progress::default()
    };
    progress.generated.answered = 38;
    progress.generated.failed = 2;
    progress.states.ok = 38;
    progress.states.generation_failed = 2;
    progress
}

pub(crate) fn summary(id: &str, index: u32, model: &str, status: Status) -> RunSummary {
    RunSummary {
        experiment_id: id.to_owned(),
        experiment_name: "sums".to_owned(),
        index,
        model: model.to_owned(),
        status,
        reason: (status == Status::Failed).then(|| "the provider refuses the key".to_owned()),
        started_at: Timestamp::from_second(10).unwrap(),
        ended_at: Timestamp::from_second(20).unwrap(),
        progress: progress(Stage::Done),
        deliveries: vec![Delivery {
            sink: "csv".to_owned(),
            endpoint: None,
            location: Some("x.csv".to_owned()),
            error: None,
            attempts: Some(1),
            tried_at: None,
        }],
        round: 0,
        spec_sha256: None,
        schedule_id: None,
        trace_id: None,
    }
}

pub(crate) async fn archive(service: &Service, summary: &RunSummary) {
    let run = Run {
        experiment: summary.experiment_id.parse().unwrap(),
        index: summary.index,
        round: 0,
    };
    service.store.put_summary(&run, summary).await.unwrap();
}

fn add(service: &Service, execution: Execution) {
    let mut executions = service.memory.executions.lock().unwrap();
    executions.insert(execution.workflow_id.clone(), execution);
}

fn one_model(status: Status) -> Execution {
    Execution {
        experiment: Some(memo(&["a"])),
        progress: Some(progress(Stage::Evaluating)),
        ..execution("e", status)
    }
}

fn several_models(status: Status) -> Execution {
    Execution {
        experiment: Some(memo(&["a", "b"])),
        workflow_type: "MultiModelWorkflow".to_owned(),
        ..execution("e", status)
    }
}

fn generating(state: PendingActivityState) -> Activity {
    Activity {
        id: "1".to_owned(),
        kind: "GenerateOutput".to_owned(),
        state,
        attempt: 1,
        last_started_at: None,
        last_heartbeat_at: None,
        next_attempt_at: None,
        last_failure: None,
        last_worker: None,
        progress: None,
    }
}

/// Waits for its third attempt.
fn backing_off(kind: &str) -> Activity {
    Activity {
        attempt: 3,
        next_attempt_at: Some(Timestamp::now() + SignedDuration::from_secs(60)),
        last_failure: Some(LastFailure {
            kind: kind.to_owned(),
            message: "12 items have no answer".to_owned(),
        }),
        ..generating(PendingActivityState::Scheduled)
    }
}

#[tokio::test]
async fn a_running_run_counts_the_chunks_under_way() {
    let service = Service::new();
    let mut running = one_model(Status::Running);
    let mut activity = generating(PendingActivityState::Started);
    activity.progress = Some(ChunkProgress {
        generated: Generated {
            answered: 10,
            ..Generated::default()
        },
        waiting: 0,
        ..ChunkProgress::default()
    });
    running.activities.push(activity);
    running.started_at = Timestamp::now() - SignedDuration::from_secs(100);
    add(&service, running);
    let experiment = service.get("/v1/experiments/e").await.body;
    let run = &experiment["models"][0];
    assert_eq!(
        (&run["stage"], &run["items_done"]),
        (&json!("evaluating"), &json!(50))
    );
    assert_eq!(run["generated"]["answered"], 48);
    assert_eq!(run["states"]["generation_failed"], 2);
    assert_eq!(run["scorers"][0]["count"], 40);
    let eta = run["eta_seconds"].as_f64().unwrap();
    assert!((99.0..110.0).contains(&eta), "{eta}");
    assert_eq!(experiment["waiting_on"], json!(null));
    let summary = service.get("/v1/experiments/e/summary").await.body;
    assert_eq!(summary["models"][0]["scorers"], run["scorers"]);
}

#[tokio::test]
async fn what_waits_says_for_what() {
    let service = Service::new();
    let waiting_on = async |activities: Vec<Activity>| {
        add(
            &service,
            Execution {
                activities,
                ..one_model(Status::Running)
            },
        );
        let experiment = service.get("/v1/experiments/e").await.body;
        assert_eq!(
            experiment["waiting_on"],
            experiment["models"][0]["waiting_on"]
        );
        experiment["waiting_on"].clone()
    };
    let limited = waiting_on(vec![backing_off(failure::RATE_LIMITED)]).await;
    assert_eq!(
        (&limited["reason"], &limited["attempt"]),
        (&json!("rate_limit"), &json!(3))
    );
    assert!(limited["until"].is_string(), "{limited}");
    assert!(
        limited["detail"]
            .as_str()
            .unwrap()
            .contains("12 items have no answer")
    );
    let unfinished = waiting_on(vec![backing_off(failure::ITEMS_UNFINISHED)]).await;
    assert_eq!(unfinished["reason"], "backoff");
    let queued = waiting_on(vec![generating(PendingActivityState::Scheduled)]).await;
    assert_eq!(queued["reason"], "worker");
    assert!(
        queued["detail"].as_str().unwrap().contains("`queue`"),
        "{queued}"
    );
    // As long as something moves, nothing waits.
    let started = generating(PendingActivityState::Started);
    assert_eq!(
        waiting_on(vec![backing_off(""), started]).await,
        json!(null)
    );
    *service.memory.workers.lock().unwrap() = true;
    assert_eq!(
        waiting_on(vec![generating(PendingActivityState::Scheduled)]).await,
        json!(null)
    );
}

#[tokio::test]
async fn a_run_that_has_ended_is_shown_from_the_archive() {
    let service = Service::new();
    add(&service, one_model(Status::Failed));
    archive(&service, &summary("e", 0, "a", Status::Failed)).await;
    let experiment = service.get("/v1/experiments/e").await.body;
    assert_eq!(experiment["reason"], "the provider refuses the key");
    let run = &experiment["models"][0];
    assert_eq!(
        (&run["status"], &run["stage"]),
        (&json!("failed"), &json!("done"))
    );
    assert_eq!(run["deliveries"][0]["location"], "x.csv");
    assert_eq!(
        (&run["items_done"], &run["eta_seconds"]),
        (&json!(40), &json!(null))
    );
}

#[tokio::test]
async fn a_run_that_ended_without_a_summary_tells_what_its_workflow_said_last() {
    let service = Service::new();
    add(&service, one_model(Status::Terminated));
    let experiment = service.get("/v1/experiments/e").await.body;
    assert_eq!(experiment["reason"], "the workflow was terminated");
    assert_eq!(experiment["models"][0]["items_done"], 40);
    *service.memory.last_words.lock().unwrap() = Some("by an operator".to_owned());
    let experiment = service.get("/v1/experiments/e").await.body;
    assert_eq!(experiment["reason"], "by an operator");
}

#[tokio::test]
async fn of_several_models_each_is_shown_and_those_not_begun_are_queued() {
    let service = Service::new();
    add(&service, several_models(Status::Running));
    let waiting = Execution {
        progress: Some(progress(Stage::Evaluating)),
        activities: vec![backing_off(failure::RATE_LIMITED)],
        ..execution("e~0", Status::Running)
    };
    add(&service, waiting);
    let experiment = service.get("/v1/experiments/e").await.body;
    let (first, second) = (&experiment["models"][0], &experiment["models"][1]);
    assert_eq!(first["items_done"], 40);
    assert_eq!(
        (&second["status"], &second["stage"]),
        (&json!("running"), &json!("queued"))
    );
    // The only run that has begun waits, so the whole does.
    assert_eq!(experiment["waiting_on"], first["waiting_on"]);
    assert_eq!(experiment["waiting_on"]["reason"], "rate_limit");
}

#[tokio::test]
async fn before_its_runs_begin_an_experiment_and_they_wait_for_the_same() {
    let service = Service::new();
    add(
        &service,
        Execution {
            awaits_worker: true,
            ..several_models(Status::Running)
        },
    );
    let experiment = service.get("/v1/experiments/e").await.body;
    assert_eq!(experiment["waiting_on"]["reason"], "worker");
    assert_eq!(
        experiment["models"][1]["waiting_on"],
        experiment["waiting_on"]
    );
}

#[tokio::test]
async fn a_failed_experiment_names_the_models_that_failed() {
    let service = Service::new();
    add(&service, several_models(Status::Failed));
    archive(&service, &summary("e", 0, "a", Status::Completed)).await;
    archive(&service, &summary("e", 1, "b", Status::Failed)).await;
    let experiment = service.get("/v1/experiments/e").await.body;
    assert_eq!(experiment["reason"], "`b`: the provider refuses the key");
    assert_eq!(experiment["models"][0]["status"], "completed");
}

#[tokio::test]
async fn runs_of_a_terminated_experiment_are_terminated() {
    let service = Service::new();
    add(&service, several_models(Status::Terminated));
    add(&service, execution("e~0", Status::Running));
    let experiment = service.get("/v1/experiments/e").await.body;
    for run in experiment["models"].as_array().unwrap() {
        assert_eq!(run["status"], "terminated", "{run}");
    }
}

#[tokio::test]
async fn cancelling_asks_once_and_leaves_alone_what_has_ended() {
    let service = Service::new();
    add(&service, one_model(Status::Running));
    let cancelled = service.post("/v1/experiments/e/cancel", &json!({})).await;
    assert_eq!(
        (cancelled.status, &cancelled.body["id"]),
        (202, &json!("e"))
    );
    assert_eq!(*service.memory.cancelled.lock().unwrap(), ["e"]);
    add(&service, one_model(Status::Completed));
    let ended = service.post("/v1/experiments/e/cancel", &json!({})).await;
    assert_eq!(
        (ended.status, &ended.body["status"]),
        (202, &json!("completed"))
    );
    assert_eq!(service.memory.cancelled.lock().unwrap().len(), 1);
}
