//! What every answer about an experiment shares, wherever it is told from: its id, links, models and reasons.

use api_types::experiments::{Links, ModelRun};
use domain::dataset::DatasetRef;
use domain::experiment::ExperimentId;
use domain::fault::Fault;
use workflows::ids;

use crate::error::ApiError;
use crate::state::AppState;

/// What is needed to read an experiment's results: which models it has, and whether more may come.
pub(super) struct Outline {
    pub(super) models: Vec<String>,
    /// What all runs are about; none while it is not loaded.
    pub(super) dataset: Option<DatasetRef>,
    /// The latest round, whose results are shown.
    pub(super) round: u32,
    /// The hash of the specification of that round; unknown of runs of an older worker.
    pub(super) spec_sha256: Option<String>,
    pub(super) is_final: bool,
}

pub(super) fn missing(id: impl ToString) -> ApiError {
    ApiError::not_found("experiment", id)
}

/// `trace_id` is the trace of the latest round, if it is known.
pub(super) fn links(state: &AppState, id: &ExperimentId, trace_id: Option<&str>) -> Links {
    let itself = format!("/v1/experiments/{id}");
    let workflow_id = ids::experiment_workflow(id);
    Links {
        results: format!("{itself}/results"),
        summary: format!("{itself}/summary"),
        workflow: format!("/v1/workflows/{id}"),
        temporal_ui: state.ui.as_ref().map(|ui| ui.page(&workflow_id)),
        trace: trace_id.and_then(|trace_id| state.pages.trace(trace_id)),
        langfuse: state.pages.session(id.as_ref()),
        itself,
    }
}

/// Refuses the filter for a model that the experiment does not have.
pub(super) fn check_model<'a>(
    only: Option<&str>,
    models: impl Iterator<Item = &'a str>,
) -> Result<(), ApiError> {
    ApiError::check(model_fault(only, models).into_iter().collect())
}

/// What is wrong with the filter for a model, when the experiment does not have it.
pub(super) fn model_fault<'a>(
    only: Option<&str>,
    models: impl Iterator<Item = &'a str>,
) -> Option<Fault> {
    let only = only?;
    let known: Vec<&str> = models.collect();
    let message = || {
        format!(
            "there is no model `{only}`; there are `{}`",
            known.join("`, `")
        )
    };
    (!known.contains(&only)).then(|| Fault::new("/model", message()))
}

/// What went wrong with which model.
pub(super) fn reasons(runs: &[ModelRun]) -> Option<String> {
    let reasons: Vec<String> = runs
        .iter()
        .filter_map(|run| Some(format!("`{}`: {}", run.model, run.reason.as_ref()?)))
        .collect();
    (!reasons.is_empty()).then(|| reasons.join("; "))
}
