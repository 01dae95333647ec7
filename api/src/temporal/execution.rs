//! A workflow as Temporal describes it, in our words.

use api_types::workflows::PendingActivityState;
use domain::summary::Status;
use jiff::Timestamp;
use serde::de::DeserializeOwned;
use temporalio_client::grpc::WorkflowService;
use temporalio_client::{Client, NamespacedClient, WorkflowExecutionDescription};
use temporalio_common::data_converters::{
    GenericPayloadConverter, SerializationContext, SerializationContextData,
    WorkflowSerializationContext,
};
use temporalio_common::protos::temporal::api::common::v1::{Payload, WorkflowExecution};
use temporalio_common::protos::temporal::api::enums::v1::{
    PendingActivityState as ActivityState, PendingWorkflowTaskState, WorkflowExecutionStatus,
};
use temporalio_common::protos::temporal::api::failure::v1::Failure;
use temporalio_common::protos::temporal::api::failure::v1::failure::FailureInfo;
use temporalio_common::protos::temporal::api::workflow::v1::{
    PendingActivityInfo, WorkflowExecutionInfo,
};
use temporalio_common::protos::temporal::api::workflowservice::v1::DescribeWorkflowExecutionRequest;
use workflows::memo;

use crate::error::ApiError;
use crate::execution::{Activity, Execution, LastFailure};
use crate::temporal::call::{or_epoch, request, time, while_alive};

/// The types of workflow that are ours.
pub(super) const WORKFLOW_TYPES: [&str; 2] = ["ExperimentWorkflow", "MultiModelWorkflow"];

/// The workflow that a description describes; none when it is not one of ours.
pub(super) async fn of(
    client: &Client,
    description: &WorkflowExecutionDescription,
) -> Result<Option<Execution>, ApiError> {
    if !WORKFLOW_TYPES.contains(&description.workflow_type()) {
        return Ok(None);
    }
    let raw = description.raw();
    let info = raw.workflow_execution_info.clone().unwrap_or_default();
    let awaits_worker = raw
        .pending_workflow_task
        .as_ref()
        .is_some_and(|task| task.state() == PendingWorkflowTaskState::Scheduled);
    Ok(Some(Execution {
        workflow_id: description.id().to_owned(),
        run_id: description.run_id().to_owned(),
        workflow_type: description.workflow_type().to_owned(),
        task_queue: info.task_queue.clone(),
        status: status(info.status()),
        started_at: first_start(client, &info).await?,
        ended_at: time!(info.close_time),
        history_length: u64::try_from(info.history_length).unwrap_or_default(),
        history_size_bytes: u64::try_from(info.history_size_bytes).unwrap_or_default(),
        experiment: memo(description, memo::EXPERIMENT),
        progress: memo(description, memo::PROGRESS),
        awaits_worker,
        activities: raw
            .pending_activities
            .iter()
            .map(|info| activity(client, info))
            .collect(),
        children: raw
            .pending_children
            .iter()
            .map(|child| child.workflow_id.clone())
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
    let mut service = client.clone();
    let first = service.describe_workflow_execution(request(DescribeWorkflowExecutionRequest {
        namespace: client.namespace(),
        execution: Some(WorkflowExecution {
            workflow_id: execution.workflow_id.clone(),
            run_id: info.first_run_id.clone(),
        }),
    }));
    let first = while_alive(client, first)
        .await?
        .ok()
        .map(|answer| answer.into_inner());
    let first = first.and_then(|first| first.workflow_execution_info);
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
    description: &WorkflowExecutionDescription,
    key: &str,
) -> Option<T> {
    description.memo().get(key).unwrap_or_else(|error| {
        let id = description.id();
        tracing::warn!(workflow.id = id, memo = key, %error, "a memo cannot be read");
        None
    })
}

/// A payload that is not of that type, such as one of an older worker, says nothing.
pub(super) fn decoded<T: DeserializeOwned + 'static>(
    client: &Client,
    payload: &Payload,
) -> Option<T> {
    let converter = client.data_converter().payload_converter();
    let context = SerializationContextData::Workflow(WorkflowSerializationContext::new());
    let context = SerializationContext::new(&context, converter);
    converter.from_payload(&context, payload.clone()).ok()
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
        last_failure: info.last_failure.as_ref().map(last_failure),
        last_worker: (!info.last_worker_identity.is_empty())
            .then(|| info.last_worker_identity.clone()),
        progress: heartbeat.and_then(|payload| decoded(client, payload)),
    }
}

fn last_failure(failure: &Failure) -> LastFailure {
    let kind = match &failure.failure_info {
        Some(FailureInfo::ApplicationFailureInfo(info)) => info.r#type.clone(),
        _ => String::new(),
    };
    LastFailure {
        kind,
        message: failure.message.clone(),
    }
}
