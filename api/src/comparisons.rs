//! The handler of `/v1/comparisons`.

mod query;
mod reading;

use api_types::comparisons::Comparison;
use axum::Json;
use axum::extract::State;
use domain::comparison::scores::RunScores;
use domain::comparison::{Options, compare};

use crate::comparisons::query::ComparisonQuery;
use crate::comparisons::reading::Reading;
use crate::error::ApiError;
use crate::responses::{Anytime, BadQuery};
use crate::state::AppState;

/// Signs of differences that permutation tests may change for one request: a few seconds of work.
const SIGNS_CHANGED: u64 = 2_000_000_000;

/// Most random exchanges of a permutation test.
const MOST_PERMUTATIONS: u64 = 9_999;

/// Compare runs.
///
/// Runs on the same items, paired by the items' ids: mean differences with 95 % intervals, tests whose p-values are
/// corrected for how many there are, which runs are statistically tied, and the items that got worse. All models of the
/// experiments are compared, or those that are named; the first run is the baseline of all others. One experiment with
/// several models can be compared with itself. Items with a score in one run only are counted and left out. While an
/// experiment runs, the comparison is about the chunks that are scored.
#[utoipa::path(
    get,
    path = "/v1/comparisons",
    tag = "results",
    params(ComparisonQuery),
    responses(
        (status = 200, description = "The comparison.", body = Comparison),
        BadQuery, Anytime,
    )
)]
pub(crate) async fn get_comparison(
    State(state): State<AppState>,
    query: ComparisonQuery,
) -> Result<Json<Comparison>, ApiError> {
    let seed = query.seed.get();
    let Reading {
        runs,
        scores,
        complete,
    } = reading::read(&state, query).await?;
    // Thousands of exchanges of thousands of items take longer than a thread that serves others may be kept.
    let comparing = move || {
        let options = Options {
            seed: u64::from(seed),
            permutations: permutations(&scores),
            ..Options::default()
        };
        compare(&scores, &options)
    };
    let comparison = tokio::task::spawn_blocking(comparing)
        .await
        .map_err(ApiError::internal)?
        .map_err(|error| ApiError::invalid("/experiment", error.to_string()))?;
    Ok(Json(Comparison {
        runs,
        complete,
        standings: comparison.standings,
        differences: comparison.differences,
        partial_scorers: comparison.partial_scorers,
        seed,
    }))
}

/// As many exchanges as there is time for; where they are too few, paired t tests decide.
fn permutations(scores: &[RunScores]) -> u64 {
    let items = scores
        .iter()
        .map(|run| run.count() as u64)
        .max()
        .unwrap_or(0);
    let scorers = scores
        .iter()
        .map(|run| run.scorers().count())
        .max()
        .unwrap_or(0);
    let tests = scorers * scores.len() * scores.len().saturating_sub(1) / 2;
    (SIGNS_CHANGED / (items * tests as u64).max(1)).min(MOST_PERMUTATIONS)
}
