//! Temporal as the rest of this program sees it: the only file, with those below it, that names the Temporal client.

mod attributes;
mod call;
mod command;
mod execution;
mod history;
mod payloads;
mod pollers;
mod query;
mod schedules;
mod setup;
mod standalone;
mod start;
mod visibility;

use async_trait::async_trait;
use domain::schedule::ScheduleId;
use domain::summary::Status;
use jiff::Timestamp;
use temporalio_client::errors::WorkflowInteractionError;
use temporalio_client::grpc::WorkflowService;
use temporalio_client::tonic::Code;
use temporalio_client::{
    Client, NamespacedClient, UntypedWorkflow, WorkflowCancelOptions, WorkflowExecutionInfo,
    WorkflowTerminateOptions,
};
use temporalio_common::protos::temporal::api::workflowservice::v1::DescribeNamespaceRequest;
use tokio::sync::{Semaphore, SemaphorePermit, watch};
use workflows::activities::{WebhookTest, WebhookTested};

use crate::error::ApiError;
use crate::execution::{Command, Execution, History, Listing, Page, Start, TaskKind, Which};
use crate::scheduling::{NewSchedule, ScheduleChange, ScheduleOrder, Scheduled, Schedules};
use crate::state::Workflows;
use crate::temporal::attributes::{Attribute, Attributes};
use crate::temporal::call::{failed, request, rpc_options, while_alive};
use crate::temporal::pollers::Pollers;
use crate::temporal::schedules::Starting;
pub use crate::temporal::setup::set_up;

/// Starts and descriptions that are asked for at once. More are not faster: at 64 Temporal answers as many a second as it ever
/// does, and each takes a fifth of a second.
const CALLS_AT_ONCE: usize = 64;

/// Temporal, connected or not yet.
pub(crate) struct Temporal {
    clients: watch::Receiver<Option<Client>>,
    task_queue: String,
    pollers: Pollers,
    attributes: Attributes,
    /// Whoever comes when all are taken waits here, rather than at Temporal, which then seems to be away.
    turns: Semaphore,
}

impl Temporal {
    /// Experiments are started on `task_queue`; `is_encrypted` says whether the client encrypts what it sends.
    pub(crate) fn new(
        clients: watch::Receiver<Option<Client>>,
        task_queue: String,
        is_encrypted: bool,
    ) -> Self {
        Self {
            clients,
            task_queue,
            pollers: Pollers::default(),
            attributes: Attributes::new(is_encrypted),
            turns: Semaphore::new(CALLS_AT_ONCE),
        }
    }

    /// What schedules are told about the workflows that they start.
    async fn starting(&self, client: &Client) -> Result<Starting<'_>, ApiError> {
        Ok(Starting {
            task_queue: &self.task_queue,
            registered: self.attributes.registered(client).await?,
        })
    }

    /// None only when turns are not given any more, which never happens.
    async fn turn(&self) -> Option<SemaphorePermit<'_>> {
        self.turns.acquire().await.ok()
    }

    fn client(&self) -> Result<Client, ApiError> {
        let client = self.clients.borrow().clone();
        client.ok_or_else(|| ApiError::temporal("no connection has been made yet"))
    }
}

#[async_trait]
impl Workflows for Temporal {
    async fn check(&self) -> Result<(), ApiError> {
        let client = self.client()?;
        let namespace = request(DescribeNamespaceRequest {
            namespace: client.namespace(),
            ..Default::default()
        });
        let mut service = client.clone();
        match while_alive(&client, service.describe_namespace(namespace)).await? {
            Ok(_) => Ok(()),
            Err(status) if status.code() == Code::NotFound => Err(ApiError::Unavailable {
                dependency: "the Temporal namespace",
                source: status.into(),
            }),
            Err(status) => Err(failed(status)),
        }
    }

    async fn start(&self, start: Start) -> Result<String, ApiError> {
        let client = self.client()?;
        let _turn = self.turn().await;
        start::start(&client, &self.task_queue, &self.attributes, start).await
    }

    async fn describe(&self, workflow_id: &str) -> Result<Option<Execution>, ApiError> {
        let client = self.client()?;
        let _turn = self.turn().await;
        execution::describe(&client, workflow_id).await
    }

    async fn cancel(&self, workflow_id: &str) -> Result<(), ApiError> {
        let client = self.client()?;
        let handle = client.get_workflow_handle::<UntypedWorkflow>(workflow_id);
        let options = WorkflowCancelOptions::builder()
            .reason("asked for through the API")
            .rpc_options(rpc_options())
            .build();
        left_alone(while_alive(&client, handle.cancel(options)).await?)
    }

    async fn terminate(
        &self,
        workflow_id: &str,
        run_id: Option<&str>,
        reason: &str,
    ) -> Result<(), ApiError> {
        let client = self.client()?;
        let handle = WorkflowExecutionInfo::builder()
            .namespace(client.namespace())
            .workflow_id(workflow_id)
            .maybe_first_execution_run_id(run_id)
            .build()
            .bind_untyped(client.clone());
        let options = WorkflowTerminateOptions::builder()
            .reason(reason)
            .rpc_options(rpc_options())
            .build();
        left_alone(while_alive(&client, handle.terminate(options)).await?)
    }

    async fn command(&self, workflow_id: &str, command: Command) -> Result<(), ApiError> {
        let client = self.client()?;
        left_alone(command::send(&client, workflow_id, command).await?)
    }

    async fn list(&self, which: &Which, page: Page) -> Result<Listing, ApiError> {
        let client = self.client()?;
        let registered = self.attributes.registered(&client).await?;
        visibility::list(&client, &registered, which, page).await
    }

    async fn count(&self, which: &Which) -> Result<Vec<(Status, u64)>, ApiError> {
        let client = self.client()?;
        let registered = self.attributes.registered(&client).await?;
        visibility::count(&client, &registered, which).await
    }

    async fn missing_attributes(&self) -> Result<Vec<&'static str>, ApiError> {
        if self.attributes.is_hidden() {
            return Ok(Vec::new());
        }
        let registered = self.attributes.registered(&self.client()?).await?;
        let missing = registered.missing().into_iter();
        Ok(missing.map(Attribute::name).collect())
    }

    async fn history(
        &self,
        workflow_id: &str,
        run_id: &str,
        page: Page,
    ) -> Result<History, ApiError> {
        history::page(&self.client()?, workflow_id, run_id, page).await
    }

    async fn last_words(
        &self,
        workflow_id: &str,
        run_id: &str,
    ) -> Result<Option<String>, ApiError> {
        history::last_words(&self.client()?, workflow_id, run_id).await
    }

    async fn last_poll(
        &self,
        task_queue: &str,
        kind: TaskKind,
    ) -> Result<Option<Timestamp>, ApiError> {
        self.pollers
            .last_poll(&self.client()?, task_queue, kind)
            .await
    }

    async fn test_webhook(&self, test: WebhookTest) -> Result<WebhookTested, ApiError> {
        standalone::test_webhook(&self.client()?, &self.task_queue, test).await
    }

    fn task_queue(&self) -> &str {
        &self.task_queue
    }
}

#[async_trait]
impl Schedules for Temporal {
    async fn create_schedule(&self, new: NewSchedule) -> Result<(), ApiError> {
        let client = self.client()?;
        let starting = self.starting(&client).await?;
        schedules::create(&client, &starting, new).await
    }

    async fn describe_schedule(&self, id: &ScheduleId) -> Result<Option<Scheduled>, ApiError> {
        schedules::describe(&self.client()?, id).await
    }

    async fn list_schedules(&self, page: Page) -> Result<(Vec<ScheduleId>, Vec<u8>), ApiError> {
        schedules::list(&self.client()?, page).await
    }

    async fn change_schedule(
        &self,
        id: &ScheduleId,
        change: ScheduleChange,
    ) -> Result<bool, ApiError> {
        let client = self.client()?;
        let starting = self.starting(&client).await?;
        schedules::change(&client, &starting, id, change).await
    }

    async fn order_schedule(
        &self,
        id: &ScheduleId,
        order: ScheduleOrder,
    ) -> Result<bool, ApiError> {
        schedules::order(&self.client()?, id, order).await
    }

    async fn delete_schedule(&self, id: &ScheduleId) -> Result<bool, ApiError> {
        schedules::delete(&self.client()?, id).await
    }
}

/// What has ended or was never there needs no word.
fn left_alone(told: Result<(), WorkflowInteractionError>) -> Result<(), ApiError> {
    match told {
        Ok(()) | Err(WorkflowInteractionError::NotFound(_)) => Ok(()),
        Err(WorkflowInteractionError::Rpc(status)) => Err(failed(status)),
        Err(error) => Err(ApiError::internal(error)),
    }
}
