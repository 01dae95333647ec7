//! Lists of experiments, from Temporal's visibility store.

use std::collections::HashMap;

use domain::progress::Progress;
use domain::summary::Status;
use jiff::Timestamp;
use temporalio_client::grpc::WorkflowService;
use temporalio_client::tonic::Code;
use temporalio_client::{Client, NamespacedClient};
use temporalio_common::protos::temporal::api::workflow::v1::WorkflowExecutionInfo;
use temporalio_common::protos::temporal::api::workflowservice::v1::{
    CountWorkflowExecutionsRequest, ListWorkflowExecutionsRequest,
};
use workflows::{ids, memo};

use crate::error::ApiError;
use crate::execution::{Listed, Listing, Page, Which};
use crate::temporal::attributes::Registered;
use crate::temporal::call::{failed, or_epoch, request, time, while_alive};
use crate::temporal::execution::status;
use crate::temporal::payloads::{decoded, decrypt};
use crate::temporal::query;

/// What Temporal tells apart: what is paused runs.
const STATUSES: [Status; 6] = [
    Status::Running,
    Status::Completed,
    Status::Failed,
    Status::Cancelled,
    Status::Terminated,
    Status::TimedOut,
];

/// Runs of the workflows of a page that are asked for at once.
const RUNS_AT_ONCE: u32 = 1000;

pub(super) async fn list(
    client: &Client,
    registered: &Registered,
    which: &Which,
    page: Page,
) -> Result<Listing, ApiError> {
    let (listed, next) = ask(client, query::of(which, registered), page).await?;
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

/// How many workflows there are of each status.
pub(super) async fn count(
    client: &Client,
    registered: &Registered,
    which: &Which,
) -> Result<Vec<(Status, u64)>, ApiError> {
    query::check_whole(&which.filter, registered)?;
    let mut service = client.clone();
    let count = service.count_workflow_executions(request(CountWorkflowExecutionsRequest {
        namespace: client.namespace(),
        query: query::counted(which, registered),
    }));
    let counted = while_alive(client, count).await?.map_err(failed)?;
    let groups = counted.into_inner().groups.into_iter();
    let of_status = groups.filter_map(|group| {
        // The status as a JSON string.
        let value = group.group_values.first()?;
        let value: String = serde_json::from_slice(&value.data).ok()?;
        let status = STATUSES.into_iter().find(|it| query::name(*it) == value)?;
        Some((status, u64::try_from(group.count).unwrap_or_default()))
    });
    Ok(of_status.collect())
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
            let mut listed = listed.into_inner();
            for memo in listed
                .executions
                .iter_mut()
                .filter_map(|info| info.memo.as_mut())
            {
                if let Err(error) = decrypt(client, memo).await {
                    tracing::warn!(%error, "the memo of a workflow cannot be decrypted");
                }
            }
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
    let query = format!(
        "WorkflowId IN ({}) AND {}",
        ended.join(", "),
        query::base(which)
    );
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
