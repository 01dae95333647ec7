//! ScoreOutput: judges the outputs of a stretch, and writes its results.
//!
//! `inquiring` first asks what scorers ask others. What was answered is recorded like the calls for outputs, and the judging
//! is computed of these records alone: it gives the same scores whenever it is done again.

mod inquiring;
#[cfg(test)]
mod tests;

use std::sync::Arc;

use artifacts::outputs::Journal;
use artifacts::run::{Caller, Run};
use domain::aggregate::{Aggregate, merge_all};
use domain::config::ScorerConfig;
use domain::item::DatasetItem;
use domain::output::Output;
use domain::progress::Generated;
use domain::result::{ItemResult, ItemState, StateCounts};
use domain::spec::{ExperimentSpec, RunModel};
use evaluation::scorers::{Replies, Scorer};
use futures::{StreamExt, TryStreamExt, stream};
use temporalio_sdk::activities::ActivityContext;
use workflows::activities::{ScoreChunk, ScoredChunk};

use crate::counts;
use crate::failure::Failure;
use crate::score::inquiring::Asker;
use crate::traces::Traces;
use crate::traces::activities::Place;
use crate::traces::items::{Asked, Scored};
use crate::work::{Bench, beating, run_key, until_interrupted};

/// Chunks of a stretch that are in memory at once: while one is judged, others are read and written.
const CHUNKS_AT_ONCE: usize = 3;

pub(crate) async fn score_output(
    bench: &Bench,
    ctx: &ActivityContext,
    input: ScoreChunk,
) -> Result<ScoredChunk, Failure> {
    let asked = inquiring::Asked::after(ctx);
    let work = score(bench, ctx, &input, &asked);
    let scored = beating(ctx, || asked.progress(), work).await;
    if scored.is_err()
        && asked.is_any()
        && let Err(error) = ctx.record_heartbeat(asked.progress()).await
    {
        // The next attempt counts lost calls by what it hears of this one.
        tracing::warn!(%error, "a heartbeat could not be written");
    }
    scored
}

async fn score(
    bench: &Bench,
    ctx: &ActivityContext,
    input: &ScoreChunk,
    asked: &inquiring::Asked,
) -> Result<ScoredChunk, Failure> {
    let (spec, model) = bench.run(&input.run).await?;
    let run = &run_key(&input.run);
    let scorers = Arc::new(compiled(&spec.scorers)?);
    let askers = inquiring::askers(&scorers, run);
    let is_complete = inquiring::inquire(bench, ctx, input, &spec, &askers, asked).await?;
    let traces = bench.traces.as_deref();
    let judging = Judging {
        bench,
        run,
        input,
        spec: &spec,
        model: &model,
        traced: traces.and_then(|traces| Some((traces, traces.place(ctx)?))),
        scorers: &scorers,
        askers: &askers,
    };
    let mut scored = until_interrupted(bench, ctx, judging.judge_all()).await?;
    for (asker, lost) in askers.iter().zip(asked.lost()) {
        let calls = &mut scored.aggregates[asker.scorer].calls;
        calls.get_or_insert_default().lost += lost;
    }
    scored.cut_short = !is_complete;
    counts::scored(scored.states);
    Ok(scored)
}

/// A stretch while it is judged.
struct Judging<'a> {
    bench: &'a Bench,
    run: &'a Run,
    input: &'a ScoreChunk,
    spec: &'a ExperimentSpec,
    model: &'a RunModel,
    /// Whoever is told of it, if anybody is, and as which activity.
    traced: Option<(&'a Traces, Place)>,
    scorers: &'a Arc<Vec<Scorer>>,
    askers: &'a [Asker],
}

impl Judging<'_> {
    async fn judge_all(&self) -> Result<ScoredChunk, Failure> {
        let mut scored = nothing_scored(self.scorers);
        let chunks = self.input.chunk..self.input.chunk + self.input.chunks;
        let mut chunks = stream::iter(chunks)
            .map(|chunk| self.judge_chunk(chunk))
            .buffered(CHUNKS_AT_ONCE);
        while let Some(chunk) = chunks.try_next().await? {
            scored.generated.add(chunk.generated);
            scored.states.add(chunk.states);
            merge_all(&mut scored.aggregates, &chunk.aggregates);
        }
        Ok(scored)
    }

    async fn judge_chunk(&self, chunk: u64) -> Result<ScoredChunk, Failure> {
        let store = &self.bench.store;
        let items = store.dataset_chunk(&self.input.dataset, chunk).await?;
        let outputs = store.outputs(self.run, chunk).await?;
        let mut replies: Vec<Vec<Replies>> = self.scorers.iter().map(|_| Vec::new()).collect();
        for asker in self.askers {
            replies[asker.scorer].push(store.calls(&asker.caller, chunk).await?);
        }
        let scorers = Arc::clone(self.scorers);
        let samples = self.input.dataset.samples;
        let judge = move || judge(items, samples, &outputs, &scorers, &replies);
        let judged = tokio::task::spawn_blocking(judge).await?;
        store.put_results(self.run, chunk, &judged.results).await?;
        if let Some((traces, place)) = &self.traced {
            self.tell(traces, place, chunk, &judged.results).await?;
        }
        Ok(judged.chunk)
    }

    /// Tells of the items of a chunk, with the calls that are recorded for them.
    async fn tell(
        &self,
        traces: &Traces,
        place: &Place,
        chunk: u64,
        results: &[ItemResult],
    ) -> Result<(), Failure> {
        let store = &self.bench.store;
        let mut asked = Vec::new();
        for asker in self.askers {
            let Some(respondent) = asker.respondent() else {
                continue;
            };
            asked.push(Asked {
                scorer: asker.scorer,
                caller: &asker.caller,
                respondent,
                calls: store.recorded(&asker.caller, chunk).await?,
            });
        }
        let spans = traces.spans(Scored {
            place,
            run: self.run,
            spec: self.spec,
            model: self.model,
            dataset: &self.input.dataset,
            scorers: self.scorers,
            results,
            calls: store.recorded(&Caller::outputs(self.run), chunk).await?,
            asked,
        });
        traces.tell(spans).await;
        Ok(())
    }
}

fn compiled(configs: &[ScorerConfig]) -> Result<Vec<Scorer>, Failure> {
    configs
        .iter()
        .map(Scorer::compile)
        .collect::<Result<_, _>>()
        .map_err(|fault| Failure::Spec(fault.to_string()))
}

fn nothing_scored(scorers: &[Scorer]) -> ScoredChunk {
    ScoredChunk {
        generated: Generated::default(),
        states: StateCounts::default(),
        aggregates: scorers
            .iter()
            .map(|scorer| Aggregate::new(scorer.name()))
            .collect(),
        cut_short: false,
    }
}

struct Judged {
    results: Vec<ItemResult>,
    chunk: ScoredChunk,
}

/// Scores every output that has an answer. `replies` are those to each scorer, by its place. Computes for as long as scorers do, so it runs on a thread for that.
fn judge(
    items: Vec<DatasetItem>,
    samples: u32,
    outputs: &Journal,
    scorers: &[Scorer],
    replies: &[Vec<Replies>],
) -> Judged {
    let mut chunk = nothing_scored(scorers);
    let mut results = Vec::with_capacity(items.len() * samples as usize);
    for item in items {
        let first = results.len();
        for sample in 0..samples {
            let journal = outputs.get(&item.id, sample);
            if let Some(journal) = journal {
                chunk.generated.count_calls(journal);
                chunk.generated.count_item(journal);
            }
            let output = journal.map(|journal| journal.output.clone());
            let result = ItemResult {
                sample,
                ..judge_output(
                    item.clone(),
                    output,
                    scorers,
                    replies,
                    &mut chunk.aggregates,
                )
            };
            chunk.states.count(result.state);
            results.push(result);
        }
        for aggregate in &mut chunk.aggregates {
            aggregate.push_item(&results[first..]);
        }
    }
    Judged { results, chunk }
}

/// Judges one output. Only what asking took and what failed is counted; the scores count item by item.
fn judge_output(
    item: DatasetItem,
    output: Option<Output>,
    scorers: &[Scorer],
    replies: &[Vec<Replies>],
    aggregates: &mut [Aggregate],
) -> ItemResult {
    let answer = output.as_ref().and_then(|output| output.answer.as_ref());
    let mut scores = Vec::new();
    let mut scorer_errors = Vec::new();
    if let Some(output) = output.as_ref().filter(|output| output.answer.is_some()) {
        let scorers = scorers.iter().zip(replies);
        for ((scorer, replies), aggregate) in scorers.zip(aggregates) {
            let judged = scorer.judge(&item, output, replies);
            if let Some(calls) = judged.calls {
                aggregate.calls.get_or_insert_default().add(calls);
            }
            match judged.score {
                Ok(score) => {
                    aggregate.rated(&judged.ratings);
                    scores.push(score);
                }
                Err(error) => {
                    aggregate.errors += 1;
                    scorer_errors.push(error);
                }
            }
        }
    }
    let state = match (&output, answer, scorer_errors.is_empty()) {
        (None, ..) => ItemState::Skipped,
        (Some(_), None, _) => ItemState::GenerationFailed,
        (Some(_), Some(_), true) => ItemState::Ok,
        (Some(_), Some(_), false) => ItemState::ScorerFailed,
    };
    ItemResult {
        item,
        sample: 0,
        state,
        output,
        scores,
        scorer_errors,
    }
}
