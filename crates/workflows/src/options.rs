//! How long activities may take and how they are tried again, by intent.

use std::time::Duration;

use domain::config::RetryConfig;
use temporalio_workflow::{
    ActivityCancellationType, ActivityOptions, RetryPolicy, WaitConditionOptions,
    WorkflowCancellationToken,
};

/// A worker that has not been heard of for this long is taken for dead, and its stretch goes to another. Workers are heard of
/// every second, so three beats may be lost; after a crash with an immediate restart a run is back at work in this time.
const HEARTBEAT_TIMEOUT: Duration = Duration::from_secs(4);

/// A workflow task that a worker took and has not answered for this long goes to another. Deciding takes milliseconds;
/// Temporal's own default of ten seconds would be waited for at each task that a frozen worker takes.
pub const WORKFLOW_TASK_TIMEOUT: Duration = Duration::from_secs(4);

/// Longer than any chunk takes; a dead worker is noticed by its heartbeat, not by this.
const LONGEST_ATTEMPT: Duration = Duration::from_secs(24 * 3600);

/// Attempts that are granted for crashed workers and unavailable stores. Items count their own attempts, so that
/// a crash costs no item one of its calls; but what crashes every worker is not tried for ever.
const ATTEMPTS: u32 = 100;

/// For work that waits until the outside recovers: a store that is away, a worker that dies.
pub(crate) fn patient() -> ActivityOptions {
    options(
        RetryPolicy::builder()
            .initial_interval(Duration::from_secs(1))
            .maximum_interval(Duration::from_secs(30))
            .maximum_attempts(ATTEMPTS)
            .build(),
    )
}

/// For model calls as runs of an older worker ask for them: waits as the experiment asks.
pub(crate) fn working(retry: &RetryConfig) -> ActivityOptions {
    options(
        RetryPolicy::builder()
            .initial_interval(retry.initial_interval.as_duration())
            .backoff_coefficient(retry.backoff_coefficient)
            .maximum_interval(retry.maximum_interval.as_duration())
            .maximum_attempts(ATTEMPTS + retry.maximum_attempts)
            .build(),
    )
}

/// Attempts at a stretch. Among them are those that find the provider still away, every half minute: enough for three days.
const ATTEMPTS_AT_A_STRETCH: u32 = 10_000;

/// For model calls, those of scorers too. The waits of items are the worker's; those here come after a crash, or while a store is away.
pub(crate) fn stretching() -> ActivityOptions {
    options(
        RetryPolicy::builder()
            .initial_interval(Duration::from_millis(200))
            .maximum_interval(Duration::from_secs(15))
            .maximum_attempts(ATTEMPTS_AT_A_STRETCH)
            .build(),
    )
}

/// The same, but cancelled by `token` rather than with the workflow.
pub(crate) fn cancelled_by(
    mut options: ActivityOptions,
    token: &WorkflowCancellationToken,
) -> ActivityOptions {
    options.cancellation_token = Some(token.clone());
    options
}

/// The same, but carried out even when the workflow is cancelled.
pub(crate) fn even_if_cancelled(options: ActivityOptions) -> ActivityOptions {
    cancelled_by(options, &WorkflowCancellationToken::new())
}

/// For waits that go on when the workflow is cancelled.
pub(crate) fn wait_even_if_cancelled() -> WaitConditionOptions {
    WaitConditionOptions::builder()
        .cancellation_token(WorkflowCancellationToken::new())
        .build()
}

/// The same, with a line for the Temporal UI.
pub(crate) fn described(mut options: ActivityOptions, summary: String) -> ActivityOptions {
    options.summary = Some(summary);
    options
}

fn options(retry_policy: RetryPolicy) -> ActivityOptions {
    ActivityOptions::with_start_to_close_timeout(LONGEST_ATTEMPT)
        .heartbeat_timeout(HEARTBEAT_TIMEOUT)
        // What was recorded before a cancellation is still scored, so wait until the activity has put it away.
        .cancellation_type(ActivityCancellationType::WaitCancellationCompleted)
        .retry_policy(retry_policy)
        .build()
}
