//! The runs of an experiment, for those who read their results elsewhere.

use artifacts::run::Run;

use crate::error::ApiError;
use crate::experiments::{outline, show};
use crate::state::AppState;

/// The runs of an experiment in the order of its models.
pub(crate) struct Runs {
    /// Each with its model.
    pub(crate) runs: Vec<(Run, String)>,
    /// Whether the experiment has ended, so that no result will be added.
    pub(crate) is_final: bool,
}

/// The runs of the experiment of that id, as it stands in a request.
pub(crate) async fn of(state: &AppState, id: &str) -> Result<Runs, ApiError> {
    let id = outline::id(id)?;
    let whole = show::outline(state, &id).await?;
    let runs = (0..).zip(whole.models).map(|(index, model)| {
        let run = Run {
            experiment: id.clone(),
            index,
            round: whole.round,
        };
        (run, model)
    });
    Ok(Runs {
        runs: runs.collect(),
        is_final: whole.is_final,
    })
}
