//! Commands to a workflow that runs: signals, which both types of workflow take alike.

use temporalio_client::errors::WorkflowInteractionError;
use temporalio_client::{Client, WorkflowSignalOptions};
use workflows::experiment::ExperimentWorkflow;

use crate::error::ApiError;
use crate::execution::Command;
use crate::temporal::call::{rpc_options, while_alive};

/// Sends a command to the latest run of a workflow, of whichever of our types it is.
pub(super) async fn send(
    client: &Client,
    workflow_id: &str,
    command: Command,
) -> Result<Result<(), WorkflowInteractionError>, ApiError> {
    let handle = client.get_workflow_handle::<ExperimentWorkflow>(workflow_id);
    let options = WorkflowSignalOptions::builder()
        .rpc_options(rpc_options())
        .build();
    match command {
        Command::Pause(command) => {
            let signal = handle.signal(ExperimentWorkflow::pause, command, options);
            while_alive(client, signal).await
        }
        Command::Resume => {
            let signal = handle.signal(ExperimentWorkflow::resume, (), options);
            while_alive(client, signal).await
        }
        Command::ChangeLimits(change) => {
            let signal = handle.signal(ExperimentWorkflow::change_limits, change, options);
            while_alive(client, signal).await
        }
    }
}
