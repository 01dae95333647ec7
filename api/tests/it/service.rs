//! The service under test, with workflows in memory.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use api::{
    ApiError, AppState, Command, Execution, History, IdUse, Input, Limits, Listed, Listing, Page,
    Start, TaskKind, TemporalUi, Which, Workflows,
};
use api_types::workflows::WorkflowEvent;
use artifacts::Store;
use async_trait::async_trait;
use axum::Router;
use axum::body::Body;
use axum::http::{HeaderMap, Request};
use domain::limits::RunLimits;
use domain::progress::{Pause, PausedBy};
use domain::summary::Status;
use jiff::Timestamp;
use serde_json::{Value, json};
use tempfile::TempDir;
use tower::ServiceExt;

/// Temporal, as far as the service sees it.
#[derive(Default)]
pub(crate) struct Memory {
    pub(crate) executions: Mutex<BTreeMap<String, Execution>>,
    pub(crate) started: Mutex<Vec<Start>>,
    pub(crate) cancelled: Mutex<Vec<String>>,
    pub(crate) commands: Mutex<Vec<(String, Command)>>,
    pub(crate) away: Mutex<bool>,
    pub(crate) panics: Mutex<bool>,
    pub(crate) slow: Mutex<bool>,
    pub(crate) workers: Mutex<bool>,
    pub(crate) last_words: Mutex<Option<String>>,
}

impl Memory {
    async fn reached(&self) -> Result<(), ApiError> {
        assert!(
            !*self.panics.lock().unwrap(),
            "a bug, with a secret in its message"
        );
        if *self.slow.lock().unwrap() {
            std::future::pending::<()>().await;
        }
        match *self.away.lock().unwrap() {
            true => Err(ApiError::Unavailable {
                dependency: "Temporal",
                source: "connection refused at 10.0.0.7".into(),
            }),
            false => Ok(()),
        }
    }
}

#[async_trait]
impl Workflows for Memory {
    async fn check(&self) -> Result<(), ApiError> {
        self.reached().await
    }

    async fn start(&self, start: Start) -> Result<String, ApiError> {
        self.reached().await?;
        let mut executions = self.executions.lock().unwrap();
        let id = start.id.to_string();
        let is_free = executions
            .get(&id)
            .is_none_or(|execution| start.id_use == IdUse::Again && execution.status.is_final());
        if !is_free {
            return Err(ApiError::Conflict(id));
        }
        let mut execution = execution(&id, Status::Running);
        execution.experiment = Some(start.memo.clone());
        execution.awaits_worker = true;
        execution.workflow_type = match start.input {
            Input::OneModel(_) => "ExperimentWorkflow".to_owned(),
            Input::SeveralModels(_) => "MultiModelWorkflow".to_owned(),
        };
        let run_id = execution.run_id.clone();
        executions.insert(id, execution);
        self.started.lock().unwrap().push(start);
        Ok(run_id)
    }

    async fn describe(&self, workflow_id: &str) -> Result<Option<Execution>, ApiError> {
        self.reached().await?;
        Ok(self.executions.lock().unwrap().get(workflow_id).cloned())
    }

    async fn cancel(&self, workflow_id: &str) -> Result<(), ApiError> {
        self.reached().await?;
        self.cancelled.lock().unwrap().push(workflow_id.to_owned());
        Ok(())
    }

    async fn terminate(
        &self,
        workflow_id: &str,
        _run_id: Option<&str>,
        _reason: &str,
    ) -> Result<(), ApiError> {
        self.reached().await?;
        let mut executions = self.executions.lock().unwrap();
        if let Some(execution) = executions.get_mut(workflow_id)
            && !execution.status.is_final()
        {
            execution.status = Status::Terminated;
        }
        Ok(())
    }

    /// Takes effect at once, as with a worker that is quick.
    async fn command(&self, workflow_id: &str, command: Command) -> Result<(), ApiError> {
        self.reached().await?;
        let mut executions = self.executions.lock().unwrap();
        if let Some(execution) = executions.get_mut(workflow_id) {
            execution.awaits_worker = false;
            let progress = execution.progress.get_or_insert_default();
            match &command {
                Command::Pause(command) => {
                    progress.pause = Some(Pause {
                        by: PausedBy::User,
                        since: Timestamp::UNIX_EPOCH,
                        reason: command.reason.clone(),
                    });
                }
                Command::Resume => progress.pause = None,
                Command::ChangeLimits(change) => {
                    let limits = progress.limits.unwrap_or(RunLimits::of_concurrency(5));
                    progress.limits = Some(limits.changed(change));
                }
            }
        }
        let mut commands = self.commands.lock().unwrap();
        commands.push((workflow_id.to_owned(), command));
        Ok(())
    }

    /// Newest first; a token is the number of experiments before the page.
    async fn list(&self, which: &Which, page: Page) -> Result<Listing, ApiError> {
        self.reached().await?;
        let executions = self.executions.lock().unwrap();
        let all = executions.values().rev().filter_map(|execution| {
            Some(Listed {
                id: execution.workflow_id.parse().ok()?,
                status: execution.status,
                started_at: execution.started_at,
                ended_at: execution.ended_at,
                memo: execution.experiment.clone()?,
            })
        });
        let all: Vec<Listed> = all
            .filter(|listed| which.status.is_none_or(|status| status == listed.status))
            .collect();
        let (experiments, next) = cut(&all, &page);
        Ok(Listing { experiments, next })
    }

    /// A history of seven events, in pages that hold two more than asked for.
    async fn history(&self, _id: &str, _run_id: &str, page: Page) -> Result<History, ApiError> {
        self.reached().await?;
        let events: Vec<WorkflowEvent> = (1..=7)
            .map(|event_id| WorkflowEvent {
                event_id,
                event_time: Timestamp::UNIX_EPOCH,
                event_type: "TimerFired".to_owned(),
                attributes: Default::default(),
            })
            .collect();
        let page = Page {
            size: page.size + 2,
            ..page
        };
        let (events, next) = cut(&events, &page);
        Ok(History { events, next })
    }

    async fn last_words(&self, _id: &str, _run_id: &str) -> Result<Option<String>, ApiError> {
        self.reached().await?;
        Ok(self.last_words.lock().unwrap().clone())
    }

    async fn has_worker(&self, _task_queue: &str, _kind: TaskKind) -> Result<bool, ApiError> {
        self.reached().await?;
        Ok(*self.workers.lock().unwrap())
    }
}

fn cut<T: Clone>(all: &[T], page: &Page) -> (Vec<T>, Vec<u8>) {
    let start: usize = match page.token.as_slice() {
        [] => 0,
        token => std::str::from_utf8(token).unwrap().parse().unwrap(),
    };
    let end = (start + page.size as usize).min(all.len());
    let next = match end < all.len() {
        true => end.to_string().into_bytes(),
        false => Vec::new(),
    };
    (all[start..end].to_vec(), next)
}

/// A workflow that began at the epoch, of which nothing else is known.
pub(crate) fn execution(id: &str, status: Status) -> Execution {
    Execution {
        workflow_id: id.to_owned(),
        run_id: format!("run-of-{id}"),
        workflow_type: "ExperimentWorkflow".to_owned(),
        task_queue: "queue".to_owned(),
        status,
        started_at: Timestamp::UNIX_EPOCH,
        ended_at: status.is_final().then_some(Timestamp::UNIX_EPOCH),
        history_length: 7,
        history_size_bytes: 700,
        experiment: None,
        progress: None,
        awaits_worker: false,
        activities: Vec::new(),
        children: Vec::new(),
    }
}

/// The router, and what is behind it.
pub(crate) struct Service {
    router: Router,
    pub(crate) memory: Arc<Memory>,
    pub(crate) store: Store,
    pub(crate) folder: TempDir,
}

/// An answer, read to its end.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Value,
}

impl Answer {
    pub(crate) fn pointers(&self) -> Vec<&str> {
        let errors = self.body["errors"].as_array();
        let errors = errors.unwrap_or_else(|| panic!("no faults: {}", self.body));
        errors
            .iter()
            .filter_map(|fault| fault["pointer"].as_str())
            .collect()
    }
}

impl Service {
    pub(crate) fn new() -> Self {
        Self::with(Limits::default())
    }

    pub(crate) fn with(limits: Limits) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let store = Store::open(folder.path().to_str().unwrap(), []).unwrap();
        let memory = Arc::new(Memory::default());
        let ui = TemporalUi {
            base: "http://ui.test".parse().unwrap(),
            namespace: "space".to_owned(),
        };
        let workflows: Arc<dyn Workflows> = Arc::<Memory>::clone(&memory);
        let state = AppState::new(workflows, store.clone(), Some(ui), &api::openapi());
        Self {
            router: api::router(state, limits),
            memory,
            store,
            folder,
        }
    }

    pub(crate) async fn send(&self, request: Request<Body>) -> Answer {
        let response = self.router.clone().oneshot(request).await.unwrap();
        let (parts, body) = response.into_parts();
        let bytes = axum::body::to_bytes(body, usize::MAX).await.unwrap();
        Answer {
            status: parts.status.as_u16(),
            headers: parts.headers,
            body: serde_json::from_slice(&bytes).unwrap_or(Value::Null),
        }
    }

    pub(crate) async fn get(&self, path: &str) -> Answer {
        self.send(Request::get(path).body(Body::empty()).unwrap())
            .await
    }

    pub(crate) async fn post(&self, path: &str, body: &Value) -> Answer {
        let request = Request::post(path).header("content-type", "application/json");
        self.send(request.body(Body::from(body.to_string())).unwrap())
            .await
    }

    /// How many files the artifact store holds.
    pub(crate) fn files(&self) -> usize {
        fn count(folder: &std::path::Path) -> usize {
            let entries = std::fs::read_dir(folder)
                .unwrap()
                .map(|entry| entry.unwrap().path());
            entries
                .map(|path| if path.is_dir() { count(&path) } else { 1 })
                .sum()
        }
        count(self.folder.path())
    }
}

/// A request that creates an experiment; `change` makes it another.
pub(crate) fn request(change: impl FnOnce(&mut Value)) -> Value {
    let mut body = json!({"experiment_name": "sums", "config": {
        "dataset": {"type": "inline", "items": [
            {"id": "1", "input": {"prompt": "2+2"}, "expected": "4", "output": "4"},
            {"id": "2", "input": {"prompt": "2+3"}, "expected": "5", "output": "6"},
        ]},
        "adapter": {"type": "recorded"},
        "models": [{"name": "a"}],
        "scorers": [{"type": "exact_match"}],
    }});
    change(&mut body);
    body
}
