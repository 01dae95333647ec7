//! What can go wrong in an activity, and what Temporal is told of it: the type of the failure and whether to try again.

use std::fmt;
use std::time::Duration;

use domain::output::{CallError, CallErrorKind};
use temporalio_common::error::ApplicationFailure;
use temporalio_sdk::activities::ActivityError;
use workflows::failure;

/// Why an activity has not done its work.
///
/// Deliberately no `std::error::Error`: the SDK turns every such error into a retryable failure without a type.
#[derive(Debug)]
pub(crate) enum Failure {
    Dataset(String),
    /// The address of the dataset's file does not answer as it should.
    Unreachable(String),
    Spec(String),
    Refused(CallError),
    ItemsUnfinished {
        waiting: usize,
        last: CallError,
        retry_in: Duration,
    },
    /// The provider has been away for a while; the stretch comes back to see whether it still is.
    ProviderAway {
        detail: String,
        retry_in: Duration,
    },
    /// No worker takes the activities of a task queue.
    WorkerAway {
        detail: String,
        retry_in: Duration,
    },
    /// More items have failed than the experiment allows.
    TooManyFailures(String),
    Artifacts(artifacts::Error),
    /// Some sinks are away; all others have been delivered to.
    SinksAway(String),
    /// The specification at this key is not there yet.
    NotArchivedYet(String),
    /// A temporary file of the worker cannot be written or read.
    Disk(std::io::Error),
    /// The worker is stopping.
    HandedOver,
    Cancelled,
    /// A task of ours was aborted or panicked.
    Task(tokio::task::JoinError),
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Dataset(reason) => write!(f, "the dataset cannot be used: {reason}"),
            Self::Unreachable(reason) => write!(f, "the dataset cannot be fetched: {reason}"),
            Self::Spec(reason) => write!(f, "the experiment cannot be carried out: {reason}"),
            Self::Refused(error) => error.fmt(f),
            Self::ItemsUnfinished { waiting, last, .. } => {
                write!(
                    f,
                    "{waiting} items have no answer yet; the last call: {}",
                    last.outline()
                )
            }
            Self::ProviderAway { detail, .. } => write!(f, "the provider is away: {detail}"),
            Self::WorkerAway { detail, .. } => f.write_str(detail),
            Self::TooManyFailures(reason) => f.write_str(reason),
            Self::Artifacts(error) => error.fmt(f),
            Self::SinksAway(reasons) => write!(f, "the results are not delivered yet: {reasons}"),
            Self::NotArchivedYet(key) => {
                write!(
                    f,
                    "the specification `{key}` is not in the artifact store yet"
                )
            }
            // Not the whole error, which names a folder of the operator.
            Self::Disk(error) => write!(f, "the worker's temporary files fail: {}", error.kind()),
            Self::HandedOver => f.write_str("the worker is stopping and hands its work over"),
            Self::Cancelled => f.write_str("cancelled"),
            Self::Task(error) => write!(f, "a task of the worker ended before its time: {error}"),
        }
    }
}

impl From<artifacts::Error> for Failure {
    fn from(error: artifacts::Error) -> Self {
        Self::Artifacts(error)
    }
}

impl From<datasets::Unreadable> for Failure {
    fn from(error: datasets::Unreadable) -> Self {
        Self::Dataset(error.to_string())
    }
}

impl From<tokio::task::JoinError> for Failure {
    fn from(error: tokio::task::JoinError) -> Self {
        Self::Task(error)
    }
}

impl From<Failure> for ActivityError {
    fn from(failure: Failure) -> Self {
        let (kind, retryable, delay) = match &failure {
            Failure::Cancelled => return Self::cancelled(),
            Failure::Dataset(_) => (failure::DATASET_INVALID, false, None),
            Failure::Unreachable(_) => (failure::DATASET_UNAVAILABLE, true, None),
            Failure::Spec(_) => (failure::SPEC_INVALID, false, None),
            // The adapter could not be opened, and for the worker's own trouble: nobody has refused anything.
            Failure::Refused(error) if error.kind.is_retryable() => {
                (failure::DISK_UNAVAILABLE, true, None)
            }
            Failure::Refused(_) => (failure::PROVIDER_REFUSED, false, None),
            Failure::ItemsUnfinished { last, retry_in, .. } => match last.kind {
                CallErrorKind::RateLimited => (failure::RATE_LIMITED, true, Some(*retry_in)),
                _ => (failure::ITEMS_UNFINISHED, true, Some(*retry_in)),
            },
            Failure::ProviderAway { retry_in, .. } => {
                (failure::PROVIDER_AWAY, true, Some(*retry_in))
            }
            Failure::WorkerAway { retry_in, .. } => (failure::WORKER_AWAY, true, Some(*retry_in)),
            Failure::TooManyFailures(_) => (failure::TOO_MANY_FAILURES, false, None),
            Failure::NotArchivedYet(_) => (failure::NOT_ARCHIVED_YET, true, None),
            Failure::Artifacts(error) if error.is_retryable() => {
                (failure::ARTIFACTS_UNAVAILABLE, true, None)
            }
            Failure::Artifacts(_) => (failure::ARTIFACT_INVALID, false, None),
            Failure::SinksAway(_) => (failure::SINK_UNAVAILABLE, true, None),
            Failure::Disk(_) => (failure::DISK_UNAVAILABLE, true, None),
            Failure::HandedOver => (failure::HANDED_OVER, true, Some(Duration::from_millis(1))),
            Failure::Task(_) => (failure::TASK_ABORTED, true, None),
        };
        ApplicationFailure::builder(failure.to_string())
            .type_name(kind.to_owned())
            .non_retryable(!retryable)
            .maybe_next_retry_delay(delay)
            .build()
            .into()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The type and whether it is tried again.
    fn told(failure: Failure) -> (Option<String>, bool) {
        match ActivityError::from(failure) {
            ActivityError::Application(failure) => (
                failure.type_name().map(str::to_owned),
                !failure.is_non_retryable(),
            ),
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn trouble_of_the_workers_own_disk_is_tried_again() {
        let retryable = |kind: &str| (Some(kind.to_owned()), true);
        let full = || std::io::Error::from(std::io::ErrorKind::StorageFull);
        assert_eq!(told(Failure::Disk(full())), retryable("DiskUnavailable"));
        let opening = CallError::new(CallErrorKind::Connection, full().to_string());
        assert_eq!(
            told(Failure::Refused(opening)),
            retryable("DiskUnavailable")
        );
        let refused = CallError::new(CallErrorKind::Refused, "no such model");
        assert_eq!(
            told(Failure::Refused(refused)),
            (Some("ProviderRefused".to_owned()), false)
        );
    }
}
