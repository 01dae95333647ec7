//! Several models over one dataset: the dataset is loaded once, each model is a child run, none waits for or harms another.
//! Commands go on to every run, also to those that begin later.

mod commands;

use std::cell::Cell;

use domain::config::RetryConfig;
use domain::dataset::DatasetRef;
use domain::experiment::ExperimentId;
use domain::limits::{LimitsChange, RunLimits};
use domain::progress::Progress;
use domain::summary::Status;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use temporalio_common::WorkflowDefinition;
use temporalio_macros::{workflow, workflow_methods};
use temporalio_workflow::{
    ActivityExecutionError, ChildWorkflowCancellationType, ChildWorkflowExecutionError,
    ChildWorkflowOptions, ParentClosePolicy, StartedChildWorkflow, SyncWorkflowContext,
    WorkflowContext, WorkflowContextView, WorkflowResult, WorkflowTermination, join, join_all,
};

use self::commands::{Command, Commands, forward};
use crate::activities::{Emit, ExperimentActivities, Load, RunRef, SpecRef};
use crate::experiment::{
    ExperimentWorkflow, PauseCommand, Resumed, RunInput, RunOutcome, Work, begun_with, now, reason,
    run_failed, tell, time_of,
};
use crate::ids;
use crate::options::{WORKFLOW_TASK_TIMEOUT, even_if_cancelled, patient};

/// Characters of a model's name in the Temporal UI, which takes 400 bytes: four for a character at most.
const LONGEST_SUMMARY: usize = 100;

/// What an experiment with several models is started with.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct MultiModelInput {
    pub spec: SpecRef,
    /// The models' names, in the order of the specification.
    pub models: Vec<String>,
    pub concurrency_limit: u32,
    pub retry: RetryConfig,
    /// Models run at once; all of them unless given.
    pub max_parallel_models: Option<u32>,
    /// The limits of each run in full; an older API gives a concurrency only.
    #[serde(default)]
    pub limits: Option<RunLimits>,
    /// 0 at first, one more with each retry or rescoring.
    #[serde(default)]
    pub round: u32,
    #[serde(default)]
    pub work: Work,
}

/// How the run of one model ended.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct ModelOutcome {
    pub model: String,
    pub status: Status,
    /// Why the run ended before its time.
    pub reason: Option<String>,
}

/// Runs several models over one dataset.
#[workflow]
pub struct MultiModelWorkflow {
    input: MultiModelInput,
    commands: Commands,
}

#[workflow_methods]
impl MultiModelWorkflow {
    #[init]
    fn new(ctx: &WorkflowContextView, mut input: MultiModelInput) -> Self {
        input.spec = input.spec.begun(ctx.workflow_id());
        let limits = input
            .limits
            .unwrap_or_else(|| RunLimits::of_concurrency(input.concurrency_limit));
        Self {
            commands: Commands::new(limits),
            input,
        }
    }

    #[run(name = "MultiModelWorkflow")]
    pub async fn run(ctx: &mut WorkflowContext<Self>) -> WorkflowResult<Vec<ModelOutcome>> {
        let input = ctx.state(|all| all.input.clone());
        let started_at = now(ctx);
        let load = Load {
            spec: input.spec.clone(),
        };
        let loaded = ctx
            .execute_activity(ExperimentActivities::load_dataset, load, patient())
            .await;
        let outcomes = match loaded {
            Ok(dataset) => run_models(ctx, &input, &dataset, started_at).await?,
            Err(error) => give_up(ctx, &input, &error, started_at).await?,
        };
        end(&outcomes)?;
        Ok(outcomes)
    }

    /// As [`ExperimentWorkflow::pause`], for every run that has not ended.
    #[signal(name = "pause")]
    pub fn pause(&mut self, ctx: &mut SyncWorkflowContext<Self>, command: PauseCommand) {
        let since = time_of(ctx.workflow_time());
        self.commands.take(Command::Pause(command), since);
        tell(ctx, self.progress());
    }

    /// As [`ExperimentWorkflow::resume`], for every run that has not ended.
    #[signal(name = "resume")]
    pub fn resume(&mut self, ctx: &mut SyncWorkflowContext<Self>) {
        let since = time_of(ctx.workflow_time());
        self.commands.take(Command::Resume, since);
        tell(ctx, self.progress());
    }

    /// As [`ExperimentWorkflow::change_limits`], for every run that has not ended.
    #[signal(name = "change_limits")]
    pub fn change_limits(&mut self, ctx: &mut SyncWorkflowContext<Self>, change: LimitsChange) {
        let since = time_of(ctx.workflow_time());
        self.commands.take(Command::ChangeLimits(change), since);
        tell(ctx, self.progress());
    }
}

impl MultiModelWorkflow {
    /// What holds for runs that have not begun.
    fn progress(&self) -> Progress {
        Progress {
            pause: self.commands.pause.clone(),
            limits: Some(self.commands.limits),
            ..Progress::default()
        }
    }
}

/// Runs every model as a child, a bounded number at once.
async fn run_models(
    ctx: &WorkflowContext<MultiModelWorkflow>,
    input: &MultiModelInput,
    dataset: &DatasetRef,
    started_at: Timestamp,
) -> WorkflowResult<Vec<ModelOutcome>> {
    let next = &Cell::new(0);
    let parallel = input
        .max_parallel_models
        .map_or(input.models.len(), |max| max as usize);
    let lanes = (0..parallel.clamp(1, input.models.len().max(1))).map(|_| async move {
        let mut outcomes = Vec::new();
        while next.get() < input.models.len() {
            let index = next.replace(next.get() + 1);
            outcomes.push((
                index,
                run_model(ctx, input, index, dataset, started_at).await?,
            ));
        }
        Ok::<_, WorkflowTermination>(outcomes)
    });
    let mut outcomes = Vec::new();
    for lane in join_all(lanes).await {
        outcomes.extend(lane?);
    }
    outcomes.sort_by_key(|(index, _)| *index);
    Ok(outcomes.into_iter().map(|(_, outcome)| outcome).collect())
}

async fn run_model(
    ctx: &WorkflowContext<MultiModelWorkflow>,
    input: &MultiModelInput,
    index: usize,
    dataset: &DatasetRef,
    started_at: Timestamp,
) -> WorkflowResult<ModelOutcome> {
    if ctx.cancellation_token().is_cancelled() {
        return not_run(ctx, input, index, Status::Cancelled, None, started_at).await;
    }
    let experiment: &ExperimentId = &input.spec.experiment_id;
    let workflow_id = ids::run_workflow(experiment, index_of(index), input.models.len());
    let options = ChildWorkflowOptions::builder()
        .workflow_id(workflow_id.clone())
        .static_summary(
            input.models[index]
                .chars()
                .take(LONGEST_SUMMARY)
                .collect::<String>(),
        )
        .task_timeout(WORKFLOW_TASK_TIMEOUT)
        .cancel_type(ChildWorkflowCancellationType::WaitCancellationCompleted)
        .parent_close_policy(ParentClosePolicy::Terminate)
        .build();
    let (limits, pause, taken) = ctx.state(|all| all.commands.so_far());
    let run = RunInput {
        run: RunRef {
            spec: input.spec.clone(),
            index: index_of(index),
            round: input.round,
        },
        model: input.models[index].clone(),
        concurrency_limit: input.concurrency_limit,
        retry: input.retry.clone(),
        limits: Some(limits),
        work: input.work,
        resumed: match input.work {
            Work::Emit => Resumed::default(),
            Work::Generate | Work::Score => begun_with(limits, pause, dataset.clone()),
        },
    };
    let (status, reason) = match ctx
        .start_child_workflow(ExperimentWorkflow::run, run, options)
        .await
    {
        Ok(child) => outcome_of(follow(ctx, child, workflow_id, taken).await),
        Err(error) if error.as_cancelled().is_some() => (Status::Cancelled, None),
        Err(error) => (Status::Failed, Some(error.to_string())),
    };
    Ok(ModelOutcome {
        model: input.models[index].clone(),
        status,
        reason,
    })
}

/// Waits for a run to end, while commands go on to it.
async fn follow<Run>(
    ctx: &WorkflowContext<MultiModelWorkflow>,
    child: StartedChildWorkflow<Run>,
    workflow_id: String,
    taken: usize,
) -> Result<RunOutcome, ChildWorkflowExecutionError>
where
    Run: WorkflowDefinition<Output = RunOutcome>,
{
    let has_ended = &Cell::new(false);
    let run = ctx.external_workflow(workflow_id, None);
    let ending = async {
        let result = child.result().await;
        has_ended.set(true);
        result
    };
    let (result, ()) = join!(ending, forward(ctx, &run, taken, has_ended));
    result
}

/// Ends every model's run without a call: there is no dataset to run on.
async fn give_up(
    ctx: &WorkflowContext<MultiModelWorkflow>,
    input: &MultiModelInput,
    error: &ActivityExecutionError,
    started_at: Timestamp,
) -> WorkflowResult<Vec<ModelOutcome>> {
    let (status, reason) = match error.as_cancelled() {
        Some(_) => (Status::Cancelled, None),
        None => (Status::Failed, Some(reason(error))),
    };
    let mut outcomes = Vec::new();
    for index in 0..input.models.len() {
        outcomes.push(not_run(ctx, input, index, status, reason.clone(), started_at).await?);
    }
    Ok(outcomes)
}

/// Archives a run that never began, so that it is found like any other.
async fn not_run(
    ctx: &WorkflowContext<MultiModelWorkflow>,
    input: &MultiModelInput,
    index: usize,
    status: Status,
    reason: Option<String>,
    started_at: Timestamp,
) -> WorkflowResult<ModelOutcome> {
    let emit = Emit {
        run: RunRef {
            spec: input.spec.clone(),
            index: index_of(index),
            round: input.round,
        },
        status,
        reason: reason.clone(),
        started_at,
        progress: Progress::default(),
        again: false,
    };
    ctx.execute_activity(
        ExperimentActivities::emit_results,
        emit,
        even_if_cancelled(patient()),
    )
    .await?;
    Ok(ModelOutcome {
        model: input.models[index].clone(),
        status,
        reason,
    })
}

/// The experiment ends as its runs did; one that failed makes it failed, and takes nothing from the others.
fn end(outcomes: &[ModelOutcome]) -> WorkflowResult<()> {
    if outcomes
        .iter()
        .any(|outcome| outcome.status == Status::Cancelled)
    {
        return Err(WorkflowTermination::cancelled());
    }
    let failed: Vec<String> = outcomes
        .iter()
        .filter(|outcome| outcome.status != Status::Completed)
        .map(|outcome| {
            format!(
                "`{}`: {}",
                outcome.model,
                outcome.reason.as_deref().unwrap_or("no reason given")
            )
        })
        .collect();
    match failed.is_empty() {
        true => Ok(()),
        false => Err(run_failed(format!(
            "{} of {} models failed: {}",
            failed.len(),
            outcomes.len(),
            failed.join("; ")
        ))),
    }
}

fn outcome_of(result: Result<RunOutcome, ChildWorkflowExecutionError>) -> (Status, Option<String>) {
    match result {
        Ok(outcome) => (outcome.status, None),
        Err(error) if error.as_cancelled().is_some() => (Status::Cancelled, None),
        Err(error) => {
            let reason = error.cause().map(|cause| cause.failure().message.clone());
            (
                Status::Failed,
                Some(reason.unwrap_or_else(|| error.to_string())),
            )
        }
    }
}

fn index_of(index: usize) -> u32 {
    u32::try_from(index).unwrap_or(u32::MAX)
}
