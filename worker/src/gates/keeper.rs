//! Keeps this worker's lease of a provider: asks for it in time, and gives it back when it is not needed.

use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

use domain::lease::{Ask, Lease};
use temporalio_client::{Client, WorkflowIdConflictPolicy, WorkflowUpdateWithStartOptions};
use tokio::time::timeout;
use tokio_util::sync::CancellationToken;
use workflows::ids;
use workflows::options::WORKFLOW_TASK_TIMEOUT;
use workflows::provider_limit::{ProviderLimitInput, ProviderLimitWorkflow};

use super::bucket::When;
use super::provider::Gate;

/// How long an answer may take. A lease lasts longer, so that it can be asked for once more.
const ANSWER_WITHIN: Duration = Duration::from_secs(5);

/// Keeps the lease of the provider `name` until the worker stops and has given it back.
pub(super) async fn keep<F>(
    name: &str,
    gate: Arc<Gate>,
    worker: &str,
    stopping: CancellationToken,
    ask: impl Fn(Ask) -> F,
) where
    F: Future<Output = anyhow::Result<Lease>>,
{
    let mut is_refused = false;
    loop {
        let is_stopping = stopping.is_cancelled();
        let news = async {
            tokio::select! {
                () = gate.lease_wanted.notified() => {}
                () = stopping.cancelled(), if !is_stopping => {}
            }
        };
        match gate.lease_due(is_stopping) {
            When::Now => {}
            When::Never if is_stopping && gate.is_idle() => return,
            When::Never => {
                news.await;
                continue;
            }
            When::At(at) => {
                tokio::select! {
                    () = tokio::time::sleep_until(at) => {}
                    () = news => {}
                }
                continue;
            }
        }
        let Some(asked) = gate.ask(worker) else {
            return;
        };
        let answer = match timeout(ANSWER_WITHIN, ask(asked)).await {
            Ok(answer) => answer,
            Err(_) => Err(anyhow::anyhow!("no answer in time")),
        };
        match &answer {
            Err(error) if !is_refused => tracing::warn!(
                provider = name,
                error = format!("{error:#}"),
                "no part of the provider's limit can be had; its calls wait when the last one ends"
            ),
            Ok(_) if is_refused => {
                tracing::info!(provider = name, "the provider's limit is shared again")
            }
            _ => {}
        }
        is_refused = answer.is_err();
        gate.answered(answer.ok().as_ref());
    }
}

/// Asks the workflow that keeps the limit, and starts it if nobody has.
pub(super) async fn ask_workflow(
    client: Client,
    task_queue: &str,
    provider: &str,
    ask: Ask,
) -> anyhow::Result<Lease> {
    let options = WorkflowUpdateWithStartOptions::new(
        task_queue,
        ids::provider_limit_workflow(task_queue, provider),
        WorkflowIdConflictPolicy::UseExisting,
    )
    .task_timeout(WORKFLOW_TASK_TIMEOUT)
    .static_summary(format!("what may be asked of `{provider}`"))
    .build();
    let lease = client
        .execute_update_with_start_workflow(
            ProviderLimitWorkflow::run,
            ProviderLimitInput::default(),
            ProviderLimitWorkflow::lease,
            ask,
            options,
        )
        .await?;
    Ok(lease)
}
