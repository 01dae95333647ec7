//! Temporal in memory: a map of workflows, in which commands take effect at once.

mod schedules;

use std::collections::BTreeMap;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

use api::{
    ApiError, Command, Execution, History, IdUse, Input, Listed, Listing, NewSchedule, Page, Start,
    TaskKind, Which, Workflows,
};
use api_types::workflows::WorkflowEvent;
use async_trait::async_trait;
use domain::limits::RunLimits;
use domain::progress::{Pause, PausedBy};
use domain::schedule::ScheduleId;
use domain::summary::Status;
use jiff::Timestamp;
use tokio::sync::RwLock;
use workflows::activities::{WebhookTest, WebhookTested};

/// Temporal, as far as the service sees it.
#[derive(Default)]
pub(crate) struct Memory {
    pub(crate) executions: Mutex<BTreeMap<String, Execution>>,
    pub(crate) started: Mutex<Vec<Start>>,
    pub(crate) schedules: Mutex<BTreeMap<ScheduleId, NewSchedule>>,
    pub(crate) cancelled: Mutex<Vec<String>>,
    pub(crate) commands: Mutex<Vec<(String, Command)>>,
    pub(crate) away: Mutex<bool>,
    pub(crate) panics: Mutex<bool>,
    pub(crate) slow: Mutex<bool>,
    pub(crate) workers: Mutex<bool>,
    /// Search attributes that are not registered.
    pub(crate) missing: Mutex<Vec<&'static str>>,
    pub(crate) last_words: Mutex<Option<String>>,
    /// How often a workflow was asked for.
    pub(crate) described: AtomicUsize,
    /// Nothing is described while a test has it to itself.
    pub(crate) descriptions: RwLock<()>,
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
        let id = workflows::ids::experiment_workflow(&start.id);
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
        self.described.fetch_add(1, Ordering::Relaxed);
        let _permitted = self.descriptions.read().await;
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
                id: workflows::ids::experiment_of(&execution.workflow_id)?,
                status: execution.status,
                started_at: execution.started_at,
                ended_at: execution.ended_at,
                memo: execution.experiment.clone()?,
            })
        });
        let all: Vec<Listed> = all
            .filter(|listed| listed.id.tenant() == which.tenant.as_ref())
            .filter(|listed| {
                let status = which.filter.status;
                status.is_none_or(|status| status == listed.status)
            })
            .collect();
        let (experiments, next) = cut(&all, &page);
        Ok(Listing { experiments, next })
    }

    async fn count(&self, which: &Which) -> Result<Vec<(Status, u64)>, ApiError> {
        self.reached().await?;
        if which.filter.name.is_some() && !self.missing.lock().unwrap().is_empty() {
            return Err(ApiError::NotSetUp("AiEvolutionName"));
        }
        let executions = self.executions.lock().unwrap();
        let of = |status| {
            let of_status = executions.values().filter(|it| it.status == status);
            (status, of_status.count() as u64)
        };
        Ok(vec![of(Status::Running), of(Status::Failed)])
    }

    async fn missing_attributes(&self) -> Result<Vec<&'static str>, ApiError> {
        self.reached().await?;
        Ok(self.missing.lock().unwrap().clone())
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

    async fn last_poll(
        &self,
        _task_queue: &str,
        _kind: TaskKind,
    ) -> Result<Option<Timestamp>, ApiError> {
        self.reached().await?;
        let workers = *self.workers.lock().unwrap();
        Ok(workers.then_some(Timestamp::UNIX_EPOCH))
    }

    /// A receiver that says what the message's webhook is called.
    async fn test_webhook(&self, test: WebhookTest) -> Result<WebhookTested, ApiError> {
        self.reached().await?;
        Ok(WebhookTested {
            status: Some(410),
            duration_ms: 7,
            error: Some(format!("`{}` is gone", test.webhook)),
        })
    }

    fn task_queue(&self) -> &str {
        "ai-evolution"
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
