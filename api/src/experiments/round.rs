//! Another round of an experiment that has ended: what it was carried out by, with changes, started under the same id.

use api_types::experiments::Experiment;
use domain::config::{
    AdapterConfig, ExecutionConfig, ExperimentConfig, ModelConfig, RetryConfig, ScorerConfig,
    SinkConfig,
};
use domain::experiment::ExperimentId;
use domain::limits::RunLimits;
use domain::progress::Progress;
use domain::spec::ExperimentSpec;
use runtime::traces::current_trace;
use workflows::activities::SpecRef;
use workflows::experiment::{Resumed, Work};
use workflows::ids;
use workflows::memo::ExperimentMemo;

use crate::error::ApiError;
use crate::execution::IdUse;
use crate::experiments::configuration::config;
use crate::experiments::create::checked;
use crate::experiments::outline::missing;
use crate::experiments::starting::Round;
use crate::experiments::{archive, runs, show};
use crate::state::AppState;

/// Parts of a configuration, each in place of the whole part of that name.
#[derive(Default)]
pub(super) struct Changes {
    pub(super) adapter: Option<AdapterConfig>,
    pub(super) scorers: Option<Vec<ScorerConfig>>,
    pub(super) sinks: Option<Vec<SinkConfig>>,
    pub(super) execution: Option<ExecutionConfig>,
    pub(super) retry: Option<RetryConfig>,
}

/// What the rounds so far have left.
struct Past {
    memo: ExperimentMemo,
    /// Of the only run; of several runs, what holds for all.
    progress: Progress,
}

/// Begins a round. Whoever is second to begin one gets the experiment as it runs.
pub(super) async fn begin(
    state: &AppState,
    id: &ExperimentId,
    work: Work,
    changes: Changes,
) -> Result<Experiment, ApiError> {
    let Past { mut memo, progress } = past(state, id).await?;
    let none = |reason| ApiError::NotRepeatable {
        id: id.to_string(),
        reason,
    };
    let progress = match work {
        Work::Emit => on_record(state, id, &memo).await?.ok_or(none(
            "nothing is summarised that could be delivered; `rescore` summarises what is there",
        ))?,
        Work::Generate | Work::Score => begun_with(progress),
    };
    let sha256 = memo.spec_sha256.take();
    let sha256 = sha256.ok_or(none("it is not on record what it was carried out by"))?;
    let read = match &memo.schedule_id {
        None => state.store.spec(id, &sha256).await,
        Some(schedule) => state.store.take_over_spec(schedule, id, &sha256).await,
    };
    let old = match read {
        Err(artifacts::Error::NotFound(_)) => {
            return Err(none("its specification is not in the artifact store"));
        }
        read => read?,
    };
    let standing = progress.limits.filter(|_| changes.execution.is_none());
    let spec = changed(state, old, changes).await?;
    let spec_ref = SpecRef {
        experiment_id: id.clone(),
        sha256: state.store.put_spec(id, &spec).await?,
        schedule: memo.schedule_id.clone(),
    };
    memo.spec_sha256 = Some(spec_ref.sha256.clone());
    memo.round += u32::from(work != Work::Emit);
    memo.trace_id = current_trace();
    let limits = standing.unwrap_or_else(|| RunLimits::from(&spec.execution));
    let round = Round {
        spec,
        spec_ref,
        memo,
        work,
        limits,
        resumed: Resumed {
            progress: Progress {
                limits: Some(limits),
                ..progress
            },
            ..Resumed::default()
        },
    };
    match state.workflows.start(round.start(IdUse::Again)).await {
        Ok(_) | Err(ApiError::Conflict(_)) => show::experiment(state, id).await,
        Err(error) => Err(error),
    }
}

/// What is known of an experiment that has ended, by Temporal or else by the archive.
async fn past(state: &AppState, id: &ExperimentId) -> Result<Past, ApiError> {
    let workflow_id = ids::experiment_workflow(id);
    let execution = state.workflows.describe(&workflow_id).await?;
    let known = execution.and_then(|mut execution| Some((execution.experiment.take()?, execution)));
    if let Some((memo, execution)) = known {
        if !execution.status.is_final() {
            return Err(ApiError::Running(id.to_string()));
        }
        let memo = ExperimentMemo {
            created_at: memo.created_at.or(Some(execution.started_at)),
            ..memo
        };
        let progress = execution.progress.unwrap_or_default();
        return Ok(Past { memo, progress });
    }
    let summaries = state.store.summaries(id).await?;
    let Some(latest) = summaries.iter().max_by_key(|summary| summary.round) else {
        return Err(missing(id));
    };
    let models = summaries.iter().map(|summary| summary.model.clone());
    let memo = ExperimentMemo {
        experiment_name: latest.experiment_name.clone(),
        models: models.collect(),
        created_at: summaries.iter().map(|summary| summary.started_at).min(),
        spec_sha256: latest.spec_sha256.clone(),
        round: latest.round,
        tags: archive::tags(state, id, latest).await?,
        schedule_id: latest.schedule_id.clone(),
        trace_id: latest.trace_id.clone(),
    };
    let progress = latest.progress.clone();
    Ok(Past { memo, progress })
}

/// What a round that obtains or scores outputs knows at its beginning: the dataset stays the one it was.
fn begun_with(before: Progress) -> Progress {
    Progress {
        dataset: before.dataset,
        limits: before.limits,
        ..Progress::default()
    }
}

/// What is archived of the first run, if something is of each.
async fn on_record(
    state: &AppState,
    id: &ExperimentId,
    memo: &ExperimentMemo,
) -> Result<Option<Progress>, ApiError> {
    let mut first = None;
    for index in 0..memo.models.len() {
        let index = u32::try_from(index).unwrap_or(u32::MAX);
        let run = runs::key(id, index, memo.round);
        let Some(summary) = state.store.summary(&run).await? else {
            return Ok(None);
        };
        first.get_or_insert(summary.progress);
    }
    Ok(first)
}

/// The specification with its changes, which keep every rule of a new experiment.
async fn changed(
    state: &AppState,
    old: ExperimentSpec,
    changes: Changes,
) -> Result<ExperimentSpec, ApiError> {
    let source = old.dataset.clone();
    let name = old.experiment_name.clone();
    let old = config(state, old).await?;
    let execution = match changes.execution {
        Some(execution) => with_samples(execution, old.execution.samples)?,
        None => old.execution.clone(),
    };
    let replaced = changes.adapter.is_some();
    let models = old.models.into_iter().map(|model| ModelConfig {
        adapter: model.adapter.filter(|_| !replaced),
        ..model
    });
    let config = ExperimentConfig {
        models: models.collect(),
        adapter: changes.adapter,
        scorers: changes.scorers.unwrap_or(old.scorers),
        sinks: changes.sinks.unwrap_or(old.sinks),
        execution,
        retry: changes.retry.unwrap_or(old.retry),
        ..old
    };
    let checking = state.clone();
    let check = move || checked(&checking, name, config);
    let experiment = tokio::task::spawn_blocking(check)
        .await
        .map_err(ApiError::internal)??;
    Ok(ExperimentSpec::new(experiment, source))
}

/// A later round asks for as many samples as the first did, whether or not it says so: results are told apart by them.
fn with_samples(execution: ExecutionConfig, samples: u32) -> Result<ExecutionConfig, ApiError> {
    match execution.samples {
        1 => Ok(ExecutionConfig {
            samples,
            ..execution
        }),
        same if same == samples => Ok(execution),
        other => {
            let message = format!(
                "each item has {samples} samples, and a later round does not ask for {other}"
            );
            Err(ApiError::invalid("/config/execution/samples", message))
        }
    }
}
