//! The runs of an experiment, for those who read their results elsewhere.

use artifacts::run::Run;
use domain::experiment::ExperimentId;
use domain::result::ItemResult;
use domain::samples;
use futures::{StreamExt, stream};

use crate::error::ApiError;
use crate::experiments::show;
use crate::scope::Scope;
use crate::state::AppState;

/// Chunks of results that are read for one request: more would take longer than it may, for every result is read, output
/// included.
pub(crate) const MOST_CHUNKS: usize = 4_000;

/// Chunks that are read at once.
const CHUNKS_AT_ONCE: usize = 8;

/// The runs of an experiment in the order of its models.
pub(crate) struct Runs {
    /// Each with its model.
    pub(crate) runs: Vec<(Run, String)>,
    /// Whether the experiment has ended, so that no result will be added.
    pub(crate) is_final: bool,
}

/// The runs of the experiment of that id, as it stands in a request.
pub(crate) async fn of(state: &AppState, scope: &Scope, id: &str) -> Result<Runs, ApiError> {
    let id = scope.experiment(id)?;
    let whole = show::outline(state, &id).await?;
    let runs = (0..)
        .zip(whole.models)
        .map(|(index, model)| (key(&id, index, whole.round), model));
    Ok(Runs {
        runs: runs.collect(),
        is_final: whole.is_final,
    })
}

/// A round of the run of one model.
pub(crate) fn key(experiment: &ExperimentId, index: u32, round: u32) -> Run {
    Run {
        experiment: experiment.clone(),
        index,
        round,
    }
}

/// The chunks of a run that are scored, taken from those that may still be read; none when they are too many.
pub(crate) async fn scored_chunks(
    state: &AppState,
    run: &Run,
    chunks_left: &mut usize,
) -> Result<Option<Vec<u64>>, ApiError> {
    let chunks = state.store.scored_chunks(run).await?;
    let Some(left) = chunks_left.checked_sub(chunks.len()) else {
        return Ok(None);
    };
    *chunks_left = left;
    Ok(Some(chunks))
}

/// Reads the results of these chunks, in order, item by item: each with all of its samples.
pub(crate) async fn each_item(
    state: &AppState,
    run: &Run,
    chunks: Vec<u64>,
    mut take: impl FnMut(&[ItemResult]),
) -> Result<(), ApiError> {
    let reads = chunks
        .into_iter()
        .map(|chunk| state.store.results(run, chunk));
    let mut results = stream::iter(reads).buffered(CHUNKS_AT_ONCE);
    while let Some(results) = results.next().await {
        samples::by_item(&results?.unwrap_or_default()).for_each(&mut take);
    }
    Ok(())
}
