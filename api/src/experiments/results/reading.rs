//! The results of an experiment, about to be read.

use std::sync::Arc;

use artifacts::run::Run;
use artifacts::{Error, Store};
use domain::dataset::DatasetRef;
use domain::experiment::ExperimentId;
use domain::result::ItemResult;
use futures::{Stream, StreamExt, TryStreamExt, stream};

use crate::error::ApiError;
use crate::experiments::outline::Outline;
use crate::experiments::results::filter::Filter;
use crate::experiments::{runs, show};
use crate::state::AppState;

/// Chunks that are looked for at once.
const LOOKED_FOR: usize = 100;

/// Chunks that are read while the one before them is made use of.
const READ_AHEAD: usize = 2;

pub(super) struct Reading {
    /// With their models and indices, those of other models left out.
    pub(super) runs: Vec<(Run, String)>,
    /// How many chunks each run has when all are scored.
    pub(super) chunks: u64,
    /// Whether no result will be added.
    pub(super) is_final: bool,
    pub(super) scorers: Vec<String>,
    pub(super) filter: Filter,
}

/// Results of one model that pass.
pub(super) struct Batch {
    pub(super) model: Arc<str>,
    pub(super) results: Vec<ItemResult>,
}

impl Reading {
    /// Refuses filters that nothing could pass.
    pub(super) async fn open(
        state: &AppState,
        id: &ExperimentId,
        filter: Filter,
    ) -> Result<Self, ApiError> {
        let whole = show::outline(state, id).await?;
        let scorers = scorers(state, id, &whole).await?;
        filter.check(&whole.models, &scorers)?;
        let runs = (0..)
            .zip(whole.models)
            .map(|(index, model)| (runs::key(id, index, whole.round), model))
            .filter(|(_, model)| filter.has_model(model));
        Ok(Self {
            runs: runs.collect(),
            chunks: whole.dataset.as_ref().map_or(0, DatasetRef::chunks),
            is_final: whole.is_final,
            scorers,
            filter,
        })
    }

    /// All results that pass, a chunk at a time. Nothing is read that is not asked for soon.
    pub(super) fn batches(
        self,
        store: Store,
    ) -> impl Stream<Item = Result<Batch, Error>> + Send + 'static {
        let filter = Arc::new(self.filter);
        let chunks = self.chunks;
        stream::iter(self.runs).flat_map(move |(run, model)| {
            let (store, filter, model) = (store.clone(), Arc::clone(&filter), Arc::from(model));
            scored(store.clone(), run.clone(), chunks)
                .map_ok(move |chunk| {
                    read(
                        store.clone(),
                        run.clone(),
                        chunk,
                        Arc::clone(&model),
                        Arc::clone(&filter),
                    )
                })
                .try_buffered(READ_AHEAD)
        })
    }
}

/// The scored chunks of a run, in their order.
fn scored(
    store: Store,
    run: Run,
    chunks: u64,
) -> impl Stream<Item = Result<u64, Error>> + Send + 'static {
    stream::try_unfold(Some(0), move |from| {
        let (store, run) = (store.clone(), run.clone());
        async move {
            let Some(from) = from else {
                return Ok(None);
            };
            let scored = store.scored_from(&run, from, chunks, LOOKED_FOR).await?;
            let found = stream::iter(scored.chunks.into_iter().map(Ok));
            Ok(Some((found, scored.go_on_at)))
        }
    })
    .try_flatten()
}

async fn read(
    store: Store,
    run: Run,
    chunk: u64,
    model: Arc<str>,
    filter: Arc<Filter>,
) -> Result<Batch, Error> {
    let results = store.results(&run, chunk).await?;
    // It was there a moment ago.
    let gone = || Error::NotFound(format!("chunk {chunk} of the results"));
    let mut results = results.ok_or_else(gone)?;
    results.retain(|result| filter.passes(result));
    Ok(Batch { model, results })
}

/// The names of an experiment's scorers: as its specification has them, or, of runs of an older worker, its summaries.
async fn scorers(
    state: &AppState,
    id: &ExperimentId,
    whole: &Outline,
) -> Result<Vec<String>, ApiError> {
    if let Some(sha256) = &whole.spec_sha256 {
        match state.store.spec(id, sha256).await {
            Ok(spec) => {
                let scorers = spec.scorers.iter();
                return Ok(scorers.map(|scorer| scorer.name().to_owned()).collect());
            }
            Err(Error::NotFound(_)) => {}
            Err(error) => return Err(error.into()),
        }
    }
    let summaries = state.store.summaries(id).await?;
    let scorers = summaries
        .first()
        .map(|summary| &summary.progress.aggregates);
    let scorers = scorers.into_iter().flatten();
    Ok(scorers.map(|aggregate| aggregate.scorer.clone()).collect())
}
