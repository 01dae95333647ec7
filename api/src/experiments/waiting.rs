//! Why nothing moves in a workflow, when nothing does.

use api_types::experiments::{WaitingOn, WaitingReason};
use api_types::workflows::PendingActivityState;
use domain::experiment::ExperimentId;
use domain::limits::RunLimits;
use domain::progress::{Pause, PausedBy};
use domain::waiting::WaitReason;
use jiff::Timestamp;
use workflows::failure;

use crate::error::ApiError;
use crate::execution::{Activity, Execution, TaskKind};
use crate::state::AppState;

/// What the workflow of a run waits for: to be resumed, while it is paused and there is a worker to hear of commands.
pub(super) async fn on_run(
    state: &AppState,
    id: &ExperimentId,
    execution: &Execution,
) -> Result<Option<WaitingOn>, ApiError> {
    let progress = execution.progress.as_ref();
    let Some((progress, pause)) = progress.and_then(|it| Some((it, it.pause.as_ref()?))) else {
        return on(state, execution).await;
    };
    if execution.status.is_final() {
        return Ok(None);
    }
    let deaf = match execution.awaits_worker {
        true => on(state, execution).await?,
        false => None,
    };
    let paused = || paused(pause, progress.limits.as_ref(), id.as_ref());
    Ok(Some(deaf.unwrap_or_else(paused)))
}

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
            match state.workflows.last_poll(task_queue, kind).await?.is_some() {
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
    let mut soonest: Option<WaitingOn> = None;
    let mut is_queued = false;
    for activity in &execution.activities {
        match hold_up(activity, now) {
            HoldUp::None => return Stillness::Moving,
            HoldUp::Queue => is_queued = true,
            HoldUp::Wait(wait) => {
                let known = soonest.as_ref();
                if known.is_none_or(|known| wait.until < known.until) {
                    soonest = Some(wait);
                }
            }
        }
    }
    match (is_queued, soonest) {
        (true, _) => Stillness::Queued(TaskKind::Activity),
        (false, Some(soonest)) => Stillness::Waiting(Box::new(soonest)),
        (false, None) => Stillness::Moving,
    }
}

/// What keeps one activity from moving.
enum HoldUp {
    None,
    /// It could begin at once.
    Queue,
    Wait(WaitingOn),
}

fn hold_up(activity: &Activity, now: Timestamp) -> HoldUp {
    match activity.state {
        PendingActivityState::Started => under_way(activity).map_or(HoldUp::None, HoldUp::Wait),
        PendingActivityState::Scheduled => {
            backoff(activity, now).map_or(HoldUp::Queue, HoldUp::Wait)
        }
        PendingActivityState::CancelRequested
        | PendingActivityState::Paused
        | PendingActivityState::Unknown => HoldUp::None,
    }
}

/// Why an activity under way makes no call, as it has said itself.
fn under_way(activity: &Activity) -> Option<WaitingOn> {
    let progress = activity.progress.as_ref()?;
    let wait = progress.wait.as_ref()?;
    let (reason, outlook) = match wait.reason {
        WaitReason::RateLimit => (WaitingReason::RateLimit, "calls go on by themselves"),
        WaitReason::FleetLimit => (
            WaitingReason::RateLimit,
            "calls go on as soon as those of other runs leave room",
        ),
        WaitReason::Provider => (
            WaitingReason::Provider,
            "calls go on by themselves when it is back",
        ),
        WaitReason::Worker => (
            WaitingReason::Worker,
            "calls go on by themselves when one is there",
        ),
        WaitReason::Backoff => (
            WaitingReason::Backoff,
            "what failed is asked again by itself after a wait",
        ),
    };
    Some(WaitingOn {
        reason,
        detail: format!("{}; {outlook}", wait.detail),
        until: wait.until,
        attempt: progress.next_attempt,
    })
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
        Some(failure::PROVIDER_AWAY) => (
            WaitingReason::Provider,
            "calls go on by themselves when the provider is back",
        ),
        Some(failure::WORKER_AWAY) => (
            WaitingReason::Worker,
            "calls go on by themselves when a worker is there",
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

/// That a run is paused, and what makes it go on.
pub(super) fn paused(pause: &Pause, limits: Option<&RunLimits>, id: &str) -> WaitingOn {
    let raise = |name: &str, budget: Option<String>| {
        let of = budget
            .map(|budget| format!(" of {budget}"))
            .unwrap_or_default();
        format!(
            "the budget `{name}`{of} is spent; raise it with `PATCH /v1/experiments/{id}` to go on"
        )
    };
    let detail = match (pause.by, &pause.reason) {
        (PausedBy::User, Some(reason)) => format!("paused by a user: {reason}"),
        (PausedBy::User, None) => "paused by a user; resume it to go on".to_owned(),
        (PausedBy::Cost, _) => raise(
            "max_cost",
            limits.and_then(|limits| Some(limits.max_cost?.to_string())),
        ),
        (PausedBy::Tokens, _) => raise(
            "max_tokens",
            limits.and_then(|limits| Some(limits.max_tokens?.to_string())),
        ),
    };
    WaitingOn {
        reason: WaitingReason::Paused,
        detail,
        until: None,
        attempt: None,
    }
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
