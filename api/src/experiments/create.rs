//! Creating an experiment: checked in full, then started and archived at the same time.

use std::pin::pin;

use api_types::experiments::{CreateExperiment, Experiment, ExperimentCheck};
use artifacts::prepared::Prepared;
use axum::http::HeaderMap;
use domain::config::{DatasetConfig, ExperimentConfig};
use domain::experiment::{ExperimentId, NewExperiment};
use domain::uploaded::UploadedFile;
use evaluation::estimate::Tally;
use jiff::Timestamp;
use serde::Deserialize;
use serde_json::Value;
use utoipa::IntoParams;

use crate::datasets;
use crate::error::ApiError;
use crate::execution::IdUse;
use crate::experiments::estimate;
use crate::experiments::identity::{Id, Standing};
use crate::experiments::plan::{Owner, Plan};
use crate::experiments::{queues, show};
use crate::scope::Scope;
use crate::state::AppState;

#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct CreateQuery {
    /// Check everything, start nothing.
    #[serde(default)]
    #[param(default = false)]
    pub(crate) validate_only: bool,
}

/// An experiment that may be created.
pub(super) struct Creation {
    id: Id,
    experiment: NewExperiment,
    /// That of the uploaded dataset.
    file: Option<UploadedFile>,
    scope: Scope,
}

impl Creation {
    /// Checks a body: its shape against the published schema, then what only the domain knows.
    pub(super) fn check(
        state: &AppState,
        body: Value,
        headers: &HeaderMap,
        scope: Scope,
    ) -> Result<Self, ApiError> {
        let request: CreateExperiment = state.schemas.create.read(body)?;
        let id = Id::new(request.experiment_id, headers)?.within(&scope);
        let experiment = checked(state, request.experiment_name, request.config)?;
        Ok(Self {
            id,
            experiment,
            file: None,
            scope,
        })
    }

    /// Finds the file of an uploaded dataset: the version that is named, or else the latest.
    pub(super) async fn settle_file(&mut self, state: &AppState) -> Result<(), ApiError> {
        self.file = file(state, &self.scope, &self.experiment).await?;
        Ok(())
    }

    /// What the check has shown.
    pub(super) async fn outcome(&self, state: &AppState) -> Result<ExperimentCheck, ApiError> {
        let config = self.experiment.config();
        let tally = self.tally(state).await?;
        let estimate = match &tally {
            Some(tally) => Some(estimate::of(state, config, tally).await?),
            None => None,
        };
        Ok(ExperimentCheck {
            valid: true,
            experiment_name: self.experiment.name().to_owned(),
            models: config
                .models
                .iter()
                .map(|model| model.name.clone())
                .collect(),
            items: tally.map(|tally| tally.items()),
            estimate,
        })
    }

    /// What the items read; none when only workers know them.
    async fn tally(&self, state: &AppState) -> Result<Option<Tally>, ApiError> {
        let config = self.experiment.config();
        match (&config.dataset, &self.file) {
            (DatasetConfig::Uploaded(dataset), Some(file)) => {
                estimate::uploaded::tally(state, config, dataset, file).await
            }
            (dataset, _) => {
                let items = dataset.inline_items();
                Ok(items.map(|items| Tally::of(config, items)))
            }
        }
    }

    /// Starts the experiment while what it does is archived: workers wait for the rest of what is on its way. A started
    /// experiment that cannot be archived is ended again.
    pub(super) async fn carry_out(self, state: AppState) -> Result<Experiment, ApiError> {
        let Self {
            id,
            experiment,
            file,
            ..
        } = self;
        let created_at = Timestamp::now();
        let owner = Owner::Itself(id.as_ref(), created_at);
        let plan = Plan::new(owner, experiment, file)?;
        let sha256 = plan.round.spec_ref.sha256.clone();
        let id_use = match id.standing(&state).await? {
            Standing::Free => IdUse::First,
            Standing::Stillborn => IdUse::Again,
            Standing::Taken if id.is_from_key() => {
                return repeated(&state, id.as_ref(), &sha256, plan.objects).await;
            }
            Standing::Taken => return Err(ApiError::Conflict(id.as_ref().to_string())),
        };
        let memo = plan.round.memo.clone();
        let mut starting = pin!(state.workflows.start(plan.round.start(id_use)));
        let mut writing = pin!(write(&state, plan.objects));
        let (started, written) = tokio::select! {
            biased;
            started = starting.as_mut() => match started {
                Ok(run_id) => (Ok(run_id), writing.await),
                Err(error) => (Err(error), Ok(())),
            },
            written = writing.as_mut() => (starting.await, written),
        };
        match (started, written) {
            (Ok(_), Ok(())) => Ok(show::created(&state, id.as_ref(), memo, created_at)),
            (Ok(run_id), Err(error)) => {
                withdraw(&state, id.as_ref(), &run_id).await;
                Err(error)
            }
            // Somebody else was faster with the same key; what is to be archived is known by its hash.
            (Err(ApiError::Conflict(_)), _) if id.is_from_key() => {
                repeated(&state, id.as_ref(), &sha256, Vec::new()).await
            }
            (Err(error), _) => Err(error),
        }
    }
}

/// The file of an uploaded dataset: the version that is named, or else the latest.
pub(crate) async fn file(
    state: &AppState,
    scope: &Scope,
    experiment: &NewExperiment,
) -> Result<Option<UploadedFile>, ApiError> {
    match &experiment.config().dataset {
        DatasetConfig::Uploaded(dataset) => {
            datasets::file_for(state, scope, dataset).await.map(Some)
        }
        _ => Ok(None),
    }
}

/// A configuration that keeps every rule, or all its faults.
pub(crate) fn checked(
    state: &AppState,
    name: String,
    config: ExperimentConfig,
) -> Result<NewExperiment, ApiError> {
    let mut faults = evaluation::check(&config);
    faults.extend(queues::faults(&config, state.workflows.task_queue()));
    match NewExperiment::new(name, config) {
        Ok(experiment) if faults.is_empty() => Ok(experiment),
        Ok(_) => Err(ApiError::Invalid(faults)),
        Err(more) => {
            faults.extend(more);
            Err(ApiError::Invalid(faults))
        }
    }
}

pub(crate) async fn write(state: &AppState, objects: Vec<Prepared>) -> Result<(), ApiError> {
    for object in objects {
        state.store.put_prepared(object).await?;
    }
    Ok(())
}

/// Ends what was started and can never do anything. Its id is free again: nothing of it was archived.
async fn withdraw(state: &AppState, id: &ExperimentId, run_id: &str) {
    let workflow_id = workflows::ids::experiment_workflow(id);
    let reason = "its specification could not be archived";
    let ended = state
        .workflows
        .terminate(&workflow_id, Some(run_id), reason);
    if let Err(error) = ended.await {
        tracing::warn!(experiment.id = %id, %error, "an experiment that cannot run could not be ended");
    }
}

/// Answers a request that is repeated under its key: with the experiment it has created, if it is the same request. What
/// the first one could not archive any more is archived now.
async fn repeated(
    state: &AppState,
    id: &ExperimentId,
    sha256: &str,
    objects: Vec<Prepared>,
) -> Result<Experiment, ApiError> {
    let workflow_id = workflows::ids::experiment_workflow(id);
    let execution = state.workflows.describe(&workflow_id).await?;
    let memo = execution.and_then(|execution| execution.experiment);
    let memo = memo.ok_or(ApiError::KeyReused)?;
    // A later round may be carried out by another specification; the first one is still there.
    let is_same = memo.spec_sha256.as_deref() == Some(sha256)
        || (memo.round > 0 && state.store.has_spec(id, sha256).await?);
    if !is_same {
        return Err(ApiError::KeyReused);
    }
    write(state, objects).await?;
    show::experiment(state, id).await
}
