//! Lists of experiments, from Temporal's visibility store.

use domain::summary::Status;
use temporalio_client::grpc::WorkflowService;
use temporalio_client::tonic::Code;
use temporalio_client::{Client, NamespacedClient};
use temporalio_common::protos::temporal::api::workflow::v1::WorkflowExecutionInfo;
use temporalio_common::protos::temporal::api::workflowservice::v1::ListWorkflowExecutionsRequest;
use workflows::{ids, memo};

use crate::error::ApiError;
use crate::execution::{Listed, Listing, Page, Which};
use crate::temporal::call::{failed, or_epoch, request, time, while_alive};
use crate::temporal::execution::{WORKFLOW_TYPES, decoded, status};

pub(super) async fn list(client: &Client, which: &Which, page: Page) -> Result<Listing, ApiError> {
    let is_first = page.token.is_empty();
    let mut service = client.clone();
    let list = service.list_workflow_executions(request(ListWorkflowExecutionsRequest {
        namespace: client.namespace(),
        page_size: i32::try_from(page.size).unwrap_or(i32::MAX),
        next_page_token: page.token,
        query: query(which),
    }));
    let listed = match while_alive(client, list).await? {
        Ok(listed) => listed.into_inner(),
        Err(status) if status.code() == Code::InvalidArgument && !is_first => {
            return Err(ApiError::BadPageToken);
        }
        Err(status) => return Err(failed(status)),
    };
    Ok(Listing {
        experiments: listed
            .executions
            .iter()
            .filter_map(|info| row(client, info))
            .collect(),
        next: listed.next_page_token,
    })
}

/// Only whole experiments: neither the runs below them nor the earlier parts of those that have continued as new.
fn query(which: &Which) -> String {
    let types = WORKFLOW_TYPES.map(|kind| format!("'{kind}'")).join(", ");
    let status = match which.status.map(name) {
        Some(name) => format!("ExecutionStatus = '{name}'"),
        None => "ExecutionStatus != 'ContinuedAsNew'".to_owned(),
    };
    let until = which.until;
    format!(
        "WorkflowType IN ({types}) AND ParentWorkflowId IS NULL AND StartTime <= '{until}' AND {status}"
    )
}

fn name(status: Status) -> &'static str {
    match status {
        Status::Running => "Running",
        Status::Paused => "Paused",
        Status::Completed => "Completed",
        Status::Failed => "Failed",
        Status::Cancelled => "Canceled",
        Status::Terminated => "Terminated",
        Status::TimedOut => "TimedOut",
    }
}

/// A workflow that says nothing of its experiment was not started by this service.
fn row(client: &Client, info: &WorkflowExecutionInfo) -> Option<Listed> {
    let id = ids::experiment_of(&info.execution.as_ref()?.workflow_id)?;
    let payload = info.memo.as_ref()?.fields.get(memo::EXPERIMENT)?;
    Some(Listed {
        id,
        status: status(info.status()),
        started_at: or_epoch(time!(info.start_time)),
        ended_at: time!(info.close_time),
        memo: decoded(client, payload)?,
    })
}
