//! The ledger: every call that is recorded, by model, then item by item in the order of the dataset.

use api_types::ledger::{Ledger, LedgerEntry, ModelLedger};
use artifacts::run::Run;
use axum::Json;
use axum::extract::State;
use domain::dataset::DatasetRef;
use domain::experiment::ExperimentId;
use domain::journal::ItemJournal;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use sha2::{Digest, Sha256};
use utoipa::IntoParams;

use crate::error::ApiError;
use crate::experiments::outline::check_model;
use crate::experiments::{runs, show};
use crate::extract::Query;
use crate::extract::page::{self, PageSize};
use crate::page_token;
use crate::responses::{Anytime, BadPageToken, BadQuery, Missing};
use crate::scope::ExperimentPath;
use crate::state::AppState;

const DEFAULT_SIZE: u32 = 100;
const LARGEST_SIZE: u32 = 1000;

/// Chunks that are read for one page.
const CHUNKS_LOOKED_THROUGH: usize = 50;

#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct LedgerQuery {
    /// Entries on a page; more than 1000 is taken for 1000.
    #[param(value_type = Option<u32>, nullable = false, minimum = 1, default = 100)]
    page_size: Option<PageSize>,
    /// The `next_page_token` of the page before, with the same filters.
    #[param(nullable = false)]
    page_token: Option<String>,
    /// Only calls of this model.
    #[param(nullable = false)]
    model: Option<String>,
}

/// What a page token is good for.
#[derive(Debug, PartialEq, Serialize, Deserialize)]
struct Filters {
    ledger_of: ExperimentId,
    model: Option<String>,
}

/// The next entry: by the run's index, the chunk, and the place of the item's sample in the chunk.
#[derive(Clone, Copy, Debug, Default, Serialize, Deserialize)]
struct Position {
    run: u32,
    chunk: u64,
    place: usize,
}

/// Get the ledger of an experiment.
///
/// Accounts for every model call: for each item, and each of its samples, how often it was asked, what that has used and cost, and the hash of the
/// answer that stands. `generated` of a model adds them up; calls whose outcome nobody knows are counted there as `lost`
/// and have no entry. A page may have fewer entries than asked for, or none, and still not be the last: the last page has
/// no `next_page_token`.
#[utoipa::path(
    get,
    path = "/v1/experiments/{experiment_id}/ledger",
    tag = "results",
    params(("experiment_id" = String, Path, description = "Id of the experiment."), LedgerQuery),
    responses(
        (status = 200, description = "A page of the ledger.", body = Ledger),
        BadPageToken, Missing, BadQuery, Anytime,
    )
)]
pub(crate) async fn get_ledger(
    State(state): State<AppState>,
    ExperimentPath(id): ExperimentPath,
    Query(query): Query<LedgerQuery>,
) -> Result<Json<Ledger>, ApiError> {
    list(&state, &id, query).await.map(Json)
}

async fn list(state: &AppState, id: &ExperimentId, query: LedgerQuery) -> Result<Ledger, ApiError> {
    let size = PageSize::or_default(query.page_size, DEFAULT_SIZE, LARGEST_SIZE) as usize;
    let filters = Filters {
        ledger_of: id.clone(),
        model: query.model,
    };
    let start: Position = page::decode(query.page_token.as_deref(), &filters)?.unwrap_or_default();
    let experiment = show::experiment(state, id).await?;
    let names = experiment.models.iter().map(|run| run.model.as_str());
    check_model(filters.model.as_deref(), names)?;
    let mut page = Filling {
        entries: Vec::new(),
        size,
        chunks_left: CHUNKS_LOOKED_THROUGH,
    };
    let mut next = None;
    let mut models = Vec::new();
    for (index, run) in (0..).zip(experiment.models) {
        if filters
            .model
            .as_ref()
            .is_some_and(|only| *only != run.model)
        {
            continue;
        }
        let from = match index == start.run {
            true => start,
            false => Position {
                run: index,
                ..Position::default()
            },
        };
        let key = runs::key(id, index, run.round);
        if let Some(dataset) = &run.dataset
            && next.is_none()
            && index >= start.run
        {
            next = page.fill(state, &key, dataset, &run.model, from).await?;
        }
        models.push(ModelLedger {
            model: run.model,
            generated: run.generated,
        });
    }
    Ok(Ledger {
        experiment_id: experiment.id,
        complete: experiment.status.is_final(),
        models,
        entries: page.entries,
        next_page_token: next.map(|position| page_token::encode(&filters, position)),
    })
}

/// A page that is being filled.
struct Filling {
    entries: Vec<LedgerEntry>,
    size: usize,
    chunks_left: usize,
}

impl Filling {
    /// Takes entries of one run; the position of the first that no longer fits, if there is one.
    async fn fill(
        &mut self,
        state: &AppState,
        run: &Run,
        dataset: &DatasetRef,
        model: &str,
        from: Position,
    ) -> Result<Option<Position>, ApiError> {
        for chunk in from.chunk..dataset.chunks() {
            let first = match chunk == from.chunk {
                true => from.place,
                false => 0,
            };
            let next = |place| {
                Some(Position {
                    run: run.index,
                    chunk,
                    place,
                })
            };
            if self.chunks_left == 0 || self.entries.len() == self.size {
                return Ok(next(first));
            }
            self.chunks_left -= 1;
            let outputs = state.store.outputs(run, chunk).await?;
            if outputs.is_empty() {
                continue;
            }
            let items = state.store.dataset_chunk(dataset, chunk).await?;
            let samples = items.iter().flat_map(|item| {
                let samples = 0..dataset.samples;
                samples.map(move |sample| (&item.id, sample))
            });
            for (place, (id, sample)) in samples.enumerate().skip(first) {
                let Some(journal) = outputs.get(id, sample) else {
                    continue;
                };
                if self.entries.len() == self.size {
                    return Ok(next(place));
                }
                self.entries.push(entry(model, journal));
            }
        }
        Ok(None)
    }
}

fn entry(model: &str, journal: &ItemJournal) -> LedgerEntry {
    let output = &journal.output;
    let answer = output.answer.as_ref();
    let is_priced = output.cost.is_some() || !journal.cost.is_zero();
    LedgerEntry {
        model: model.to_owned(),
        item_id: output.item_id.clone(),
        sample: output.sample,
        calls: journal.calls,
        repeated: journal.repeated,
        attempts: output.attempts,
        answered: answer.is_some(),
        answer_sha256: answer.map(|answer| sha256(&answer.value)),
        error_kind: output.error.as_ref().map(|error| error.kind),
        usage: journal.usage,
        cost: is_priced.then_some(journal.cost),
        latency_ms: answer.and_then(|answer| answer.latency_ms),
        cached: output.cached,
        round: output.round,
        ended_at: output.ended_at,
    }
}

/// The hash of a value as compact JSON.
fn sha256(value: &Value) -> String {
    hex::encode(Sha256::digest(value.to_string()))
}
