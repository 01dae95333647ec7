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

/// Which scores to break down, and how sure their means are to be.
#[derive(Clone, Debug, Default)]
pub(crate) struct BreakdownQuery {
    pub(crate) model: Option<String>,
    pub(crate) cluster_by: Option<String>,
    pub(crate) resamples: u32,
    pub(crate) seed: u32,
}
