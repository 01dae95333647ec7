//! The history of a workflow, reduced to what tells events apart: no payloads.

use std::collections::HashMap;

use api_types::workflows::WorkflowEvent;
use serde_json::{Value, json};
use temporalio_client::grpc::WorkflowService;
use temporalio_client::tonic::Code;
use temporalio_client::{Client, NamespacedClient};
use temporalio_common::protos::temporal::api::common::v1::{ActivityType, WorkflowExecution};
use temporalio_common::protos::temporal::api::enums::v1::HistoryEventFilterType;
use temporalio_common::protos::temporal::api::failure::v1::Failure;
use temporalio_common::protos::temporal::api::history::v1::HistoryEvent;
use temporalio_common::protos::temporal::api::history::v1::history_event::Attributes;
use temporalio_common::protos::temporal::api::workflowservice::v1::{
    GetWorkflowExecutionHistoryRequest, GetWorkflowExecutionHistoryResponse,
};
use workflows::ids;

use crate::error::ApiError;
use crate::execution::{History, Page};
use crate::temporal::call::{failed, or_epoch, request, time, while_alive};
use crate::temporal::payloads::{decrypt, innermost};

pub(super) async fn page(
    client: &Client,
    workflow_id: &str,
    run_id: &str,
    page: Page,
) -> Result<History, ApiError> {
    let events = HistoryEventFilterType::AllEvent;
    let page = fetch(client, workflow_id, run_id, page, events).await?;
    Ok(History {
        events: page
            .history
            .unwrap_or_default()
            .events
            .iter()
            .map(|event| self::event(client, event))
            .collect(),
        next: page.next_page_token,
    })
}

/// Why a workflow that has ended did so, as its last event says.
pub(super) async fn last_words(
    client: &Client,
    workflow_id: &str,
    run_id: &str,
) -> Result<Option<String>, ApiError> {
    let only = Page {
        size: 1,
        token: Vec::new(),
    };
    let events = HistoryEventFilterType::CloseEvent;
    let page = fetch(client, workflow_id, run_id, only, events).await?;
    let last = page.history.unwrap_or_default().events.pop();
    Ok(last
        .and_then(|event| event.attributes)
        .and_then(|attributes| match attributes {
            Attributes::WorkflowExecutionFailedEventAttributes(failed) => failed
                .failure
                .as_ref()
                .map(|failure| innermost(client, failure)),
            Attributes::WorkflowExecutionTerminatedEventAttributes(terminated) => {
                Some(match terminated.reason.as_str() {
                    "" => format!("the workflow was terminated by {}", terminated.identity),
                    reason => format!("the workflow was terminated: {reason}"),
                })
            }
            _ => None,
        }))
}

async fn fetch(
    client: &Client,
    workflow_id: &str,
    run_id: &str,
    page: Page,
    events: HistoryEventFilterType,
) -> Result<GetWorkflowExecutionHistoryResponse, ApiError> {
    let is_first = page.token.is_empty();
    let mut service = client.clone();
    let history = request(GetWorkflowExecutionHistoryRequest {
        namespace: client.namespace(),
        execution: Some(WorkflowExecution {
            workflow_id: workflow_id.to_owned(),
            run_id: run_id.to_owned(),
        }),
        maximum_page_size: i32::try_from(page.size).unwrap_or(i32::MAX),
        next_page_token: page.token,
        history_event_filter_type: events.into(),
        ..Default::default()
    });
    match while_alive(client, service.get_workflow_execution_history(history)).await? {
        Ok(history) => {
            let mut history = history.into_inner();
            let decrypted = decrypt(client, &mut history).await;
            decrypted.map_err(ApiError::internal).map(|()| history)
        }
        Err(status) if status.code() == Code::InvalidArgument && !is_first => {
            Err(ApiError::BadPageToken)
        }
        Err(status) if status.code() == Code::NotFound => {
            Err(ApiError::not_found("workflow", workflow_id))
        }
        Err(status) => Err(failed(status)),
    }
}

fn event(client: &Client, event: &HistoryEvent) -> WorkflowEvent {
    WorkflowEvent {
        event_id: event.event_id,
        event_time: or_epoch(time!(event.event_time)),
        event_type: camel_case(event.event_type().as_str_name()),
        attributes: event
            .attributes
            .as_ref()
            .map(|known| attributes(client, known))
            .unwrap_or_default(),
    }
}

/// `EVENT_TYPE_TIMER_FIRED` is `TimerFired`.
fn camel_case(name: &str) -> String {
    let name = name.strip_prefix("EVENT_TYPE_").unwrap_or(name);
    name.split('_')
        .map(|word| match word.split_at_checked(1) {
            Some((first, rest)) => format!("{first}{}", rest.to_lowercase()),
            None => String::new(),
        })
        .collect()
}

fn attributes(client: &Client, attributes: &Attributes) -> HashMap<String, Value> {
    use Attributes as A;
    let message =
        |failure: &Option<Failure>| failure.as_ref().map(|failure| innermost(client, failure));
    let name = |kind: &Option<ActivityType>| kind.as_ref().map(|kind| kind.name.clone());
    let value = match attributes {
        A::WorkflowExecutionStartedEventAttributes(a) => json!({
            "workflow_type": a.workflow_type.as_ref().map(|kind| &kind.name),
            "task_queue": a.task_queue.as_ref().map(|queue| &queue.name),
            "parent_workflow_id": a.parent_workflow_execution.as_ref().map(|parent| ids::shown(&parent.workflow_id)),
            "continued_run_id": text(&a.continued_execution_run_id),
            "attempt": a.attempt,
            "identity": text(&a.identity),
        }),
        A::WorkflowExecutionFailedEventAttributes(a) => json!({"failure": message(&a.failure)}),
        A::WorkflowExecutionTerminatedEventAttributes(a) => {
            json!({"reason": text(&a.reason), "identity": text(&a.identity)})
        }
        A::WorkflowExecutionCancelRequestedEventAttributes(a) => {
            json!({"reason": text(&a.cause), "identity": text(&a.identity)})
        }
        A::WorkflowExecutionContinuedAsNewEventAttributes(a) => {
            json!({"new_run_id": text(&a.new_execution_run_id)})
        }
        A::WorkflowExecutionSignaledEventAttributes(a) => {
            json!({"signal_name": a.signal_name, "identity": text(&a.identity)})
        }
        A::WorkflowTaskScheduledEventAttributes(a) => json!({"attempt": a.attempt}),
        A::WorkflowTaskStartedEventAttributes(a) => {
            json!({"scheduled_event_id": a.scheduled_event_id, "identity": text(&a.identity)})
        }
        A::WorkflowTaskCompletedEventAttributes(a) => {
            json!({"scheduled_event_id": a.scheduled_event_id, "identity": text(&a.identity)})
        }
        A::WorkflowTaskTimedOutEventAttributes(a) => {
            json!({"scheduled_event_id": a.scheduled_event_id})
        }
        A::WorkflowTaskFailedEventAttributes(a) => json!({
            "scheduled_event_id": a.scheduled_event_id,
            "failure": message(&a.failure),
            "identity": text(&a.identity),
        }),
        A::ActivityTaskScheduledEventAttributes(a) => {
            json!({"activity_id": a.activity_id, "activity_type": name(&a.activity_type)})
        }
        A::ActivityTaskStartedEventAttributes(a) => json!({
            "scheduled_event_id": a.scheduled_event_id,
            "attempt": a.attempt,
            "last_failure": message(&a.last_failure),
            "identity": text(&a.identity),
        }),
        A::ActivityTaskCompletedEventAttributes(a) => {
            json!({"scheduled_event_id": a.scheduled_event_id, "identity": text(&a.identity)})
        }
        A::ActivityTaskFailedEventAttributes(a) => json!({
            "scheduled_event_id": a.scheduled_event_id,
            "failure": message(&a.failure),
            "identity": text(&a.identity),
        }),
        A::ActivityTaskTimedOutEventAttributes(a) => {
            json!({"scheduled_event_id": a.scheduled_event_id, "failure": message(&a.failure)})
        }
        A::ActivityTaskCancelRequestedEventAttributes(a) => {
            json!({"scheduled_event_id": a.scheduled_event_id})
        }
        A::ActivityTaskCanceledEventAttributes(a) => {
            json!({"scheduled_event_id": a.scheduled_event_id, "identity": text(&a.identity)})
        }
        A::TimerStartedEventAttributes(a) => json!({"timer_id": a.timer_id}),
        A::TimerFiredEventAttributes(a) => json!({"timer_id": a.timer_id}),
        A::TimerCanceledEventAttributes(a) => json!({"timer_id": a.timer_id}),
        A::MarkerRecordedEventAttributes(a) => json!({"marker_name": a.marker_name}),
        A::StartChildWorkflowExecutionInitiatedEventAttributes(a) => {
            json!({"child_workflow_id": ids::shown(&a.workflow_id)})
        }
        A::StartChildWorkflowExecutionFailedEventAttributes(a) => {
            json!({"child_workflow_id": ids::shown(&a.workflow_id), "failure": a.cause().as_str_name()})
        }
        A::ChildWorkflowExecutionStartedEventAttributes(a) => {
            json!({"child_workflow_id": a.workflow_execution.as_ref().map(|child| ids::shown(&child.workflow_id))})
        }
        A::ChildWorkflowExecutionCompletedEventAttributes(a) => {
            json!({"child_workflow_id": a.workflow_execution.as_ref().map(|child| ids::shown(&child.workflow_id))})
        }
        A::ChildWorkflowExecutionFailedEventAttributes(a) => json!({
            "child_workflow_id": a.workflow_execution.as_ref().map(|child| ids::shown(&child.workflow_id)),
            "failure": message(&a.failure),
        }),
        A::ChildWorkflowExecutionCanceledEventAttributes(a) => {
            json!({"child_workflow_id": a.workflow_execution.as_ref().map(|child| ids::shown(&child.workflow_id))})
        }
        A::ChildWorkflowExecutionTerminatedEventAttributes(a) => {
            json!({"child_workflow_id": a.workflow_execution.as_ref().map(|child| ids::shown(&child.workflow_id))})
        }
        _ => json!({}),
    };
    match value {
        Value::Object(entries) => entries
            .into_iter()
            .filter(|(_, value)| !value.is_null())
            .collect(),
        _ => HashMap::new(),
    }
}

fn text(text: &str) -> Option<&str> {
    (!text.is_empty()).then_some(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn types_of_events_are_named_as_in_the_temporal_ui() {
        assert_eq!(
            camel_case("EVENT_TYPE_ACTIVITY_TASK_SCHEDULED"),
            "ActivityTaskScheduled"
        );
    }
}
