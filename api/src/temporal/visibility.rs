//! Lists of experiments, from Temporal's visibility store.

use std::collections::HashMap;

use domain::progress::Progress;
use domain::summary::Status;
use jiff::Timestamp;
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

/// Runs of the workflows of a page that are asked for at once.
const RUNS_AT_ONCE: u32 = 1000;

pub(super) async fn list(client: &Client, which: &Which, page: Page) -> Result<Listing, ApiError> {
    let (listed, next) = ask(client, query(which), page).await?;
    let latest = latest_of_ended(client, which, &listed).await?;
    let is_latest = |info: &&WorkflowExecutionInfo| {
        let (workflow_id, run_id) = ids_of(info);
        let latest = latest.get(workflow_id);
        latest.is_none_or(|(_, latest)| latest == run_id)
    };
    Ok(Listing {
        experiments: listed
            .iter()
            .filter(is_latest)
            .filter_map(|info| row(client, info))
            .filter(|listed| listed.id.tenant() == which.tenant.as_ref())
            .collect(),
        next,
    })
}

async fn ask(
    client: &Client,
    query: String,
    page: Page,
) -> Result<(Vec<WorkflowExecutionInfo>, Vec<u8>), ApiError> {
    let is_first = page.token.is_empty();
    let mut service = client.clone();
    let list = service.list_workflow_executions(request(ListWorkflowExecutionsRequest {
        namespace: client.namespace(),
        page_size: i32::try_from(page.size).unwrap_or(i32::MAX),
        next_page_token: page.token,
        query,
    }));
    match while_alive(client, list).await? {
        Ok(listed) => {
            let listed = listed.into_inner();
            Ok((listed.executions, listed.next_page_token))
        }
        Err(status) if status.code() == Code::InvalidArgument && !is_first => {
            Err(ApiError::BadPageToken)
        }
        Err(status) => Err(failed(status)),
    }
}

/// The latest run of each workflow on a page that has ended there: another round of it may have been started since, which
/// stands in its place. What runs is the latest always. One more question a page, whatever its size.
async fn latest_of_ended(
    client: &Client,
    which: &Which,
    listed: &[WorkflowExecutionInfo],
) -> Result<HashMap<String, (Timestamp, String)>, ApiError> {
    let mut latest: HashMap<String, (Timestamp, String)> = HashMap::new();
    let ended: Vec<String> = listed
        .iter()
        .filter(|info| status(info.status()).is_final())
        .filter_map(|info| ids::experiment_of(ids_of(info).0))
        .map(|id| format!("'{}'", ids::experiment_workflow(&id)))
        .collect();
    if ended.is_empty() {
        return Ok(latest);
    }
    let query = format!("WorkflowId IN ({}) AND {}", ended.join(", "), base(which));
    let mut token = Vec::new();
    loop {
        let page = Page {
            size: RUNS_AT_ONCE,
            token,
        };
        let (runs, next) = ask(client, query.clone(), page).await?;
        for info in &runs {
            let started = or_epoch(time!(info.start_time));
            let (workflow_id, run_id) = ids_of(info);
            let known = latest.get(workflow_id);
            if known.is_none_or(|(known, _)| *known < started) {
                latest.insert(workflow_id.to_owned(), (started, run_id.to_owned()));
            }
        }
        if next.is_empty() {
            return Ok(latest);
        }
        token = next;
    }
}

/// The ids of a workflow and of its run.
fn ids_of(info: &WorkflowExecutionInfo) -> (&str, &str) {
    info.execution.as_ref().map_or(("", ""), |execution| {
        (&execution.workflow_id, &execution.run_id)
    })
}

/// Only whole experiments: neither the runs below them nor the earlier parts of those that have continued as new.
fn query(which: &Which) -> String {
    match which.status.map(name) {
        Some(name) => format!("ExecutionStatus = '{name}' AND {}", base(which)),
        None => base(which),
    }
}

fn base(which: &Which) -> String {
    let types = WORKFLOW_TYPES.map(|kind| format!("'{kind}'")).join(", ");
    let until = which.until;
    let of_tenant = which.tenant.as_ref().map(|tenant| {
        // Neither a quote nor any other sign of the query's language is in it.
        format!(" AND WorkflowId STARTS_WITH '{}'", tenant.prefix())
    });
    let of_tenant = of_tenant.unwrap_or_default();
    format!(
        "WorkflowType IN ({types}) AND ParentWorkflowId IS NULL AND StartTime <= '{until}' AND ExecutionStatus != 'ContinuedAsNew'{of_tenant}"
    )
}

fn name(status: Status) -> &'static str {
    match status {
        // To Temporal, what we have paused runs: its memo tells one from the other.
        Status::Running | Status::Paused => "Running",
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
    let memo = &info.memo.as_ref()?.fields;
    let payload = memo.get(memo::EXPERIMENT)?;
    let progress = memo.get(memo::PROGRESS);
    let progress: Option<Progress> = progress.and_then(|payload| decoded(client, payload));
    let is_paused = progress.is_some_and(|progress| progress.pause.is_some());
    Some(Listed {
        id,
        status: match status(info.status()) {
            Status::Running if is_paused => Status::Paused,
            status => status,
        },
        started_at: or_epoch(time!(info.start_time)),
        ended_at: time!(info.close_time),
        memo: decoded(client, payload)?,
    })
}
