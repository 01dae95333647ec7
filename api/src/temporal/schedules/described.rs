//! A schedule as Temporal describes it, in our words.

use api_types::schedules::{
    ExperimentLink, Schedule as Shown, ScheduleCounts, ScheduleLinks, ScheduleSpec,
    StartedExperiment,
};
use domain::interval::Interval;
use domain::schedule::ScheduleId;
use temporalio_client::Client;
use temporalio_common::protos::temporal::api::common::v1::Payload;
use temporalio_common::protos::temporal::api::schedule::v1::schedule_action;
use temporalio_common::protos::temporal::api::schedule::v1::{
    Schedule, ScheduleActionResult, ScheduleInfo,
};
use temporalio_common::protos::temporal::api::workflow::v1::NewWorkflowExecutionInfo;
use temporalio_common::protos::temporal::api::workflowservice::v1::DescribeScheduleResponse;
use workflows::memo::{self, ExperimentMemo};

use crate::scheduling::Scheduled;
use crate::temporal::call::{or_epoch, time};
use crate::temporal::execution::decoded;
use crate::temporal::schedules::{REQUEST, times};

/// The schedule that a description describes; none when it is not one of ours.
pub(super) fn of(
    client: &Client,
    id: &ScheduleId,
    there: &DescribeScheduleResponse,
) -> Option<Scheduled> {
    let schedule = there.schedule.as_ref()?;
    let started = started(schedule)?;
    let experiment: ExperimentMemo =
        decoded(client, &memo_of(started, memo::EXPERIMENT)?).filter(|experiment| {
            let experiment: &ExperimentMemo = experiment;
            experiment.schedule_id.as_ref() == Some(id)
        })?;
    let spec: ScheduleSpec = decoded(client, &memo_of(started, memo::SCHEDULE)?)?;
    let policies = schedule.policies.unwrap_or_default();
    let state = schedule.state.clone().unwrap_or_default();
    let info = there.info.clone().unwrap_or_default();
    let request = there
        .memo
        .as_ref()
        .and_then(|memo| memo.fields.get(REQUEST));
    let shown = Shown {
        id: id.to_string(),
        experiment_name: experiment.experiment_name,
        models: experiment.models,
        spec_sha256: experiment.spec_sha256,
        spec,
        overlap_policy: times::shown(policies.overlap_policy()),
        catchup_window: policies
            .catchup_window
            .and_then(|window| interval(window.seconds)),
        pause_on_failure: policies.pause_on_failure,
        next_times: match state.paused {
            true => Vec::new(),
            false => info
                .future_action_times
                .iter()
                .filter_map(|time| time!(Some(time)))
                .collect(),
        },
        paused: state.paused,
        note: (!state.notes.is_empty()).then_some(state.notes),
        created_at: or_epoch(time!(info.create_time)),
        updated_at: time!(info.update_time),
        running: running(&info),
        recent: info
            .recent_actions
            .iter()
            .rev()
            .filter_map(recent)
            .collect(),
        counts: ScheduleCounts {
            started: count(info.action_count),
            skipped: count(info.overlap_skipped),
            missed: count(info.missed_catchup_window),
            waiting: count(info.buffer_size),
        },
        links: ScheduleLinks {
            itself: format!("/v1/schedules/{id}"),
        },
    };
    Some(Scheduled {
        schedule: shown,
        request_sha256: request.and_then(|payload| decoded(client, payload)),
    })
}

/// The workflow that a schedule starts.
pub(super) fn started(schedule: &Schedule) -> Option<&NewWorkflowExecutionInfo> {
    match schedule.action.as_ref()?.action.as_ref()? {
        schedule_action::Action::StartWorkflow(started) => Some(started),
    }
}

/// What is in the memo of the workflows that are started.
pub(super) fn memo_of(started: &NewWorkflowExecutionInfo, key: &str) -> Option<Payload> {
    started.memo.as_ref()?.fields.get(key).cloned()
}

fn running(info: &ScheduleInfo) -> Vec<ExperimentLink> {
    let workflows = info.running_workflows.iter();
    workflows
        .map(|execution| ExperimentLink {
            link: link(&execution.workflow_id),
            experiment_id: execution.workflow_id.clone(),
        })
        .collect()
}

fn recent(result: &ScheduleActionResult) -> Option<StartedExperiment> {
    let execution = result.start_workflow_result.as_ref()?;
    Some(StartedExperiment {
        link: link(&execution.workflow_id),
        experiment_id: execution.workflow_id.clone(),
        scheduled_at: or_epoch(time!(result.schedule_time)),
        started_at: or_epoch(time!(result.actual_time)),
    })
}

fn link(experiment_id: &str) -> String {
    format!("/v1/experiments/{experiment_id}")
}

/// So many seconds, if they are not more than can be asked for: Temporal's own default is.
fn interval(seconds: i64) -> Option<Interval> {
    format!("{seconds}s").parse().ok()
}

fn count(count: i64) -> u64 {
    u64::try_from(count).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_window_is_shown_as_it_was_asked_for_and_that_of_a_year_is_not() {
        assert_eq!(interval(90), Some(Interval::from_secs(90)));
        assert_eq!(interval(365 * 24 * 3600), None);
    }
}
