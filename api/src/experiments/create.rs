//! Creating an experiment: checked in full, archived, then started.

use api_types::experiments::{CreateExperiment, Experiment, ExperimentCheck};
use axum::http::HeaderMap;
use domain::config::DatasetConfig;
use domain::dataset::{DatasetSource, Upload};
use domain::experiment::{ExperimentId, NewExperiment};
use domain::limits::RunLimits;
use domain::spec::ExperimentSpec;
use jiff::Timestamp;
use serde::Deserialize;
use serde_json::Value;
use serde_path_to_error::Segment;
use sha2::{Digest, Sha256};
use utoipa::IntoParams;
use uuid::Uuid;
use workflows::activities::{RunRef, SpecRef};
use workflows::experiment::{Resumed, RunInput, Work};
use workflows::memo::ExperimentMemo;
use workflows::multi_model::MultiModelInput;

use crate::error::ApiError;
use crate::execution::{Input, Start};
use crate::experiments::show;
use crate::schema::RequestSchema;
use crate::state::AppState;

const IDEMPOTENCY_KEY: &str = "idempotency-key";

/// The longest idempotency key, in bytes.
const LONGEST_KEY: usize = 255;

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
}

/// The id of a new experiment, by who chose it: that decides what it means when the id is taken.
enum Id {
    MadeUp(ExperimentId),
    Chosen(ExperimentId),
    FromKey(ExperimentId),
}

impl Creation {
    /// Checks a body: its shape against the published schema, then what only the domain knows.
    pub(super) fn check(
        schema: &RequestSchema,
        body: Value,
        headers: &HeaderMap,
    ) -> Result<Self, ApiError> {
        let faults = schema.faults(&body);
        if !faults.is_empty() {
            return Err(ApiError::Invalid(faults));
        }
        let request: CreateExperiment =
            serde_path_to_error::deserialize(body).map_err(|error| {
                let pointer = pointer(error.path());
                ApiError::invalid(pointer, error.into_inner().to_string())
            })?;
        let id = Id::new(request.experiment_id, headers)?;
        let mut faults = evaluation::check(&request.config);
        match NewExperiment::new(request.experiment_name, request.config) {
            Ok(experiment) if faults.is_empty() => Ok(Self { id, experiment }),
            Ok(_) => Err(ApiError::Invalid(faults)),
            Err(more) => {
                faults.extend(more);
                Err(ApiError::Invalid(faults))
            }
        }
    }

    /// What the check has shown.
    pub(super) fn outcome(&self) -> ExperimentCheck {
        let config = self.experiment.config();
        let items = match &config.dataset {
            DatasetConfig::Inline(dataset) => Some(dataset.items.len() as u64),
            DatasetConfig::Jsonl(_) | DatasetConfig::Csv(_) => None,
        };
        ExperimentCheck {
            valid: true,
            experiment_name: self.experiment.name().to_owned(),
            models: config
                .models
                .iter()
                .map(|model| model.name.clone())
                .collect(),
            items,
        }
    }

    /// Archives what the experiment does, then starts it. Nothing is written while Temporal is away.
    pub(super) async fn carry_out(self, state: &AppState) -> Result<Experiment, ApiError> {
        self.id.check_free(state).await?;
        let id = self.id.as_ref().clone();
        let dataset = put_dataset(state, &self.experiment.config().dataset).await?;
        let spec = ExperimentSpec::new(self.experiment, dataset);
        let spec_ref = SpecRef {
            experiment_id: id.clone(),
            sha256: state.store.put_spec(&id, &spec).await?,
        };
        let created_at = Timestamp::now();
        let memo = ExperimentMemo {
            experiment_name: spec.experiment_name.clone(),
            models: spec.models.iter().map(|model| model.name.clone()).collect(),
            created_at: Some(created_at),
            spec_sha256: Some(spec_ref.sha256.clone()),
            round: 0,
        };
        let start = Start {
            id: id.clone(),
            memo: memo.clone(),
            input: input(spec, spec_ref.clone(), &memo, Work::Generate),
        };
        match state.workflows.start(start).await {
            Ok(()) => Ok(show::created(state, &id, memo, created_at)),
            Err(ApiError::Conflict(_)) if self.id.is_from_key() => {
                repeated(state, &id, &spec_ref.sha256).await
            }
            Err(error) => Err(error),
        }
    }
}

impl Id {
    fn new(chosen: Option<String>, headers: &HeaderMap) -> Result<Self, ApiError> {
        if let Some(chosen) = chosen {
            let id = chosen.parse::<ExperimentId>();
            return id
                .map(Self::Chosen)
                .map_err(|error| ApiError::invalid("/experiment_id", error.to_string()));
        }
        let (id, chosen_by): (String, fn(ExperimentId) -> Self) = match headers.get(IDEMPOTENCY_KEY)
        {
            None => (format!("exp_{}", Uuid::now_v7().simple()), Self::MadeUp),
            Some(key) if key.is_empty() || key.len() > LONGEST_KEY => {
                let message =
                    format!("the header `{IDEMPOTENCY_KEY}` has 1 to {LONGEST_KEY} bytes");
                return Err(ApiError::invalid("", message));
            }
            Some(key) => {
                let hash = hex::encode(Sha256::digest(key.as_bytes()));
                (format!("exp_{}", &hash[..32]), Self::FromKey)
            }
        };
        let id = id
            .parse()
            .expect("letters, digits and an underscore make an id");
        Ok(chosen_by(id))
    }

    fn is_from_key(&self) -> bool {
        matches!(self, Self::FromKey(_))
    }

    /// Fails when Temporal is away, or when the id belongs to an experiment that Temporal has forgotten already: its
    /// artifacts are still there. (An id that Temporal knows is refused when the workflow is started.)
    async fn check_free(&self, state: &AppState) -> Result<(), ApiError> {
        let id = match self {
            Self::MadeUp(_) => return state.workflows.check().await,
            Self::Chosen(id) | Self::FromKey(id) => id,
        };
        let workflow_id = workflows::ids::experiment_workflow(id);
        if state.workflows.describe(&workflow_id).await?.is_some() {
            return Ok(());
        }
        match state.store.summaries(id).await?.is_empty() {
            true => Ok(()),
            false => Err(ApiError::Conflict(id.to_string())),
        }
    }
}

impl AsRef<ExperimentId> for Id {
    fn as_ref(&self) -> &ExperimentId {
        match self {
            Self::MadeUp(id) | Self::Chosen(id) | Self::FromKey(id) => id,
        }
    }
}

/// Answers a request that is repeated under its key: with the experiment it has created, if it is the same request.
async fn repeated(
    state: &AppState,
    id: &ExperimentId,
    sha256: &str,
) -> Result<Experiment, ApiError> {
    let workflow_id = workflows::ids::experiment_workflow(id);
    let execution = state.workflows.describe(&workflow_id).await?;
    let created_with = execution.and_then(|execution| execution.experiment?.spec_sha256);
    match created_with.as_deref() == Some(sha256) {
        true => show::experiment(state, id).await,
        false => Err(ApiError::KeyReused),
    }
}

/// Items that came with the request go to the store; files stay where they are.
async fn put_dataset(state: &AppState, dataset: &DatasetConfig) -> Result<DatasetSource, ApiError> {
    Ok(match dataset {
        DatasetConfig::Jsonl(dataset) => DatasetSource::Jsonl(dataset.clone()),
        DatasetConfig::Csv(dataset) => DatasetSource::Csv(dataset.clone()),
        DatasetConfig::Inline(dataset) => DatasetSource::Upload(Upload {
            sha256: state.store.put_upload(&dataset.items).await?,
        }),
    })
}

/// What the workflow of an experiment, or of a later round of it, is started with.
fn input(spec: ExperimentSpec, spec_ref: SpecRef, memo: &ExperimentMemo, work: Work) -> Input {
    let limits = RunLimits::from(&spec.execution);
    match memo.models.as_slice() {
        [model] => Input::OneModel(Box::new(RunInput {
            run: RunRef {
                spec: spec_ref,
                index: 0,
                round: memo.round,
            },
            model: model.clone(),
            concurrency_limit: limits.concurrency_limit,
            retry: spec.retry,
            limits: Some(limits),
            work,
            resumed: Resumed::default(),
        })),
        models => Input::SeveralModels(Box::new(MultiModelInput {
            spec: spec_ref,
            models: models.to_vec(),
            concurrency_limit: limits.concurrency_limit,
            retry: spec.retry,
            max_parallel_models: spec.execution.max_parallel_models,
            limits: Some(limits),
            round: memo.round,
            work,
        })),
    }
}

fn pointer(path: &serde_path_to_error::Path) -> String {
    path.iter()
        .map(|segment| match segment {
            Segment::Seq { index } => format!("/{index}"),
            Segment::Map { key } => format!("/{key}"),
            Segment::Enum { .. } | Segment::Unknown => String::new(),
        })
        .collect()
}
