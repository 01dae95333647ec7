//! Why a run begins no further stretch, and what is said of it.

use temporalio_common::error::{ApplicationFailure, IncomingError};
use temporalio_workflow::{ActivityExecutionError, WorkflowTermination};

use crate::failure;

/// Why a run begins no further stretch.
#[derive(Clone, Debug)]
pub(super) enum Stop {
    /// The history is long enough; the rest belongs to the next part.
    ContinueAsNew,
    Cancelled,
    Failed(String),
}

impl From<&ActivityExecutionError> for Stop {
    fn from(error: &ActivityExecutionError) -> Self {
        match error.as_cancelled() {
            Some(_) => Self::Cancelled,
            None => Self::Failed(reason(error)),
        }
    }
}

/// The innermost message: that of the activity, not that an activity failed.
pub(crate) fn reason(error: &ActivityExecutionError) -> String {
    match error.cause() {
        Some(IncomingError::Application(failure)) => failure.source_error().to_string(),
        Some(cause) => cause.failure().message.clone(),
        None => error.to_string(),
    }
}

/// Whether the activity itself said why it failed, rather than Temporal that it ended.
pub(super) fn is_told(error: &ActivityExecutionError) -> bool {
    matches!(error.cause(), Some(IncomingError::Application(_)))
}

pub(crate) fn run_failed(reason: String) -> WorkflowTermination {
    ApplicationFailure::builder(reason)
        .type_name(failure::RUN_FAILED.to_owned())
        .non_retryable(true)
        .build()
        .into()
}
