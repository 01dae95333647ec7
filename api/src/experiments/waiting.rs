//! Why nothing moves in a workflow, when nothing does.

use api_types::experiments::{WaitingOn, WaitingReason};
use api_types::workflows::PendingActivityState;
use jiff::Timestamp;
use workflows::failure;

use crate::error::ApiError;
use crate::execution::{Activity, Execution, TaskKind};
use crate::state::AppState;

/// What a workflow waits for; nothing, when it moves or has ended.
pub(super) async fn on(
    state: &AppState,
    execution: &Execution,
) -> Result<Option<WaitingOn>, ApiError> {
    match stillness(execution, Timestamp::now()) {
        Stillness::Moving => Ok(None),
        Stillness::Waiting(waiting_on) => Ok(Some(*waiting_on)),
        Stillness::Queued(kind) => {
            let task_queue = &execution.task_queue;
            match state.workflows.has_worker(task_queue, kind).await? {
                true => Ok(None),
                false => Ok(Some(no_worker(task_queue))),
            }
        }
    }
}

#[derive(Debug, PartialEq)]
enum Stillness {
    Moving,
    /// Whatever is to be done is done later.
    Waiting(Box<WaitingOn>),
    /// A task is queued for a worker, if there is one.
    Queued(TaskKind),
}

fn stillness(execution: &Execution, now: Timestamp) -> Stillness {
    if execution.status.is_final() {
        return Stillness::Moving;
    }
    if execution.awaits_worker {
        return Stillness::Queued(TaskKind::Workflow);
    }
    let is_scheduled = |activity: &Activity| activity.state == PendingActivityState::Scheduled;
    if !execution.activities.iter().all(is_scheduled) {
        return Stillness::Moving;
    }
    let waits = execution
        .activities
        .iter()
        .map(|activity| backoff(activity, now));
    match waits.collect::<Option<Vec<WaitingOn>>>() {
        // One that could begin at once is queued.
        None => Stillness::Queued(TaskKind::Activity),
        Some(waits) => match waits.into_iter().min_by_key(|waiting_on| waiting_on.until) {
            None => Stillness::Moving,
            Some(soonest) => Stillness::Waiting(Box::new(soonest)),
        },
    }
}

/// The wait of an activity before its next attempt.
fn backoff(activity: &Activity, now: Timestamp) -> Option<WaitingOn> {
    let until = activity
        .next_attempt_at
        .filter(|next| activity.attempt > 1 && *next > now)?;
    let failure = activity.last_failure.as_ref();
    let (reason, why) = match failure.map(|failure| failure.kind.as_str()) {
        Some(failure::RATE_LIMITED) => (
            WaitingReason::RateLimit,
            "the provider asks for fewer calls",
        ),
        _ => (
            WaitingReason::Backoff,
            "the last attempt failed and is repeated after a wait",
        ),
    };
    let message = failure
        .map(|failure| format!(": {}", failure.message))
        .unwrap_or_default();
    Some(WaitingOn {
        reason,
        detail: format!("{}: {why}{message}", activity.kind),
        until: Some(until),
        attempt: Some(activity.attempt),
    })
}

fn no_worker(task_queue: &str) -> WaitingOn {
    WaitingOn {
        reason: WaitingReason::Worker,
        detail: format!(
            "no worker polls the task queue `{task_queue}`: start `ai-evolution-worker`"
        ),
        until: None,
        attempt: None,
    }
}
