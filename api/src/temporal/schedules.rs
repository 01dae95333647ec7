//! Schedules, as Temporal keeps them. A schedule of ours starts one of our workflows, and the memo that it gives to them
//! says what they are and when they are started: Temporal itself keeps only what it has made of that.

mod described;
mod times;

use domain::schedule::ScheduleId;
use jiff::SignedDuration;
use temporalio_client::grpc::WorkflowService;
use temporalio_client::tonic::{Code, Status};
use temporalio_client::{Client, NamespacedClient};
use temporalio_common::WorkflowDefinition;
use temporalio_common::data_converters::{
    SerializationContextData, TemporalSerializable, WorkflowSerializationContext,
};
use temporalio_common::protos::temporal::api::common::v1::{Memo, Payload, Payloads, WorkflowType};
use temporalio_common::protos::temporal::api::schedule::v1::schedule_action;
use temporalio_common::protos::temporal::api::schedule::v1::{
    BackfillRequest, Schedule, ScheduleAction, SchedulePatch, SchedulePolicies, ScheduleState,
    TriggerImmediatelyRequest,
};
use temporalio_common::protos::temporal::api::sdk::v1::UserMetadata;
use temporalio_common::protos::temporal::api::taskqueue::v1::TaskQueue;
use temporalio_common::protos::temporal::api::workflow::v1::NewWorkflowExecutionInfo;
use temporalio_common::protos::temporal::api::workflowservice::v1::{
    CreateScheduleRequest, DeleteScheduleRequest, DescribeScheduleRequest,
    DescribeScheduleResponse, ListSchedulesRequest, PatchScheduleRequest, UpdateScheduleRequest,
};
use uuid::Uuid;
use workflows::experiment::ExperimentWorkflow;
use workflows::memo;
use workflows::multi_model::MultiModelWorkflow;
use workflows::options::WORKFLOW_TASK_TIMEOUT;

use crate::error::ApiError;
use crate::execution::{Input, Page};
use crate::scheduling::{Action, NewSchedule, ScheduleChange, ScheduleOrder, Scheduled};
use crate::temporal::call::{failed, request, while_alive};
use crate::temporal::execution::WORKFLOW_TYPES;
use crate::temporal::schedules::times::{overlap_policy, override_of};
use crate::temporal::start;

/// In the memo of the schedule itself: the hash of the request that has created it.
const REQUEST: &str = "request_sha256";

/// How often a change is tried again that others came before.
const TRIES: usize = 5;

pub(super) async fn create(
    client: &Client,
    task_queue: &str,
    new: NewSchedule,
) -> Result<(), ApiError> {
    let spec = payload(client, &new.spec).await?;
    let request_sha256 = payload(client, &new.request_sha256).await?;
    let schedule = Schedule {
        spec: Some(times::written(&new.spec)),
        action: Some(action(client, task_queue, &new.id, new.action, spec).await?),
        policies: Some(SchedulePolicies {
            overlap_policy: overlap_policy(new.overlap_policy).into(),
            catchup_window: new.catchup_window.and_then(times::duration),
            pause_on_failure: new.pause_on_failure,
            ..Default::default()
        }),
        state: Some(ScheduleState {
            paused: new.paused,
            notes: new.note.unwrap_or_default(),
            ..Default::default()
        }),
    };
    let mut service = client.clone();
    let create = WorkflowService::create_schedule(
        &mut service,
        request(CreateScheduleRequest {
            namespace: client.namespace(),
            schedule_id: new.id.to_string(),
            schedule: Some(schedule),
            memo: Some(Memo {
                fields: [(REQUEST.to_owned(), request_sha256)].into(),
            }),
            identity: client.identity(),
            request_id: Uuid::new_v4().to_string(),
            ..Default::default()
        }),
    );
    match while_alive(client, create).await? {
        Ok(_) => Ok(()),
        Err(status) if status.code() == Code::AlreadyExists => {
            Err(ApiError::Conflict(new.id.to_string()))
        }
        Err(status) => Err(refused(status)),
    }
}

pub(super) async fn describe(
    client: &Client,
    id: &ScheduleId,
) -> Result<Option<Scheduled>, ApiError> {
    let there = fetch(client, id).await?;
    Ok(there.and_then(|there| described::of(client, id, &there)))
}

pub(super) async fn list(
    client: &Client,
    page: Page,
) -> Result<(Vec<ScheduleId>, Vec<u8>), ApiError> {
    let is_first = page.token.is_empty();
    let mut service = client.clone();
    let list = WorkflowService::list_schedules(
        &mut service,
        request(ListSchedulesRequest {
            namespace: client.namespace(),
            maximum_page_size: i32::try_from(page.size).unwrap_or(i32::MAX),
            next_page_token: page.token,
            query: String::new(),
        }),
    );
    let listed = match while_alive(client, list).await? {
        Ok(listed) => listed.into_inner(),
        Err(status) if status.code() == Code::InvalidArgument && !is_first => {
            return Err(ApiError::BadPageToken);
        }
        Err(status) => return Err(failed(status)),
    };
    let ours = listed.schedules.into_iter().filter_map(|entry| {
        let kind = entry.info?.workflow_type?.name;
        let is_ours = WORKFLOW_TYPES.contains(&kind.as_str());
        is_ours.then(|| entry.schedule_id.parse().ok()).flatten()
    });
    Ok((ours.collect(), listed.next_page_token))
}

/// Changes what is there; begins again when somebody else was faster.
pub(super) async fn change(
    client: &Client,
    task_queue: &str,
    id: &ScheduleId,
    change: ScheduleChange,
) -> Result<bool, ApiError> {
    let mut tries = TRIES;
    loop {
        let Some(there) = fetch(client, id).await? else {
            return Ok(false);
        };
        let conflict_token = there.conflict_token.clone();
        let Some(schedule) = changed(client, task_queue, id, there, change.clone()).await? else {
            return Ok(false);
        };
        let mut service = client.clone();
        let update = service.update_schedule(request(UpdateScheduleRequest {
            namespace: client.namespace(),
            schedule_id: id.to_string(),
            schedule: Some(schedule),
            conflict_token,
            identity: client.identity(),
            request_id: Uuid::new_v4().to_string(),
            ..Default::default()
        }));
        match while_alive(client, update).await? {
            Ok(_) => return Ok(true),
            Err(status) if status.code() == Code::NotFound => return Ok(false),
            Err(status) if status.code() == Code::FailedPrecondition && tries > 0 => tries -= 1,
            Err(status) => return Err(refused(status)),
        }
    }
}

pub(super) async fn order(
    client: &Client,
    id: &ScheduleId,
    order: ScheduleOrder,
) -> Result<bool, ApiError> {
    let patch = match order {
        ScheduleOrder::Pause(note) => SchedulePatch {
            pause: note,
            ..Default::default()
        },
        ScheduleOrder::Resume(note) => SchedulePatch {
            unpause: note,
            ..Default::default()
        },
        ScheduleOrder::Trigger(policy) => SchedulePatch {
            trigger_immediately: Some(TriggerImmediatelyRequest {
                overlap_policy: override_of(policy).into(),
                scheduled_time: None,
            }),
            ..Default::default()
        },
        ScheduleOrder::Backfill {
            start,
            end,
            overlap_policy,
        } => SchedulePatch {
            backfill_request: vec![BackfillRequest {
                // Temporal leaves the start itself out.
                start_time: Some(times::timestamp(start - SignedDuration::from_millis(1))),
                end_time: Some(times::timestamp(end)),
                overlap_policy: override_of(overlap_policy).into(),
            }],
            ..Default::default()
        },
    };
    let mut service = client.clone();
    let patch = service.patch_schedule(request(PatchScheduleRequest {
        namespace: client.namespace(),
        schedule_id: id.to_string(),
        patch: Some(patch),
        identity: client.identity(),
        request_id: Uuid::new_v4().to_string(),
    }));
    done(while_alive(client, patch).await?.map(drop))
}

pub(super) async fn delete(client: &Client, id: &ScheduleId) -> Result<bool, ApiError> {
    let mut service = client.clone();
    let delete = service.delete_schedule(request(DeleteScheduleRequest {
        namespace: client.namespace(),
        schedule_id: id.to_string(),
        identity: client.identity(),
    }));
    done(while_alive(client, delete).await?.map(drop))
}

async fn fetch(
    client: &Client,
    id: &ScheduleId,
) -> Result<Option<DescribeScheduleResponse>, ApiError> {
    let mut service = client.clone();
    let describe = service.describe_schedule(request(DescribeScheduleRequest {
        namespace: client.namespace(),
        schedule_id: id.to_string(),
    }));
    match while_alive(client, describe).await? {
        Ok(there) => Ok(Some(there.into_inner())),
        Err(status) if status.code() == Code::NotFound => Ok(None),
        Err(status) => Err(failed(status)),
    }
}

/// The schedule with the change; none when it is not one of ours.
async fn changed(
    client: &Client,
    task_queue: &str,
    id: &ScheduleId,
    there: DescribeScheduleResponse,
    change: ScheduleChange,
) -> Result<Option<Schedule>, ApiError> {
    let schedule = there.schedule.unwrap_or_default();
    let Some(started) = described::started(&schedule) else {
        return Ok(None);
    };
    let spec = match &change.spec {
        Some(spec) => payload(client, spec).await?,
        None => described::memo_of(started, memo::SCHEDULE).unwrap_or_default(),
    };
    let action = match change.action {
        Some(new) => action(client, task_queue, id, new, spec).await?,
        None => {
            let mut started = started.clone();
            let memo = started.memo.get_or_insert_default();
            memo.fields.insert(memo::SCHEDULE.to_owned(), spec);
            acting(started)
        }
    };
    let mut policies = schedule.policies.unwrap_or_default();
    if let Some(policy) = change.overlap_policy {
        policies.overlap_policy = overlap_policy(policy).into();
    }
    if let Some(window) = change.catchup_window {
        policies.catchup_window = times::duration(window);
    }
    policies.pause_on_failure = change.pause_on_failure.unwrap_or(policies.pause_on_failure);
    let mut state = schedule.state.unwrap_or_default();
    state.notes = change.note.unwrap_or(state.notes);
    Ok(Some(Schedule {
        spec: change.spec.as_ref().map(times::written).or(schedule.spec),
        action: Some(action),
        policies: Some(policies),
        state: Some(state),
    }))
}

/// Starts the workflow under the schedule's id, to which Temporal adds the time.
async fn action(
    client: &Client,
    task_queue: &str,
    id: &ScheduleId,
    action: Action,
    spec: Payload,
) -> Result<ScheduleAction, ApiError> {
    let (kind, input) = match &action.input {
        Input::OneModel(input) => (
            ExperimentWorkflow::run.name().to_owned(),
            payload(client, &**input).await?,
        ),
        Input::SeveralModels(input) => (
            MultiModelWorkflow::run.name().to_owned(),
            payload(client, &**input).await?,
        ),
    };
    let summary = start::summary(&action.memo).to_owned();
    let memo = [
        (
            memo::EXPERIMENT.to_owned(),
            payload(client, &action.memo).await?,
        ),
        (memo::SCHEDULE.to_owned(), spec),
    ];
    Ok(acting(NewWorkflowExecutionInfo {
        workflow_id: id.to_string(),
        workflow_type: Some(WorkflowType { name: kind }),
        task_queue: Some(TaskQueue {
            name: task_queue.to_owned(),
            ..Default::default()
        }),
        input: Some(Payloads {
            payloads: vec![input],
        }),
        workflow_task_timeout: WORKFLOW_TASK_TIMEOUT.try_into().ok(),
        memo: Some(Memo {
            fields: memo.into(),
        }),
        user_metadata: Some(UserMetadata {
            summary: Some(payload(client, &summary).await?),
            details: None,
        }),
        ..Default::default()
    }))
}

fn acting(started: NewWorkflowExecutionInfo) -> ScheduleAction {
    ScheduleAction {
        action: Some(schedule_action::Action::StartWorkflow(started)),
    }
}

async fn payload<T: TemporalSerializable + 'static>(
    client: &Client,
    value: &T,
) -> Result<Payload, ApiError> {
    let context = SerializationContextData::Workflow(WorkflowSerializationContext::new());
    let converter = client.data_converter();
    let payload = converter.to_payload(&context, value).await;
    payload.map_err(ApiError::internal)
}

/// Whether there was something to be told.
fn done(told: Result<(), Status>) -> Result<bool, ApiError> {
    match told {
        Ok(()) => Ok(true),
        Err(status) if status.code() == Code::NotFound => Ok(false),
        Err(status) => Err(failed(status)),
    }
}

/// What Temporal finds fault with are the times: all else is checked before, or ours.
fn refused(status: Status) -> ApiError {
    match status.code() {
        Code::InvalidArgument => {
            let message = format!("Temporal refuses it: {}", status.message());
            ApiError::invalid("/spec", message)
        }
        _ => failed(status),
    }
}
