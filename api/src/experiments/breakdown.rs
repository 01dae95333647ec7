//! The breakdown: scores by model, scorer and tag, from the results themselves.

use api_types::breakdown::Breakdown;
use axum::Json;
use axum::extract::State;
use domain::experiment::ExperimentId;
use domain::fault::Fault;
use domain::statistics::breakdown::{self, Estimate, Precision};
use serde::Deserialize;
use utoipa::IntoParams;

use crate::error::ApiError;
use crate::experiments::outline::check_model;
use crate::experiments::runs::{self, MOST_CHUNKS};
use crate::experiments::show;
use crate::extract::Query;
use crate::extract::seed::Seed;
use crate::responses::{Anytime, BadQuery, Missing};
use crate::scope::ExperimentPath;
use crate::state::AppState;

/// Numbers that one request may draw: a few seconds of work.
const MOST_DRAWN: u64 = 500_000_000;

/// The most resamples of a group.
const MOST_RESAMPLES: u32 = 100_000;

/// The most characters of a key to cluster by.
const LONGEST_KEY: usize = 256;

#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct BreakdownQuery {
    /// Only scores of this model.
    #[param(nullable = false)]
    model: Option<String>,
    /// A key of the items' metadata: items with the same value are taken for alike, such as questions about one document. An
    /// item without the key is a cluster of its own.
    #[param(nullable = false, min_length = 1, max_length = 256)]
    cluster_by: Option<String>,
    /// How often each group is resampled for bootstrap intervals; 0 for none.
    #[serde(default)]
    #[param(minimum = 0, maximum = 100_000, default = 0)]
    resamples: u32,
    /// The seed of the bootstrap.
    #[serde(default)]
    #[param(value_type = u32, minimum = 0, default = 0)]
    seed: Seed,
}

/// Break an experiment's scores down.
///
/// By model, scorer and tag: mean, median and spread with 95 % intervals, and what became of the items that have no score.
/// Of items with several samples, the figures are of their means, and pass@k is told of what passes or fails.
/// On demand the intervals are also resampled (percentile and BCa bootstrap), or made to hold for items that come in
/// clusters. While the experiment runs, of the chunks that are scored.
#[utoipa::path(
    get,
    path = "/v1/experiments/{experiment_id}/breakdown",
    tag = "results",
    params(("experiment_id" = String, Path, description = "Id of the experiment."), BreakdownQuery),
    responses(
        (status = 200, description = "The breakdown.", body = Breakdown),
        Missing, BadQuery, Anytime,
    )
)]
pub(crate) async fn get_breakdown(
    State(state): State<AppState>,
    ExperimentPath(id): ExperimentPath,
    Query(query): Query<BreakdownQuery>,
) -> Result<Json<Breakdown>, ApiError> {
    of(&state, &id, query).await.map(Json)
}

async fn of(
    state: &AppState,
    id: &ExperimentId,
    query: BreakdownQuery,
) -> Result<Breakdown, ApiError> {
    check(&query)?;
    let experiment = show::experiment(state, id).await?;
    let names = experiment.models.iter().map(|run| run.model.as_str());
    check_model(query.model.as_deref(), names)?;
    let mut chunks_left = MOST_CHUNKS;
    let mut broken_down = Vec::new();
    for (index, run) in (0..).zip(&experiment.models) {
        if query.model.as_ref().is_some_and(|only| *only != run.model) {
            continue;
        }
        let scorers = run.scorers.iter().map(|scorer| scorer.scorer.clone());
        let precision = Precision {
            cluster_by: query.cluster_by.clone(),
            resamples: query.resamples as usize,
            seed: u64::from(query.seed.get()),
        };
        let mut scores = breakdown::Breakdown::new(&run.model, scorers.collect(), precision);
        let key = runs::key(id, index, run.round);
        let too_many = "the runs have more results than can be read in one request; name a `model`";
        let chunks = runs::scored_chunks(state, &key, &mut chunks_left).await?;
        let chunks = chunks.ok_or_else(|| ApiError::invalid("/model", too_many))?;
        runs::each_item(state, &key, chunks, |samples| scores.push(samples)).await?;
        broken_down.push(scores);
    }
    check_effort(&query, &broken_down)?;
    // Millions of draws take longer than a thread that serves others may be kept.
    let estimating = move || -> Vec<Estimate> {
        let estimates = broken_down.iter().map(breakdown::Breakdown::estimates);
        estimates.flatten().collect()
    };
    let estimates = tokio::task::spawn_blocking(estimating)
        .await
        .map_err(ApiError::internal)?;
    Ok(Breakdown {
        experiment_id: experiment.id,
        complete: experiment.status.is_final(),
        estimates,
        seed: query.seed.get(),
    })
}

fn check(query: &BreakdownQuery) -> Result<(), ApiError> {
    let mut faults = Vec::new();
    if query.resamples > MOST_RESAMPLES {
        let message = format!("{} is more than {MOST_RESAMPLES}", query.resamples);
        faults.push(Fault::new("/resamples", message));
    }
    let key = query.cluster_by.as_deref();
    if key.is_some_and(|key| !(1..=LONGEST_KEY).contains(&key.chars().count())) {
        let message = format!("it has 1 to {LONGEST_KEY} characters");
        faults.push(Fault::new("/cluster_by", message));
    }
    match faults.is_empty() {
        true => Ok(()),
        false => Err(ApiError::Invalid(faults)),
    }
}

fn check_effort(query: &BreakdownQuery, runs: &[breakdown::Breakdown]) -> Result<(), ApiError> {
    let numbers: u64 = runs.iter().map(breakdown::Breakdown::numbers).sum();
    match u64::from(query.resamples) * numbers <= MOST_DRAWN {
        true => Ok(()),
        false => {
            let message = format!(
                "{numbers} scores, by scorer and tag, can be resampled {} times in one request; ask for fewer, or name a `model`",
                MOST_DRAWN / numbers
            );
            Err(ApiError::invalid("/resamples", message))
        }
    }
}
