//! Standalone activities: work that workers of others do for us, asked for by way of Temporal.
//!
//! An activity is named by what it is asked, so that a call whose caller was lost is found again: one that still runs is
//! waited for, one that has succeeded is not carried out again.

use std::time::Duration;

use domain::output::{CallError, CallErrorKind};
use serde_json::Value;
use temporalio_client::errors::{ActivityResultError, StartActivityError};
use temporalio_client::tonic::{Code, Status};
use temporalio_client::{
    ActivityHandle, ActivityIdConflictPolicy, ActivityIdReusePolicy, ActivityStartOptions, Client,
};
use temporalio_common::protos::temporal::api::enums::v1::TimeoutType;
use temporalio_common::protos::temporal::api::failure::v1::Failure;
use temporalio_common::protos::temporal::api::failure::v1::failure::FailureInfo;
use temporalio_common::{ActivityDefinition, RetryPolicy};
use tokio::sync::watch;

/// Where activities are asked for, since there is a connection.
pub(crate) struct Standalone {
    temporal: watch::Sender<Option<(Client, String)>>,
}

impl Default for Standalone {
    fn default() -> Self {
        Self {
            temporal: watch::Sender::new(None),
        }
    }
}

/// An activity to be carried out once.
pub(crate) struct Call<'a> {
    pub(crate) id: String,
    pub(crate) task_queue: &'a str,
    pub(crate) activity: &'a str,
    /// What it is for, as Temporal's pages show it.
    pub(crate) summary: String,
    pub(crate) input: Value,
    pub(crate) schedule_to_start_timeout: Duration,
    pub(crate) start_to_close_timeout: Duration,
    pub(crate) heartbeat_timeout: Option<Duration>,
}

/// An activity by its name: JSON in, JSON out.
struct Named(String);

impl ActivityDefinition for Named {
    type Input = Value;
    type Output = Value;

    fn name(&self) -> &str {
        &self.0
    }
}

impl Standalone {
    /// Asks by this client from now on. `task_queue` is the service's own.
    pub(crate) fn connected(&self, client: Client, task_queue: &str) {
        self.temporal
            .send_replace(Some((client, task_queue.to_owned())));
    }

    /// The result of an activity, whether it is carried out now or was before.
    pub(crate) async fn call(&self, call: Call<'_>) -> Result<Value, CallError> {
        let mut temporal = self.temporal.subscribe();
        let connected = temporal.wait_for(Option::is_some).await;
        let connected = connected.ok().and_then(|connected| connected.clone());
        let Some((client, own_queue)) = connected else {
            let message = "there is no connection to Temporal";
            return Err(CallError::new(CallErrorKind::Unreachable, message));
        };
        if call.task_queue == own_queue {
            let message = format!("the task queue `{own_queue}` is the service's own");
            return Err(CallError::new(CallErrorKind::Refused, message));
        }
        let what = format!("the activity `{}`", call.activity);
        let no_worker = format!(
            "no worker has taken the activity `{}` from the task queue `{}` within {}",
            call.activity,
            call.task_queue,
            humantime::format_duration(call.schedule_to_start_timeout)
        );
        let handle = start(&client, call)
            .await
            .map_err(|status| unsent(&what, &status))?;
        handle.result().await.map_err(|error| match error {
            ActivityResultError::ActivityFailed(error) => failed(&what, error.failure(), no_worker),
            ActivityResultError::Cancelled { .. } => {
                CallError::new(CallErrorKind::Connection, format!("{what} was cancelled"))
            }
            ActivityResultError::Terminated => {
                CallError::new(CallErrorKind::Connection, format!("{what} was terminated"))
            }
            ActivityResultError::PayloadConversion(_) => CallError::new(
                CallErrorKind::BadAnswer,
                format!("the result of {what} is not JSON"),
            ),
            ActivityResultError::Rpc(status) | ActivityResultError::NotFound(status) => {
                unsent(&what, &status)
            }
            _ => CallError::new(
                CallErrorKind::Connection,
                format!("{what} was lost sight of"),
            ),
        })
    }
}

async fn start(client: &Client, call: Call<'_>) -> Result<ActivityHandle<Client, Named>, Status> {
    let options = ActivityStartOptions::with_start_to_close_timeout(
        call.task_queue,
        call.id.clone(),
        call.start_to_close_timeout,
    )
    .schedule_to_start_timeout(call.schedule_to_start_timeout)
    .maybe_heartbeat_timeout(call.heartbeat_timeout)
    // The waits between attempts are those of the experiment, and each attempt is accounted for.
    .retry_policy(RetryPolicy::builder().maximum_attempts(1).build())
    .id_reuse_policy(ActivityIdReusePolicy::AllowDuplicateFailedOnly)
    .id_conflict_policy(ActivityIdConflictPolicy::UseExisting)
    .summary(call.summary)
    .build();
    let activity = Named(call.activity.to_owned());
    match client.start_activity(activity, call.input, options).await {
        Ok(handle) => Ok(handle),
        Err(StartActivityError::AlreadyStarted { run_id, .. }) => {
            let activity = Named(call.activity.to_owned());
            Ok(client.get_activity_handle(activity, call.id, Some(run_id)))
        }
        Err(StartActivityError::Rpc(status)) => Err(status),
        Err(error) => Err(Status::invalid_argument(error.to_string())),
    }
}

/// Why Temporal does not take an activity, or does not tell of it.
fn unsent(what: &str, status: &Status) -> CallError {
    let (kind, why) = match status.code() {
        Code::InvalidArgument => (CallErrorKind::BadRequest, status.message()),
        Code::Unimplemented => (
            CallErrorKind::Refused,
            "this Temporal server knows no standalone activities",
        ),
        Code::PermissionDenied | Code::Unauthenticated => {
            (CallErrorKind::Refused, "Temporal refuses it")
        }
        Code::ResourceExhausted => (CallErrorKind::RateLimited, "Temporal is asked too often"),
        _ => (CallErrorKind::Unreachable, "Temporal does not answer"),
    };
    CallError::new(kind, format!("{what} cannot be asked for: {why}"))
}

/// Why an activity has failed, in its own words.
fn failed(what: &str, failure: &Failure, no_worker: String) -> CallError {
    const LONGEST_REASON: usize = 1000;
    let reason: String = failure.message.chars().take(LONGEST_REASON).collect();
    match &failure.failure_info {
        Some(FailureInfo::TimeoutFailureInfo(timeout)) => match timeout.timeout_type() {
            TimeoutType::ScheduleToStart => CallError::new(CallErrorKind::NoWorker, no_worker),
            TimeoutType::Heartbeat => CallError::new(
                CallErrorKind::Timeout,
                format!("the worker of {what} was not heard of any more"),
            ),
            _ => CallError::new(CallErrorKind::Timeout, format!("{what} took too long")),
        },
        Some(FailureInfo::ApplicationFailureInfo(info)) => {
            let kind = match info.non_retryable {
                true => CallErrorKind::BadRequest,
                false => CallErrorKind::ProviderUnavailable,
            };
            let name = match info.r#type.as_str() {
                "" => String::new(),
                name => format!(" ({name})"),
            };
            let wait = info.next_retry_delay.as_ref();
            let wait = wait.and_then(|wait| Duration::try_from(*wait).ok());
            let message = format!("{what} failed{name}: {reason}");
            CallError {
                retry_after_ms: wait.and_then(|wait| u64::try_from(wait.as_millis()).ok()),
                ..CallError::new(kind, message)
            }
        }
        _ => CallError::new(
            CallErrorKind::Connection,
            format!("{what} failed: {reason}"),
        ),
    }
}
