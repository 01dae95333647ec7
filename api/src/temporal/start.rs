//! Starting the workflow of an experiment.

use temporalio_client::errors::WorkflowStartError;
use temporalio_client::{
    Client, WorkflowIdConflictPolicy, WorkflowIdReusePolicy, WorkflowStartOptions,
};
use temporalio_common::MemoValues;
use workflows::experiment::ExperimentWorkflow;
use workflows::ids;
use workflows::memo::{self, ExperimentMemo};
use workflows::multi_model::MultiModelWorkflow;
use workflows::options::WORKFLOW_TASK_TIMEOUT;

use crate::error::ApiError;
use crate::execution::{IdUse, Input, Start};
use crate::temporal::call::{failed, rpc_options, while_alive};

/// The longest summary of a workflow that Temporal takes, in bytes.
const LONGEST_SUMMARY: usize = 400;

/// Starts the workflow and gives the id of its run. No two run under one id; a first one is refused whatever became of the
/// workflow that had its id.
pub(super) async fn start(
    client: &Client,
    task_queue: &str,
    start: Start,
) -> Result<String, ApiError> {
    let reuse = match start.id_use {
        IdUse::First => WorkflowIdReusePolicy::RejectDuplicate,
        IdUse::Again => WorkflowIdReusePolicy::AllowDuplicate,
    };
    let summary = summary(&start.memo).to_owned();
    let mut memo_values = MemoValues::new();
    memo_values.insert(memo::EXPERIMENT, start.memo);
    let options = WorkflowStartOptions::new(task_queue, ids::experiment_workflow(&start.id))
        .id_reuse_policy(reuse)
        .id_conflict_policy(WorkflowIdConflictPolicy::Fail)
        .memo(memo_values)
        .task_timeout(WORKFLOW_TASK_TIMEOUT)
        .static_summary(summary)
        .rpc_options(rpc_options())
        .build();
    let started = match start.input {
        Input::OneModel(input) => {
            let start = client.start_workflow(ExperimentWorkflow::run, *input, options);
            let started = while_alive(client, start).await?;
            started.map(|handle| handle.info().run_id.clone())
        }
        Input::SeveralModels(input) => {
            let start = client.start_workflow(MultiModelWorkflow::run, *input, options);
            let started = while_alive(client, start).await?;
            started.map(|handle| handle.info().run_id.clone())
        }
    };
    let run_id = started.map_err(|error| match error {
        WorkflowStartError::AlreadyStarted { .. } => ApiError::Conflict(start.id.to_string()),
        WorkflowStartError::Rpc(status) => failed(status),
        error => ApiError::internal(error),
    })?;
    Ok(run_id.unwrap_or_default())
}

/// What the Temporal UI says of the workflow.
pub(super) fn summary(memo: &ExperimentMemo) -> &str {
    within(&memo.experiment_name, LONGEST_SUMMARY)
}

/// The beginning of a text that fits into so many bytes.
fn within(text: &str, bytes: usize) -> &str {
    &text[..text.floor_char_boundary(bytes)]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_long_name_is_cut_between_characters() {
        assert_eq!(within("äöü", 3), "ä");
        assert_eq!(within("ab", 3), "ab");
    }
}
