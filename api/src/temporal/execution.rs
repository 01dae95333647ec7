//! A workflow as Temporal describes it, in our words.

use api_types::workflows::PendingActivityState;
use domain::summary::Status;
use jiff::Timestamp;
use serde::de::DeserializeOwned;
use temporalio_client::grpc::WorkflowService;
use temporalio_client::tonic::{Code, Response, Status as RpcStatus};
use temporalio_client::{Client, NamespacedClient};
use temporalio_common::protos::temporal::api::common::v1::WorkflowExecution;
use temporalio_common::protos::temporal::api::enums::v1::{
    PendingActivityState as ActivityState, PendingWorkflowTaskState, WorkflowExecutionStatus,
};
use temporalio_common::protos::temporal::api::failure::v1::Failure;
use temporalio_common::protos::temporal::api::failure::v1::failure::FailureInfo;
use temporalio_common::protos::temporal::api::workflow::v1::{
    PendingActivityInfo, WorkflowExecutionInfo,
};
use temporalio_common::protos::temporal::api::workflowservice::v1::{
    DescribeWorkflowExecutionRequest, DescribeWorkflowExecutionResponse,
};
use workflows::memo;

use crate::error::ApiError;
use crate::execution::{Activity, Execution, LastFailure};
use crate::temporal::call::{failed, or_epoch, request, time, while_alive};
use crate::temporal::payloads::{decoded, decrypt, message};

/// The types of workflow that are ours.
pub(super) const WORKFLOW_TYPES: [&str; 2] = ["ExperimentWorkflow", "MultiModelWorkflow"];

/// The latest run of a workflow; none when there is none, or it is not one of ours.
///
/// Asked for by itself: the client's own description does not decrypt the summary of a workflow that a worker has started, and
/// fails on it.
pub(super) async fn describe(
    client: &Client,
    workflow_id: &str,
) -> Result<Option<Execution>, ApiError> {
    let mut described = match ask(client, workflow_id, "").await? {
        Ok(described) => described,
        Err(status) if status.code() == Code::NotFound => return Ok(None),
        Err(status) => return Err(failed(status)),
    };
    decrypt(client, &mut described)
        .await
        .map_err(ApiError::internal)?;
    of(client, described).await
}

/// What Temporal says of a run of a workflow; of the latest when none is named.
async fn ask(
    client: &Client,
    workflow_id: &str,
    run_id: &str,
) -> Result<Result<DescribeWorkflowExecutionResponse, RpcStatus>, ApiError> {
    let mut service = client.clone();
    let asked = request(DescribeWorkflowExecutionRequest {
        namespace: client.namespace(),
        execution: Some(WorkflowExecution {
            workflow_id: workflow_id.to_owned(),
            run_id: run_id.to_owned(),
        }),
    });
    let described = while_alive(client, service.describe_workflow_execution(asked)).await?;
    Ok(described.map(Response::into_inner))
}

async fn of(
    client: &Client,
    described: DescribeWorkflowExecutionResponse,
) -> Result<Option<Execution>, ApiError> {
    let info = described.workflow_execution_info.unwrap_or_default();
    let workflow_type = info.r#type.as_ref().map_or("", |kind| &kind.name);
    if !WORKFLOW_TYPES.contains(&workflow_type) {
        return Ok(None);
    }
    let awaits_worker = described
        .pending_workflow_task
        .as_ref()
        .is_some_and(|task| task.state() == PendingWorkflowTaskState::Scheduled);
    let ids = info.execution.clone().unwrap_or_default();
    Ok(Some(Execution {
        workflow_id: ids.workflow_id,
        run_id: ids.run_id,
        workflow_type: workflow_type.to_owned(),
        task_queue: info.task_queue.clone(),
        status: status(info.status()),
        started_at: first_start(client, &info).await?,
        ended_at: time!(info.close_time),
        history_length: u64::try_from(info.history_length).unwrap_or_default(),
        history_size_bytes: u64::try_from(info.history_size_bytes).unwrap_or_default(),
        experiment: memo(client, &info, memo::EXPERIMENT),
        progress: memo(client, &info, memo::PROGRESS),
        awaits_worker,
        activities: described
            .pending_activities
            .iter()
            .map(|info| activity(client, info))
            .collect(),
        children: described
            .pending_children
            .into_iter()
            .map(|child| child.workflow_id)
            .collect(),
    }))
}

/// When the first run of a workflow began, if Temporal still knows.
async fn first_start(client: &Client, info: &WorkflowExecutionInfo) -> Result<Timestamp, ApiError> {
    let own = or_epoch(time!(info.start_time));
    let Some(execution) = &info.execution else {
        return Ok(own);
    };
    if info.first_run_id.is_empty() || info.first_run_id == execution.run_id {
        return Ok(own);
    }
    let first = ask(client, &execution.workflow_id, &info.first_run_id).await?;
    let first = first.ok().and_then(|first| first.workflow_execution_info);
    Ok(first
        .and_then(|first| time!(first.start_time))
        .unwrap_or(own))
}

/// A run that continues as new has not ended: its next part is on the way.
pub(super) fn status(status: WorkflowExecutionStatus) -> Status {
    match status {
        WorkflowExecutionStatus::Unspecified
        | WorkflowExecutionStatus::Running
        | WorkflowExecutionStatus::ContinuedAsNew => Status::Running,
        WorkflowExecutionStatus::Paused => Status::Paused,
        WorkflowExecutionStatus::Completed => Status::Completed,
        WorkflowExecutionStatus::Failed => Status::Failed,
        WorkflowExecutionStatus::Canceled => Status::Cancelled,
        WorkflowExecutionStatus::Terminated => Status::Terminated,
        WorkflowExecutionStatus::TimedOut => Status::TimedOut,
    }
}

fn memo<T: DeserializeOwned + 'static>(
    client: &Client,
    info: &WorkflowExecutionInfo,
    key: &str,
) -> Option<T> {
    let payload = info.memo.as_ref()?.fields.get(key)?;
    let value = decoded(client, payload);
    if value.is_none() {
        let id = info.execution.as_ref().map(|ids| &ids.workflow_id);
        tracing::warn!(workflow.id = id, memo = key, "a memo cannot be read");
    }
    value
}

fn activity(client: &Client, info: &PendingActivityInfo) -> Activity {
    let heartbeat = info
        .heartbeat_details
        .as_ref()
        .and_then(|details| details.payloads.first());
    Activity {
        id: info.activity_id.clone(),
        kind: info
            .activity_type
            .as_ref()
            .map(|kind| kind.name.clone())
            .unwrap_or_default(),
        state: match info.state() {
            ActivityState::Unspecified => PendingActivityState::Unknown,
            ActivityState::Scheduled => PendingActivityState::Scheduled,
            ActivityState::Started => PendingActivityState::Started,
            ActivityState::CancelRequested => PendingActivityState::CancelRequested,
            ActivityState::Paused | ActivityState::PauseRequested => PendingActivityState::Paused,
        },
        attempt: u32::try_from(info.attempt).unwrap_or_default(),
        last_started_at: time!(info.last_started_time),
        last_heartbeat_at: time!(info.last_heartbeat_time),
        next_attempt_at: time!(info.next_attempt_schedule_time),
        last_failure: info
            .last_failure
            .as_ref()
            .map(|failure| last_failure(client, failure)),
        last_worker: (!info.last_worker_identity.is_empty())
            .then(|| info.last_worker_identity.clone()),
        progress: heartbeat.and_then(|payload| decoded(client, payload)),
    }
}

fn last_failure(client: &Client, failure: &Failure) -> LastFailure {
    let kind = match &failure.failure_info {
        Some(FailureInfo::ApplicationFailureInfo(info)) => info.r#type.clone(),
        _ => String::new(),
    };
    LastFailure {
        kind,
        message: message(client, failure),
    }
}
