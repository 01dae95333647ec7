//! What to ask the API for.

use serde::Serialize;

/// Which results to list.
#[derive(Clone, Debug, Default)]
pub(crate) struct ResultQuery {
    pub(crate) filter: ResultFilter,
    pub(crate) page_size: usize,
}

/// What results must be like.
#[derive(Clone, Debug, Default, Serialize, clap::Args)]
pub(crate) struct ResultFilter {
    /// Only results of this model.
    #[arg(long)]
    model: Option<String>,
    /// Only items in this state.
    #[arg(long, value_parser = ["ok", "generation_failed", "scorer_failed", "skipped"])]
    state: Option<String>,
    /// Only results that this scorer has scored.
    #[arg(long)]
    scorer: Option<String>,
    /// Only results that the scorer has given at least this; true is 1, false is 0.
    #[arg(
        long,
        requires = "scorer",
        value_name = "SCORE",
        allow_negative_numbers = true
    )]
    min_score: Option<f64>,
    /// Only results that the scorer has given at most this.
    #[arg(
        long,
        requires = "scorer",
        value_name = "SCORE",
        allow_negative_numbers = true
    )]
    max_score: Option<f64>,
    /// Only results of items with this tag.
    #[arg(long)]
    tag: Option<String>,
}

impl ResultFilter {
    pub(crate) fn of_model(model: &str) -> Self {
        Self {
            model: Some(model.to_owned()),
            ..Self::default()
        }
    }
}

/// Which experiments to list.
#[derive(Clone, Debug, Default, Serialize, clap::Args)]
pub(crate) struct ExperimentFilter {
    /// Only experiments of this status.
    #[arg(long, value_parser = ["running", "paused", "completed", "failed", "cancelled", "terminated", "timed_out"])]
    status: Option<String>,
    /// Only experiments of exactly this name.
    #[arg(long)]
    name: Option<String>,
    /// Only experiments with this model.
    #[arg(long)]
    model: Option<String>,
    /// Only experiments with this tag.
    #[arg(long)]
    tag: Option<String>,
    /// Only experiments that this schedule has started.
    #[arg(long, value_name = "SCHEDULE")]
    schedule: Option<String>,
    /// Only experiments whose latest round began after this, such as `2027-01-01T00:00:00Z`.
    #[arg(long, value_name = "TIME")]
    started_after: Option<String>,
    /// Only experiments whose latest round began before this.
    #[arg(long, value_name = "TIME")]
    started_before: Option<String>,
    /// List what the artifact store holds, in the order of the ids: also what Temporal has forgotten.
    #[arg(long)]
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    archived: bool,
}

/// Which scores to break down, and how sure their means are to be.
#[derive(Clone, Debug, Default)]
pub(crate) struct BreakdownQuery {
    pub(crate) model: Option<String>,
    pub(crate) cluster_by: Option<String>,
    pub(crate) resamples: u32,
    pub(crate) seed: u32,
}
