//! What handlers share, and the trait through which they reach Temporal.

use std::sync::Arc;

use artifacts::Store;
use async_trait::async_trait;
use domain::summary::Status;
use jiff::Timestamp;
use runtime::encryption::Encryption;
use runtime::metrics::Recorded;
use runtime::traces::Live;
use serde_json::Value;
use tokio_util::sync::CancellationToken;
use url::Url;
use workflows::activities::{WebhookTest, WebhookTested};

use crate::discovery::catalog::Catalog;
use crate::error::ApiError;
use crate::execution::{Command, Execution, History, Listing, Page, Start, TaskKind, Which};
use crate::looking::Looks;
use crate::scheduling::Schedules;
use crate::schema::RequestSchemas;
use crate::watching::Watches;

/// What every handler is given.
#[derive(Clone)]
pub struct AppState {
    pub workflows: Arc<dyn Workflows>,
    pub store: Store,
    pub ui: Option<TemporalUi>,
    /// Where else people look.
    pub pages: Pages,
    /// Tells of requests, when anybody is told.
    pub live: Option<Live>,
    pub(crate) schemas: Arc<RequestSchemas>,
    pub(crate) catalog: Arc<Catalog>,
    pub(crate) looks: Arc<Looks>,
    pub(crate) watches: Arc<Watches>,
    /// What was counted, if anything is.
    pub recorded: Option<Recorded>,
    /// How payloads to Temporal are encrypted, if they are.
    pub encryption: Option<Encryption>,
    /// Ends what would otherwise never end.
    pub stopping: CancellationToken,
}

impl AppState {
    /// Requests are checked against the schemas of `document`, the published one.
    pub fn new(
        workflows: Arc<dyn Workflows>,
        store: Store,
        ui: Option<TemporalUi>,
        document: &Value,
    ) -> Self {
        Self {
            workflows,
            store,
            ui,
            pages: Pages::default(),
            live: None,
            schemas: Arc::new(RequestSchemas::of(document)),
            catalog: Arc::new(Catalog::of(document)),
            looks: Arc::default(),
            watches: Arc::default(),
            recorded: None,
            encryption: None,
            stopping: CancellationToken::new(),
        }
    }
}

/// Where people look at workflows.
#[derive(Clone, Debug)]
pub struct TemporalUi {
    pub base: Url,
    pub namespace: String,
}

impl TemporalUi {
    /// The page of a workflow.
    pub(crate) fn page(&self, workflow_id: &str) -> String {
        let mut page = self.base.clone();
        if let Ok(mut path) = page.path_segments_mut() {
            let segments = ["namespaces", &self.namespace, "workflows", workflow_id];
            path.pop_if_empty().extend(segments);
        }
        page.into()
    }
}

/// Where people look at traces; none of what the service knows no address of.
#[derive(Clone, Debug, Default)]
pub struct Pages {
    /// An address with `{trace_id}` in it.
    pub trace_ui: Option<String>,
    /// The project's page in Langfuse.
    pub langfuse_ui: Option<Url>,
}

impl Pages {
    pub(crate) fn trace(&self, trace_id: &str) -> Option<String> {
        let template = self.trace_ui.as_ref()?;
        Some(template.replace(TRACE_ID, trace_id))
    }

    /// The page of an experiment, which is a session there.
    pub(crate) fn session(&self, id: &str) -> Option<String> {
        let mut page = self.langfuse_ui.clone()?;
        if let Ok(mut path) = page.path_segments_mut() {
            path.pop_if_empty().extend(["sessions", id]);
        }
        Some(page.into())
    }
}

/// What stands for a trace in the address of its page.
pub(crate) const TRACE_ID: &str = "{trace_id}";

/// What the service asks of Temporal, in words of its own. Every call answers [`ApiError::Unavailable`] within about a
/// second when Temporal is away.
#[async_trait]
pub trait Workflows: Schedules {
    /// Whether Temporal answers and knows the namespace.
    async fn check(&self) -> Result<(), ApiError>;

    /// Starts an experiment's workflow and gives the id of its run; [`ApiError::Conflict`] when its id is taken.
    async fn start(&self, start: Start) -> Result<String, ApiError>;

    /// The latest run of one of our workflows; none when there is no such workflow, or it is not one of ours.
    async fn describe(&self, workflow_id: &str) -> Result<Option<Execution>, ApiError>;

    /// Asks a workflow to end. One that has ended or does not exist is left alone.
    async fn cancel(&self, workflow_id: &str) -> Result<(), ApiError>;

    /// Ends a run of a workflow at once, and the workflows below it; its latest run, when none is named. One that has
    /// ended or does not exist is left alone.
    async fn terminate(
        &self,
        workflow_id: &str,
        run_id: Option<&str>,
        reason: &str,
    ) -> Result<(), ApiError>;

    /// Tells a workflow something. One that has ended or does not exist is left alone.
    async fn command(&self, workflow_id: &str, command: Command) -> Result<(), ApiError>;

    /// Experiments, newest first.
    async fn list(&self, which: &Which, page: Page) -> Result<Listing, ApiError>;

    /// How many experiments of each status there are; [`ApiError::NotSetUp`] when Temporal cannot be asked for that.
    async fn count(&self, which: &Which) -> Result<Vec<(Status, u64)>, ApiError>;

    /// The search attributes that are not registered.
    async fn missing_attributes(&self) -> Result<Vec<&'static str>, ApiError>;

    /// The history of one run of a workflow.
    async fn history(
        &self,
        workflow_id: &str,
        run_id: &str,
        page: Page,
    ) -> Result<History, ApiError>;

    /// Why a workflow that has ended did so, when its last event says it.
    async fn last_words(&self, workflow_id: &str, run_id: &str)
    -> Result<Option<String>, ApiError>;

    /// When a worker last asked a task queue for that kind of task; none when it is so long ago that it must have left.
    async fn last_poll(
        &self,
        task_queue: &str,
        kind: TaskKind,
    ) -> Result<Option<Timestamp>, ApiError>;

    /// Has a worker send a test message to a webhook; [`ApiError::Unavailable`] when none takes it.
    async fn test_webhook(&self, test: WebhookTest) -> Result<WebhookTested, ApiError>;

    /// The task queue of the service's own workers.
    fn task_queue(&self) -> &str;
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_page_of_a_workflow_is_under_the_base_of_the_ui() {
        for base in ["http://localhost:8088", "http://localhost:8088/"] {
            let ui = TemporalUi {
                base: base.parse().unwrap(),
                namespace: "default".to_owned(),
            };
            let page = "http://localhost:8088/namespaces/default/workflows/exp_1~0";
            assert_eq!(ui.page("exp_1~0"), page);
        }
    }

    #[test]
    fn pages_of_traces_and_sessions_are_there_when_their_addresses_are_known() {
        let pages = Pages {
            trace_ui: Some("http://traces/trace/{trace_id}?full".to_owned()),
            langfuse_ui: Some("https://lf.test/project/p1".parse().unwrap()),
        };
        assert_eq!(
            pages.trace("ab").as_deref(),
            Some("http://traces/trace/ab?full")
        );
        let session = pages.session("exp_1");
        assert_eq!(
            session.as_deref(),
            Some("https://lf.test/project/p1/sessions/exp_1")
        );
        assert_eq!(Pages::default().trace("ab"), None);
        assert_eq!(Pages::default().session("exp_1"), None);
    }
}
