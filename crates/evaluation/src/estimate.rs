//! What an experiment may take: the calls that its items need, and the tokens of its prompts.

use domain::config::{AdapterConfig, ExperimentConfig, JudgeMode, LlmJudgeScorer, ScorerConfig};
use domain::estimate::{Bounds, ModelEstimate};
use domain::item::DatasetItem;

use crate::prompts::{EmbeddedText, Prompt};

/// Characters that are taken for a token: what English text has by rule of thumb
/// (<https://help.openai.com/en/articles/4936856-what-are-tokens-and-how-to-count-them>).
const CHARACTERS_A_TOKEN: u64 = 4;

/// What the outputs of each model take, without cost.
pub fn outputs(config: &ExperimentConfig, items: &[DatasetItem]) -> Vec<ModelEstimate> {
    let attempts = u64::from(config.retry.maximum_attempts);
    let samples = u64::from(config.execution.samples);
    let models = config.models.iter();
    models
        .map(|model| {
            let adapter = model.adapter.as_ref().or(config.adapter.as_ref());
            let calls = match adapter {
                Some(AdapterConfig::Recorded(_)) | None => Bounds::attempted(0, 0),
                Some(_) => {
                    Bounds::attempted((items.len() as u64).saturating_mul(samples), attempts)
                }
            };
            let tokens = adapter.and_then(|adapter| read(adapter, items));
            ModelEstimate {
                model: model.name.clone(),
                calls,
                input_tokens: tokens
                    .map(|tokens| Bounds::attempted(tokens.saturating_mul(samples), attempts)),
                output_tokens: adapter.and_then(|adapter| written(adapter, calls)),
                cost: None,
            }
        })
        .collect()
}

/// The calls of the scorers that ask others, about the outputs of all models.
pub fn scorer_calls(config: &ExperimentConfig, items: &[DatasetItem]) -> Bounds {
    let an_output: u64 = config.scorers.iter().map(calls_an_output).sum();
    let outputs = (items.len() as u64 * config.models.len() as u64)
        .saturating_mul(u64::from(config.execution.samples));
    let most = outputs.saturating_mul(an_output);
    Bounds {
        // What has no output is not asked about.
        least: 0,
        most: Some(most.saturating_mul(u64::from(config.retry.maximum_attempts))),
    }
}

fn calls_an_output(scorer: &ScorerConfig) -> u64 {
    match scorer {
        ScorerConfig::LlmJudge(judge) => judge_calls(judge),
        ScorerConfig::Activity(_) | ScorerConfig::Http(_) => 1,
        // The output and its reference.
        ScorerConfig::EmbeddingSimilarity(_) => 2,
        _ => 0,
    }
}

/// Each judge is asked once, or in both orders.
fn judge_calls(judge: &LlmJudgeScorer) -> u64 {
    let judges = judge.all_judges().count() as u64;
    match judge.mode {
        JudgeMode::Pairwise => 2 * judges,
        _ => judges,
    }
}

/// The tokens that one call about each item reads.
fn read(adapter: &AdapterConfig, items: &[DatasetItem]) -> Option<u64> {
    let characters = |text: &str| text.chars().count() as u64;
    match adapter {
        AdapterConfig::OpenAi(chat) | AdapterConfig::Chat(chat) => {
            let prompt = Prompt::compile(chat).ok()?;
            let of = |item| {
                let messages = prompt.render(item).ok()?;
                let system = messages.system.as_deref().map_or(0, characters);
                Some((system + characters(&messages.user)).div_ceil(CHARACTERS_A_TOKEN))
            };
            items.iter().map(of).sum()
        }
        AdapterConfig::Embeddings(embeddings) => {
            let text = EmbeddedText::compile(embeddings).ok()?;
            let of = |item| {
                let text = text.render(item).ok()?;
                Some(characters(&text).div_ceil(CHARACTERS_A_TOKEN))
            };
            items.iter().map(of).sum()
        }
        AdapterConfig::Recorded(_) => Some(0),
        AdapterConfig::Http(_) | AdapterConfig::Sse(_) | AdapterConfig::Activity(_) => None,
    }
}

/// The tokens that so many calls write.
fn written(adapter: &AdapterConfig, calls: Bounds) -> Option<Bounds> {
    match adapter {
        AdapterConfig::OpenAi(chat) | AdapterConfig::Chat(chat) => Some(Bounds {
            least: 0,
            most: chat
                .max_tokens
                .zip(calls.most)
                .map(|(tokens, calls)| calls.saturating_mul(u64::from(tokens))),
        }),
        AdapterConfig::Embeddings(_) | AdapterConfig::Recorded(_) => Some(Bounds {
            least: 0,
            most: Some(0),
        }),
        AdapterConfig::Http(_) | AdapterConfig::Sse(_) | AdapterConfig::Activity(_) => None,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn config(change: impl FnOnce(&mut serde_json::Value)) -> ExperimentConfig {
        let mut config = json!({
            "dataset": {"type": "inline", "items": [
                {"id": "1", "input": {"prompt": "12345"}}, {"id": "2", "input": {"prompt": "1234"}},
            ]},
            "adapter": {"type": "openai", "provider": "p", "system": "äöü", "max_tokens": 10},
            "models": [{"name": "a"}, {"name": "b", "adapter": {"type": "recorded"}}],
            "scorers": [{"type": "exact_match"}],
            "retry": {"maximum_attempts": 3},
        });
        change(&mut config);
        serde_json::from_value(config).unwrap()
    }

    #[test]
    fn each_sample_is_a_call() {
        let config = config(|config| config["execution"] = json!({"samples": 4}));
        let items = config.dataset.inline_items().unwrap();
        let outputs = outputs(&config, items);
        let bounds = |least, most| Bounds { least, most };
        assert_eq!(outputs[0].calls, bounds(8, Some(24)));
        assert_eq!(outputs[0].input_tokens, Some(bounds(16, Some(48))));
        assert_eq!(outputs[1].calls, bounds(0, Some(0)));
    }

    #[test]
    fn each_attempt_reads_the_whole_prompt_and_writes_as_much_as_it_may() {
        let config = config(|_| {});
        let items = config.dataset.inline_items().unwrap();
        let outputs = outputs(&config, items);
        let bounds = |least, most| Bounds { least, most };
        assert_eq!(outputs[0].calls, bounds(2, Some(6)));
        // Eight characters and seven.
        assert_eq!(outputs[0].input_tokens, Some(bounds(4, Some(12))));
        assert_eq!(outputs[0].output_tokens, Some(bounds(0, Some(60))));
        assert_eq!(outputs[1].calls, bounds(0, Some(0)));
        assert_eq!(scorer_calls(&config, items), bounds(0, Some(0)));
    }

    #[test]
    fn what_is_not_known_is_not_told() {
        let config = config(|config| {
            config["adapter"] = json!({"type": "activity", "task_queue": "q", "activity": "a"});
            config["models"] = json!([
                {"name": "a"}, {"name": "b", "adapter": {"type": "chat", "provider": "p"}},
            ]);
            let judge = json!({"type": "openai", "provider": "p"});
            config["scorers"] = json!([
                {"type": "llm_judge", "rubric": "r", "judges": [judge, judge]},
                {"type": "embedding_similarity", "provider": "p", "model": "m"},
            ]);
        });
        let items = config.dataset.inline_items().unwrap();
        let outputs = outputs(&config, items);
        assert_eq!(
            (outputs[0].input_tokens, outputs[0].output_tokens),
            (None, None)
        );
        assert_eq!(outputs[1].output_tokens.unwrap().most, None);
        // Two items, two models, four calls an output, three attempts at each.
        assert_eq!(scorer_calls(&config, items).most, Some(48));
    }
}
