//! Reads the scores of the runs that are to be compared.

use api_types::comparisons::ComparedRun;
use artifacts::run::Run;
use domain::comparison::scores::RunScores;
use domain::result::StateCounts;

use crate::comparisons::query::ComparisonQuery;
use crate::error::ApiError;
use crate::experiments::runs::{self, MOST_CHUNKS};
use crate::scope::Scope;
use crate::state::AppState;

/// Every two runs are compared, so that the work grows with the square.
const MOST_RUNS: usize = 16;

/// What is read of the runs.
pub(super) struct Reading {
    pub(super) runs: Vec<ComparedRun>,
    pub(super) scores: Vec<RunScores>,
    /// Whether all experiments have ended.
    pub(super) complete: bool,
}

pub(super) async fn read(
    state: &AppState,
    scope: &Scope,
    query: ComparisonQuery,
) -> Result<Reading, ApiError> {
    let (runs, complete) = wanted(state, scope, &query).await?;
    let mut reading = Reading {
        runs: Vec::with_capacity(runs.len()),
        scores: Vec::with_capacity(runs.len()),
        complete,
    };
    let mut chunks_left = MOST_CHUNKS;
    for (run, model) in runs {
        let Some(chunks) = runs::scored_chunks(state, &run, &mut chunks_left).await? else {
            let message = format!(
                "the runs have more than {MOST_CHUNKS} chunks of results; name fewer experiments or models"
            );
            return Err(ApiError::invalid("/experiment", message));
        };
        let name = format!("{}/{model}", run.experiment);
        let (scores, states) = scores(state, &run, chunks, &name).await?;
        reading.scores.push(scores);
        reading.runs.push(ComparedRun {
            name,
            experiment_id: run.experiment.to_string(),
            model,
            states,
        });
    }
    Ok(reading)
}

/// The runs that are asked for, in that order, and whether all of their experiments have ended.
async fn wanted(
    state: &AppState,
    scope: &Scope,
    query: &ComparisonQuery,
) -> Result<(Vec<(Run, String)>, bool), ApiError> {
    let (mut wanted, mut known, mut complete) = (Vec::new(), Vec::new(), true);
    for id in query.experiment.iter().take(MOST_RUNS + 1) {
        let experiment = runs::of(state, scope, id).await.map_err(in_query)?;
        complete &= experiment.is_final;
        for (run, model) in experiment.runs {
            if query.model.is_empty() || query.model.contains(&model) {
                wanted.push((run, model.clone()));
            }
            known.push(model);
        }
    }
    if let Some(unknown) = query.model.iter().find(|model| !known.contains(model)) {
        known.sort_unstable();
        known.dedup();
        let message = format!(
            "there is no model `{unknown}`; there are `{}`",
            known.join("`, `")
        );
        return Err(ApiError::invalid("/model", message));
    }
    if wanted.len() > MOST_RUNS {
        let message = format!(
            "{} runs are too many to compare at once; name at most {MOST_RUNS}, by `experiment` and `model`",
            wanted.len()
        );
        return Err(ApiError::invalid("/experiment", message));
    }
    Ok((wanted, complete))
}

/// A path that names nothing is not found; a parameter that names nothing is at fault.
fn in_query(error: ApiError) -> ApiError {
    match error {
        ApiError::NotFound { .. } => ApiError::invalid("/experiment", error.to_string()),
        error => error,
    }
}

async fn scores(
    state: &AppState,
    run: &Run,
    chunks: Vec<u64>,
    name: &str,
) -> Result<(RunScores, StateCounts), ApiError> {
    let mut scores = RunScores::new(name);
    let mut states = StateCounts::default();
    runs::each_item(state, run, chunks, |samples| {
        samples.iter().for_each(|sample| states.count(sample.state));
        scores.push(samples);
    })
    .await?;
    Ok((scores, states))
}
