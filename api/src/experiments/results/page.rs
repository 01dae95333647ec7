//! Results, page by page: by model, then chunk by chunk.

use std::io::{self, Write};

use api_types::results::{ModelResult, ResultList};
use artifacts::run::Run;
use domain::experiment::ExperimentId;
use domain::result::ItemResult;
use serde::{Deserialize, Serialize};

use crate::error::ApiError;
use crate::experiments::results::filter::Filter;
use crate::experiments::results::query::ResultQuery;
use crate::experiments::results::reading::Reading;
use crate::extract::page::{self, PageSize};
use crate::page_token;
use crate::state::AppState;

const DEFAULT_SIZE: u32 = 100;
const LARGEST_SIZE: u32 = 1000;

/// Chunks that are read for one page: enough for the largest page of the smallest chunks.
const CHUNKS_LOOKED_THROUGH: usize = 50;

/// A page ends with the result that reaches this size, in bytes of JSON: long outputs make short pages.
const FULL_PAGE_BYTES: usize = 8 << 20;

/// What a page token is good for.
#[derive(Debug, PartialEq, Serialize, Deserialize)]
struct Filters {
    results_of: ExperimentId,
    #[serde(flatten)]
    filter: Filter,
}

/// The next result: by the run's index, the chunk, and the result's place in the chunk.
#[derive(Clone, Copy, Debug, Default, Serialize, Deserialize)]
struct Position {
    run: u32,
    chunk: u64,
    place: usize,
}

pub(super) async fn list(
    state: &AppState,
    id: &ExperimentId,
    query: ResultQuery,
) -> Result<ResultList, ApiError> {
    let size = PageSize::or_default(query.page_size, DEFAULT_SIZE, LARGEST_SIZE) as usize;
    let filters = Filters {
        results_of: id.clone(),
        filter: query.filter,
    };
    let start: Position = page::decode(query.page_token.as_deref(), &filters)?.unwrap_or_default();
    let reading = Reading::open(state, id, filters.filter.clone()).await?;
    let mut page = Filling {
        results: Vec::new(),
        size,
        bytes: 0,
        chunks_left: CHUNKS_LOOKED_THROUGH,
    };
    let mut next = None;
    for (run, model) in &reading.runs {
        if run.index < start.run {
            continue;
        }
        let from = match run.index == start.run {
            true => start,
            false => Position {
                run: run.index,
                ..Position::default()
            },
        };
        next = page
            .fill(state, run, model, reading.chunks, &reading.filter, from)
            .await?;
        if next.is_some() {
            break;
        }
    }
    Ok(ResultList {
        results: page.results,
        next_page_token: next.map(|position| page_token::encode(&filters, position)),
        complete: reading.is_final,
    })
}

/// A page that is being filled.
struct Filling {
    results: Vec<ModelResult>,
    size: usize,
    bytes: usize,
    chunks_left: usize,
}

impl Filling {
    fn is_full(&self) -> bool {
        self.results.len() == self.size || self.bytes >= FULL_PAGE_BYTES
    }

    /// Takes results of one run; the position of the first that no longer fits, if there is one.
    async fn fill(
        &mut self,
        state: &AppState,
        run: &Run,
        model: &str,
        chunks: u64,
        filter: &Filter,
        from: Position,
    ) -> Result<Option<Position>, ApiError> {
        let most = self.chunks_left;
        let scored = state
            .store
            .scored_from(run, from.chunk, chunks, most)
            .await?;
        for chunk in scored.chunks {
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
            if self.is_full() {
                return Ok(next(first));
            }
            self.chunks_left -= 1;
            let results = state.store.results(run, chunk).await?.unwrap_or_default();
            for (place, result) in results.into_iter().enumerate().skip(first) {
                if !filter.passes(&result) {
                    continue;
                }
                if self.is_full() {
                    return Ok(next(place));
                }
                self.bytes += size_of(&result);
                let model = model.to_owned();
                self.results.push(ModelResult { model, result });
            }
        }
        Ok(scored.go_on_at.map(|chunk| Position {
            run: run.index,
            chunk,
            place: 0,
        }))
    }
}

/// The size of a result as JSON, counted and not kept.
fn size_of(result: &ItemResult) -> usize {
    struct Counter(usize);
    impl Write for Counter {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.0 += bytes.len();
            Ok(bytes.len())
        }
        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }
    let mut counter = Counter(0);
    // Counting does not fail, and a result is JSON: it was read as such.
    let _ = serde_json::to_writer(&mut counter, result);
    counter.0
}
