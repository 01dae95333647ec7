//! The bare client: Temporal asked directly, by the calls that the service and its peers must make too.

use std::collections::BTreeMap;
use std::net::SocketAddr;

use anyhow::Context;
use runtime::temporal::TemporalConfig;
use serde::{Deserialize, Serialize};
use temporalio_client::Client;
use temporalio_client::grpc::WorkflowService;
use temporalio_client::tonic::Request;
use temporalio_common::protos::temporal::api::common::v1::WorkflowExecution;
use temporalio_common::protos::temporal::api::enums::v1::{
    WorkflowIdConflictPolicy, WorkflowIdReusePolicy,
};
use temporalio_common::protos::temporal::api::history::v1::HistoryEvent;
use temporalio_common::protos::temporal::api::history::v1::history_event::Attributes;
use temporalio_common::protos::temporal::api::workflowservice::v1::{
    DescribeWorkflowExecutionRequest, GetWorkflowExecutionHistoryRequest,
    StartWorkflowExecutionRequest,
};

const NAMESPACE: &str = "default";

#[derive(Clone)]
pub(crate) struct Bare {
    client: Client,
}

/// What Temporal keeps of one workflow, over all runs of its chain.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub(crate) struct Chain {
    pub(crate) runs: u64,
    pub(crate) events: u64,
    pub(crate) bytes: u64,
    /// The run with the most events, and the one with the most bytes: what the limits are about.
    pub(crate) most_events: u64,
    pub(crate) most_bytes: u64,
    /// Events by their type.
    pub(crate) kinds: BTreeMap<String, u64>,
}

impl Chain {
    /// What Temporal counts (and Temporal Cloud bills): starts, continuations, activities, timers, signals, markers.
    pub(crate) fn actions(&self) -> u64 {
        const ACTIONS: [&str; 9] = [
            "WORKFLOW_EXECUTION_STARTED",
            "ACTIVITY_TASK_SCHEDULED",
            "TIMER_STARTED",
            "WORKFLOW_EXECUTION_SIGNALED",
            "MARKER_RECORDED",
            "START_CHILD_WORKFLOW_EXECUTION_INITIATED",
            "SIGNAL_EXTERNAL_WORKFLOW_EXECUTION_INITIATED",
            "UPSERT_WORKFLOW_SEARCH_ATTRIBUTES",
            "WORKFLOW_EXECUTION_UPDATE_ACCEPTED",
        ];
        ACTIONS
            .iter()
            .filter_map(|kind| self.kinds.get(*kind))
            .sum()
    }

    pub(crate) fn activities(&self) -> u64 {
        let scheduled = self.kinds.get("ACTIVITY_TASK_SCHEDULED");
        scheduled.copied().unwrap_or_default()
    }
}

impl Bare {
    pub(crate) async fn connect(address: SocketAddr) -> anyhow::Result<Self> {
        let config = TemporalConfig {
            temporal_host: Some(address.to_string()),
            temporal_namespace: Some(NAMESPACE.to_owned()),
            temporal_task_queue: String::new(),
            payload_keys: None,
        };
        let client = config.target("bench")?.connect().await?.client;
        Ok(Self { client })
    }

    /// Describes a workflow.
    pub(crate) async fn describe(&self, workflow_id: &str, run_id: &str) -> anyhow::Result<u64> {
        let request = DescribeWorkflowExecutionRequest {
            namespace: NAMESPACE.to_owned(),
            execution: Some(execution(workflow_id, run_id)),
        };
        let mut service = self.client.clone();
        let answer = service
            .describe_workflow_execution(Request::new(request))
            .await?;
        let execution = answer.into_inner().workflow_execution_info;
        let execution = execution.context("a workflow is described")?;
        Ok(u64::try_from(execution.history_size_bytes)?)
    }

    /// A request that starts a workflow exactly as an existing one was: its type, queue, input and memo.
    pub(crate) async fn copy_of(
        &self,
        workflow_id: &str,
    ) -> anyhow::Result<StartWorkflowExecutionRequest> {
        let (events, _) = self.page(workflow_id, "", Vec::new(), 1).await?;
        let first = events.into_iter().next().context("a history has events")?;
        let user_metadata = first.user_metadata;
        let Some(Attributes::WorkflowExecutionStartedEventAttributes(started)) = first.attributes
        else {
            anyhow::bail!("a history begins with a start");
        };
        Ok(StartWorkflowExecutionRequest {
            namespace: NAMESPACE.to_owned(),
            workflow_type: started.workflow_type,
            task_queue: started.task_queue,
            input: started.input,
            workflow_task_timeout: started.workflow_task_timeout,
            memo: started.memo,
            user_metadata,
            workflow_id_reuse_policy: WorkflowIdReusePolicy::RejectDuplicate.into(),
            workflow_id_conflict_policy: WorkflowIdConflictPolicy::Fail.into(),
            identity: "bench".to_owned(),
            ..Default::default()
        })
    }

    /// Starts a workflow under an id that was never used.
    pub(crate) async fn start_as(
        &self,
        request: &StartWorkflowExecutionRequest,
        id: String,
    ) -> anyhow::Result<()> {
        let mut request = request.clone();
        request.request_id.clone_from(&id);
        request.workflow_id = id;
        let mut service = self.client.clone();
        service
            .start_workflow_execution(Request::new(request))
            .await?;
        Ok(())
    }

    /// Reads the histories of a workflow, from its first run to its last.
    pub(crate) async fn chain(&self, workflow_id: &str) -> anyhow::Result<Chain> {
        let mut chain = Chain::default();
        let mut run_id = self.first_run(workflow_id).await?;
        loop {
            let (mut token, mut events, mut next) = (Vec::new(), 0, String::new());
            loop {
                let (page, more) = self.page(workflow_id, &run_id, token, 1000).await?;
                for event in page {
                    events += 1;
                    *chain.kinds.entry(kind(&event)).or_default() += 1;
                    if let Some(Attributes::WorkflowExecutionContinuedAsNewEventAttributes(event)) =
                        event.attributes
                    {
                        next = event.new_execution_run_id;
                    }
                }
                if more.is_empty() {
                    break;
                }
                token = more;
            }
            let bytes = self.describe(workflow_id, &run_id).await?;
            chain.runs += 1;
            chain.events += events;
            chain.bytes += bytes;
            chain.most_events = chain.most_events.max(events);
            chain.most_bytes = chain.most_bytes.max(bytes);
            if next.is_empty() {
                return Ok(chain);
            }
            run_id = next;
        }
    }

    async fn first_run(&self, workflow_id: &str) -> anyhow::Result<String> {
        let (events, _) = self.page(workflow_id, "", Vec::new(), 1).await?;
        match events.into_iter().next().and_then(|event| event.attributes) {
            Some(Attributes::WorkflowExecutionStartedEventAttributes(started)) => {
                Ok(started.first_execution_run_id)
            }
            _ => anyhow::bail!("a history begins with a start"),
        }
    }

    async fn page(
        &self,
        workflow_id: &str,
        run_id: &str,
        token: Vec<u8>,
        size: i32,
    ) -> anyhow::Result<(Vec<HistoryEvent>, Vec<u8>)> {
        let request = GetWorkflowExecutionHistoryRequest {
            namespace: NAMESPACE.to_owned(),
            execution: Some(execution(workflow_id, run_id)),
            maximum_page_size: size,
            next_page_token: token,
            ..Default::default()
        };
        let mut service = self.client.clone();
        let answer = service
            .get_workflow_execution_history(Request::new(request))
            .await?;
        let answer = answer.into_inner();
        let events = answer
            .history
            .map_or_else(Vec::new, |history| history.events);
        Ok((events, answer.next_page_token))
    }
}

fn execution(workflow_id: &str, run_id: &str) -> WorkflowExecution {
    WorkflowExecution {
        workflow_id: workflow_id.to_owned(),
        run_id: run_id.to_owned(),
    }
}

/// `EVENT_TYPE_TIMER_STARTED` is `TIMER_STARTED`.
fn kind(event: &HistoryEvent) -> String {
    let name = event.event_type().as_str_name();
    name.strip_prefix("EVENT_TYPE_").unwrap_or(name).to_owned()
}
