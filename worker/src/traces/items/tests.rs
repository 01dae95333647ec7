//! The spans of a chunk, without a store and without anybody who is told.

use std::collections::HashSet;

use clap::Parser;
use domain::config::{ExecutionConfig, RetryConfig};
use domain::dataset::{DatasetSource, Upload};
use domain::output::{Answer, CallErrorKind};
use runtime::traces::TracesConfig;

use super::*;
use crate::receivers::Receivers;

#[derive(Parser)]
struct Program {
    #[command(flatten)]
    traces: TracesConfig,
    #[command(flatten)]
    detail: DetailConfig,
}

fn traces(more: &[&str]) -> Traces {
    let endpoint = [
        "worker",
        "--otel-exporter-otlp-endpoint",
        "http://127.0.0.1:9",
    ];
    let program = Program::parse_from(endpoint.iter().chain(more));
    let traces = Traces::new(&program.traces, program.detail, &Receivers::nobody());
    traces.unwrap().unwrap()
}

fn at(second: i64) -> Timestamp {
    Timestamp::from_second(1_800_000_000 + second).unwrap()
}

fn answered(item: &str, round: u32, attempt: u32, second: i64) -> Output {
    let answer = Answer::of(serde_json::json!("the answer"));
    Output {
        round,
        began_at: Some(at(second)),
        ended_at: Some(at(second + 1)),
        ..Output::answered(item.to_owned(), attempt, answer)
    }
}

fn failed(item: &str, round: u32, attempt: u32, second: i64) -> Output {
    let error = CallError::new(CallErrorKind::Timeout, "the prompt was: secret");
    Output {
        answer: None,
        error: Some(error),
        ..answered(item, round, attempt, second)
    }
}

fn result(item: &str, state: ItemState, output: Output) -> ItemResult {
    let score =
        serde_json::json!({"name": "exact_match", "value": true, "eval_id": "exact_match.v1"});
    ItemResult {
        item: serde_json::from_value(serde_json::json!({"id": item, "input": {}})).unwrap(),
        sample: 0,
        state,
        output: Some(output),
        scores: vec![serde_json::from_value(score).unwrap()],
        scorer_errors: Vec::new(),
    }
}

/// The spans of two items in the second round of a run.
fn spans(traces: &Traces) -> Vec<Span> {
    let adapter = serde_json::json!({"type": "openai", "provider": "p", "prompt": "secret"});
    let spec = ExperimentSpec {
        experiment_name: "test".to_owned(),
        dataset: DatasetSource::Upload(Upload {
            sha256: String::new(),
        }),
        models: vec![RunModel {
            name: "m".to_owned(),
            adapter: serde_json::from_value(adapter).unwrap(),
        }],
        scorers: Vec::new(),
        sinks: Vec::new(),
        execution: ExecutionConfig::default(),
        retry: RetryConfig::default(),
        tags: Vec::new(),
    };
    let run = Run {
        experiment: "e".parse().unwrap(),
        index: 0,
        round: 1,
    };
    let kept = answered("kept", 0, 1, 0);
    let retried = answered("retried", 1, 2, 20);
    let cached = Output {
        cached: true,
        ..answered("retried", 1, 1, 5)
    };
    let calls = vec![
        kept.clone(),
        failed("retried", 0, 1, 0),
        failed("retried", 1, 1, 10),
        cached,
        retried.clone(),
    ];
    let results = [
        result("kept", ItemState::Ok, kept),
        result("retried", ItemState::ScorerFailed, retried),
    ];
    traces.spans(Scored {
        place: &activities::Place::somewhere(),
        run: &run,
        spec: &spec,
        model: &spec.models[0],
        dataset: &DatasetRef::new("d".to_owned(), 2),
        scorers: &[],
        results: &results,
        calls,
        asked: Vec::new(),
    })
}

fn names(spans: &[Span]) -> Vec<&str> {
    let mut names: Vec<&str> = spans.iter().map(|span| span.name.as_str()).collect();
    names.sort_unstable();
    names
}

#[tokio::test]
async fn a_round_tells_of_its_own_calls_those_that_failed_among_them() {
    let told = spans(&traces(&[]));
    let (score, item) = ("evaluate exact_match", "item");
    assert_eq!(names(&told), ["chat m", "chat m", score, score, item, item]);
    let failed = told.iter().find(|span| span.error.is_some()).unwrap();
    assert_eq!(failed.error.as_deref(), Some("no answer in time"));
    assert_eq!(failed.began, at(10).into());
    assert_eq!(failed.ended, at(11).into());
}

#[tokio::test]
async fn what_is_told_again_is_the_same_and_everything_hangs_together() {
    let traces = traces(&["--capture-message-content"]);
    let ids = |spans: Vec<Span>| -> HashSet<(SpanId, SpanId)> {
        spans.iter().map(|span| (span.parent, span.id)).collect()
    };
    let once = ids(spans(&traces));
    assert_eq!(once.len(), 6);
    assert_eq!(ids(spans(&traces)), once);
    let known: HashSet<SpanId> = once.iter().map(|(_, id)| *id).collect();
    let above = activities::Place::somewhere().id;
    assert!(
        once.iter()
            .all(|(parent, _)| *parent == above || known.contains(parent))
    );
}

#[tokio::test]
async fn what_is_asked_and_answered_is_told_only_when_asked_for() {
    let told = |more: &[&str]| format!("{:?}", spans(&traces(more)));
    let silent = told(&[]);
    assert!(
        !silent.contains("secret") && !silent.contains("the answer"),
        "{silent}"
    );
    let open = told(&["--capture-message-content"]);
    assert!(open.contains("secret") && open.contains("the answer"));
}

#[tokio::test]
async fn fewer_items_may_be_told_of() {
    let items = |which: &str| {
        let told = spans(&traces(&["--trace-items", which]));
        told.iter().filter(|span| span.name == "item").count()
    };
    assert_eq!((items("failed"), items("0"), items("1")), (1, 0, 2));
}
