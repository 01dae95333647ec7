//! What a report tells: one run or several, and how they compare.

use domain::comparison::Comparison;
use domain::dataset::DatasetRef;
use domain::progress::Generated;
use domain::result::StateCounts;
use domain::summary::{RunSummary, ScorerSummary, Status};
use jiff::Timestamp;
use serde::Serialize;

use crate::digest::Digested;

/// A report of one run or several.
#[derive(Clone, Debug, Serialize)]
pub struct Report {
    pub title: String,
    /// In the order in which they are shown; the first is the baseline of the comparison.
    pub runs: Vec<Run>,
    /// None of one run.
    pub comparison: Option<Comparison>,
}

/// One run.
#[derive(Clone, Debug, Serialize)]
pub struct Run {
    /// What the run is called, in the comparison too.
    pub name: String,
    pub experiment_id: String,
    pub experiment_name: String,
    pub model: String,
    pub status: Status,
    /// Why it ended before its time.
    pub reason: Option<String>,
    /// 0 at first, one more with each retry or rescoring.
    pub round: u32,
    /// The hash of the specification that it was carried out by.
    pub config_sha256: Option<String>,
    pub dataset: Option<DatasetRef>,
    pub started_at: Option<Timestamp>,
    pub ended_at: Option<Timestamp>,
    pub states: StateCounts,
    pub generated: Generated,
    pub scorers: Vec<ScorerSummary>,
    /// What its items have shown.
    pub digest: Digested,
}

impl Run {
    /// A run by the summary that is archived of it.
    pub fn new(summary: &RunSummary, digest: Digested) -> Self {
        let progress = &summary.progress;
        Self {
            name: name(&summary.experiment_id, &summary.model),
            experiment_id: summary.experiment_id.clone(),
            experiment_name: summary.experiment_name.clone(),
            model: summary.model.clone(),
            status: summary.status,
            reason: summary.reason.clone(),
            round: summary.round,
            config_sha256: summary.spec_sha256.clone(),
            dataset: progress.dataset.clone(),
            started_at: Some(summary.started_at),
            ended_at: Some(summary.ended_at),
            states: progress.states,
            generated: progress.generated,
            scorers: progress
                .aggregates
                .iter()
                .map(ScorerSummary::from)
                .collect(),
            digest,
        }
    }
}

/// What a run is called, here and in comparisons.
pub fn name(experiment_id: &str, model: &str) -> String {
    format!("{experiment_id}/{model}")
}
