//! The summary of an experiment: what is left when everything that only matters on the way is taken off.

use api_types::experiments::{Experiment, ExperimentSummary, ModelRun, ModelSummary};

pub(super) fn of(experiment: Experiment) -> ExperimentSummary {
    ExperimentSummary {
        experiment_id: experiment.id,
        experiment_name: experiment.experiment_name,
        status: experiment.status,
        models: experiment.models.into_iter().map(of_model).collect(),
    }
}

fn of_model(run: ModelRun) -> ModelSummary {
    ModelSummary {
        model: run.model,
        status: run.status,
        reason: run.reason,
        dataset: run.dataset,
        states: run.states,
        generated: run.generated,
        scorers: run.scorers,
    }
}
