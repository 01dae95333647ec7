//! ScoreOutput: judges the outputs of a chunk, and writes its results.

use std::sync::Arc;

use artifacts::outputs::Journal;
use artifacts::run::Run;
use domain::aggregate::{Aggregate, merge_all};
use domain::config::ScorerConfig;
use domain::item::DatasetItem;
use domain::output::Output;
use domain::progress::Generated;
use domain::result::{ItemResult, ItemState, StateCounts};
use domain::score::Score;
use evaluation::scorers::Scorer;
use futures::{StreamExt, TryStreamExt, stream};
use temporalio_sdk::activities::ActivityContext;
use workflows::activities::{ScoreChunk, ScoredChunk};

use crate::failure::Failure;
use crate::work::{Bench, run_key, with_heartbeat};

/// Chunks of a stretch that are in memory at once: while one is judged, others are read and written.
const CHUNKS_AT_ONCE: usize = 3;

pub(crate) async fn score_output(
    bench: &Bench,
    ctx: &ActivityContext,
    input: ScoreChunk,
) -> Result<ScoredChunk, Failure> {
    let work = async {
        let (spec, _) = bench.run(&input.run).await?;
        let run = &run_key(&input.run);
        let scorers = &Arc::new(compiled(&spec.scorers)?);
        let mut scored = nothing_scored(scorers);
        let chunks = input.chunk..input.chunk + input.chunks;
        let mut chunks = stream::iter(chunks)
            .map(|chunk| score_chunk(bench, run, &input, chunk, scorers))
            .buffered(CHUNKS_AT_ONCE);
        while let Some(chunk) = chunks.try_next().await? {
            scored.generated.add(chunk.generated);
            scored.states.add(chunk.states);
            merge_all(&mut scored.aggregates, &chunk.aggregates);
        }
        Ok(scored)
    };
    with_heartbeat(bench, ctx, || (), work).await
}

async fn score_chunk(
    bench: &Bench,
    run: &Run,
    input: &ScoreChunk,
    chunk: u64,
    scorers: &Arc<Vec<Scorer>>,
) -> Result<ScoredChunk, Failure> {
    let items = bench.store.dataset_chunk(&input.dataset, chunk).await?;
    let outputs = bench.store.outputs(run, chunk).await?;
    let scorers = Arc::clone(scorers);
    let judged = tokio::task::spawn_blocking(move || judge(items, outputs, &scorers)).await?;
    bench.store.put_results(run, chunk, &judged.results).await?;
    Ok(judged.chunk)
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
    }
}

struct Judged {
    results: Vec<ItemResult>,
    chunk: ScoredChunk,
}

/// Scores every item that has an answer. Computes for as long as scorers do, so it runs on a thread for that.
fn judge(items: Vec<DatasetItem>, mut outputs: Journal, scorers: &[Scorer]) -> Judged {
    let mut chunk = nothing_scored(scorers);
    let mut results = Vec::with_capacity(items.len());
    for item in items {
        let journal = outputs.remove(&item.id);
        if let Some(journal) = &journal {
            chunk.generated.count_calls(journal);
            chunk.generated.count_item(journal);
        }
        let output = journal.map(|journal| journal.output);
        let result = judge_item(item, output, scorers, &mut chunk.aggregates);
        chunk.states.count(result.state);
        results.push(result);
    }
    Judged { results, chunk }
}

fn judge_item(
    item: DatasetItem,
    output: Option<Output>,
    scorers: &[Scorer],
    aggregates: &mut [Aggregate],
) -> ItemResult {
    let answer = output.as_ref().and_then(|output| output.answer.as_ref());
    let mut scores: Vec<Score> = Vec::new();
    let mut scorer_errors = Vec::new();
    if let Some(output) = output.as_ref().filter(|output| output.answer.is_some()) {
        for (scorer, aggregate) in scorers.iter().zip(aggregates) {
            match scorer.score(&item, output) {
                Ok(score) => {
                    aggregate.push(score.value);
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
        state,
        output,
        scores,
        scorer_errors,
    }
}

#[cfg(test)]
mod tests {
    use domain::journal::ItemJournal;
    use domain::output::{Answer, CallError, CallErrorKind};
    use serde_json::json;

    use super::*;

    fn item(id: &str, expected: Option<&str>) -> DatasetItem {
        let expected = expected.map(|text| json!(text));
        serde_json::from_value(json!({"id": id, "input": {}, "expected": expected})).unwrap()
    }

    fn answered(id: &str, value: &str) -> (String, ItemJournal) {
        let answer = Answer::of(json!(value));
        let output = Output::answered(id.to_owned(), 1, answer);
        (id.to_owned(), ItemJournal::new(output))
    }

    #[test]
    fn every_item_has_one_state_and_only_scored_items_are_in_the_mean() {
        let items = vec![
            item("right", Some("4")),
            item("wrong", Some("4")),
            item("bare", None),
            item("failed", Some("4")),
            item("never", Some("4")),
        ];
        let timeout = CallError::new(CallErrorKind::Timeout, "too slow");
        let failed = Output::failed("failed".to_owned(), 1, timeout);
        let mut failed = ItemJournal::new(failed.clone());
        failed.push(failed.output.clone());
        let outputs = Journal::from([
            answered("right", "4"),
            answered("wrong", "5"),
            answered("bare", "4"),
            ("failed".to_owned(), failed),
        ]);
        let scorers = [serde_json::from_value(json!({"type": "exact_match"})).unwrap()];
        let judged = judge(items, outputs, &compiled(&scorers).unwrap());
        let states = StateCounts {
            ok: 2,
            generation_failed: 1,
            scorer_failed: 1,
            skipped: 1,
        };
        assert_eq!(judged.chunk.states, states);
        let aggregate = &judged.chunk.aggregates[0];
        assert_eq!(
            (aggregate.count, aggregate.errors, aggregate.mean()),
            (2, 1, 0.5)
        );
        assert_eq!(
            (
                judged.chunk.generated.answered,
                judged.chunk.generated.calls
            ),
            (3, 5)
        );
    }
}
