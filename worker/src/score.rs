//! ScoreOutput: judges the outputs of a chunk, and writes its results.

use std::collections::HashMap;

use domain::aggregate::Aggregate;
use domain::config::ScorerConfig;
use domain::item::DatasetItem;
use domain::output::Output;
use domain::progress::Generated;
use domain::result::{ItemResult, ItemState, StateCounts};
use domain::score::Score;
use evaluation::scorers::Scorer;
use temporalio_sdk::activities::ActivityContext;
use workflows::activities::{ScoreChunk, ScoredChunk};

use crate::failure::Failure;
use crate::work::{Bench, run_key, with_heartbeat};

pub(crate) async fn score_output(
    bench: &Bench,
    ctx: &ActivityContext,
    input: ScoreChunk,
) -> Result<ScoredChunk, Failure> {
    let work = async {
        let (spec, _) = bench.run(&input.run).await?;
        let run = run_key(&input.run);
        let items = bench
            .store
            .dataset_chunk(&input.dataset, input.chunk)
            .await?;
        let outputs = bench.store.outputs(&run, input.chunk).await?;
        let judged =
            tokio::task::spawn_blocking(move || judge(items, outputs, &spec.scorers)).await??;
        bench
            .store
            .put_results(&run, input.chunk, &judged.results)
            .await?;
        Ok(judged.chunk)
    };
    with_heartbeat(bench, ctx, || (), work).await
}

struct Judged {
    results: Vec<ItemResult>,
    chunk: ScoredChunk,
}

/// Scores every item that has an answer. Computes for as long as scorers do, so it runs on a thread for that.
fn judge(
    items: Vec<DatasetItem>,
    mut outputs: HashMap<String, Output>,
    configs: &[ScorerConfig],
) -> Result<Judged, Failure> {
    let scorers: Vec<Scorer> = configs
        .iter()
        .map(Scorer::compile)
        .collect::<Result<_, _>>()
        .map_err(|fault| Failure::Spec(fault.to_string()))?;
    let mut chunk = ScoredChunk {
        generated: Generated::default(),
        states: StateCounts::default(),
        aggregates: scorers
            .iter()
            .map(|scorer| Aggregate::new(scorer.name()))
            .collect(),
    };
    let mut results = Vec::with_capacity(items.len());
    for item in items {
        let output = outputs.remove(&item.id);
        let result = judge_item(item, output, &scorers, &mut chunk.aggregates);
        if let Some(output) = &result.output {
            chunk.generated.count(output);
        }
        chunk.states.count(result.state);
        results.push(result);
    }
    Ok(Judged { results, chunk })
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
    if let Some(answer) = answer {
        for (scorer, aggregate) in scorers.iter().zip(aggregates) {
            match scorer.score(&item, &answer.value) {
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
    use domain::output::{Answer, CallError, CallErrorKind};
    use serde_json::json;

    use super::*;

    fn item(id: &str, expected: Option<&str>) -> DatasetItem {
        let expected = expected.map(|text| json!(text));
        serde_json::from_value(json!({"id": id, "input": {}, "expected": expected})).unwrap()
    }

    fn answered(id: &str, value: &str) -> (String, Output) {
        let answer = Answer::of(json!(value));
        (id.to_owned(), Output::answered(id.to_owned(), 1, answer))
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
        let outputs = HashMap::from([
            answered("right", "4"),
            answered("wrong", "5"),
            answered("bare", "4"),
            (
                "failed".to_owned(),
                Output::failed("failed".to_owned(), 5, timeout),
            ),
        ]);
        let scorers = [serde_json::from_value(json!({"type": "exact_match"})).unwrap()];
        let judged = judge(items, outputs, &scorers).unwrap();
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
            (3, 8)
        );
    }
}
