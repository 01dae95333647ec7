//! What a run is carried out by: the configuration after its checks, as it is archived before the workflow starts.

use serde::{Deserialize, Serialize};

use crate::config::{AdapterConfig, ExecutionConfig, RetryConfig, ScorerConfig, SinkConfig};
use crate::dataset::DatasetSource;
use crate::experiment::NewExperiment;
use crate::tag::Tag;

/// An experiment as workers see it: every model has its adapter, and items are referred to, not included.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ExperimentSpec {
    pub experiment_name: String,
    pub dataset: DatasetSource,
    pub models: Vec<RunModel>,
    pub scorers: Vec<ScorerConfig>,
    pub sinks: Vec<SinkConfig>,
    pub execution: ExecutionConfig,
    pub retry: RetryConfig,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub tags: Vec<Tag>,
}

/// A model with the adapter that its run uses.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct RunModel {
    pub name: String,
    pub adapter: AdapterConfig,
}

impl ExperimentSpec {
    /// The specification of a checked experiment whose items are found at `dataset`.
    pub fn new(experiment: NewExperiment, dataset: DatasetSource) -> Self {
        let (experiment_name, config) = experiment.into_parts();
        let models = config
            .models
            .iter()
            .filter_map(|model| {
                Some(RunModel {
                    name: model.name.clone(),
                    adapter: config.adapter_of(model)?.clone(),
                })
            })
            .collect();
        Self {
            experiment_name,
            dataset,
            models,
            scorers: config.scorers,
            sinks: config.sinks,
            execution: config.execution,
            retry: config.retry,
            tags: config.tags,
        }
    }
}
