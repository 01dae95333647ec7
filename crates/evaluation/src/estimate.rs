//! What an experiment may take: the calls that its items need, and the tokens of its prompts.

use domain::config::{AdapterConfig, ExperimentConfig, JudgeMode, LlmJudgeScorer, ScorerConfig};
use domain::estimate::{Bounds, ModelEstimate};
use domain::item::DatasetItem;

use crate::prompts::{EmbeddedText, Prompt};

/// Characters that are taken for a token: what English text has by rule of thumb
/// (<https://help.openai.com/en/articles/4936856-what-are-tokens-and-how-to-count-them>).
const CHARACTERS_A_TOKEN: u64 = 4;

/// The items of an experiment so far: how many, and the tokens that one call of each model about each of them reads.
pub struct Tally {
    readings: Vec<Reading>,
    items: u64,
    tokens: Vec<Option<u64>>,
}

/// The tokens that a call of each model about one item reads; none where that cannot be told.
pub type Tokens = Vec<Option<u64>>;

impl Tally {
    pub fn new(config: &ExperimentConfig) -> Self {
        let models = config.models.iter();
        let readings: Vec<Reading> = models
            .map(|model| Reading::of(config.adapter_of(model)))
            .collect();
        Self {
            tokens: readings.iter().map(Reading::none_yet).collect(),
            readings,
            items: 0,
        }
    }

    pub fn of<'a>(
        config: &ExperimentConfig,
        items: impl IntoIterator<Item = &'a DatasetItem>,
    ) -> Self {
        let mut tally = Self::new(config);
        for item in items {
            tally.add(&tally.tokens(item));
        }
        tally
    }

    pub fn tokens(&self, item: &DatasetItem) -> Tokens {
        let readings = self.readings.iter();
        readings.map(|reading| reading.tokens(item)).collect()
    }

    /// Counts an item that reads so many tokens.
    pub fn add(&mut self, tokens: &Tokens) {
        self.items += 1;
        for (sum, tokens) in self.tokens.iter_mut().zip(tokens) {
            *sum = sum
                .zip(*tokens)
                .map(|(sum, tokens)| sum.saturating_add(tokens));
        }
    }

    pub fn items(&self) -> u64 {
        self.items
    }

    /// What the outputs of each model take, without cost.
    pub fn outputs(&self, config: &ExperimentConfig) -> Vec<ModelEstimate> {
        let attempts = u64::from(config.retry.maximum_attempts);
        let samples = u64::from(config.execution.samples);
        let models = config.models.iter().zip(&self.tokens);
        models
            .map(|(model, tokens)| {
                let adapter = config.adapter_of(model);
                let calls = match adapter {
                    Some(AdapterConfig::Recorded(_)) | None => Bounds::attempted(0, 0),
                    Some(_) => Bounds::attempted(self.items.saturating_mul(samples), attempts),
                };
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
    pub fn scorer_calls(&self, config: &ExperimentConfig) -> Bounds {
        let an_output: u64 = config.scorers.iter().map(calls_an_output).sum();
        let outputs = (self.items * config.models.len() as u64)
            .saturating_mul(u64::from(config.execution.samples));
        let most = outputs.saturating_mul(an_output);
        Bounds {
            // What has no output is not asked about.
            least: 0,
            most: Some(most.saturating_mul(u64::from(config.retry.maximum_attempts))),
        }
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

/// What a model reads of an item.
enum Reading {
    Prompt(Prompt),
    Text(EmbeddedText),
    /// It is not asked.
    Nothing,
    /// What it is asked is not known here.
    Unknown,
}

impl Reading {
    fn of(adapter: Option<&AdapterConfig>) -> Self {
        match adapter {
            Some(AdapterConfig::OpenAi(chat) | AdapterConfig::Chat(chat)) => {
                Prompt::compile(chat).map_or(Self::Unknown, Self::Prompt)
            }
            Some(AdapterConfig::Embeddings(embeddings)) => {
                EmbeddedText::compile(embeddings).map_or(Self::Unknown, Self::Text)
            }
            Some(AdapterConfig::Recorded(_)) => Self::Nothing,
            Some(AdapterConfig::Http(_) | AdapterConfig::Sse(_) | AdapterConfig::Activity(_))
            | None => Self::Unknown,
        }
    }

    /// What it has read before the first item.
    fn none_yet(&self) -> Option<u64> {
        match self {
            Self::Unknown => None,
            Self::Prompt(_) | Self::Text(_) | Self::Nothing => Some(0),
        }
    }

    /// The tokens that one call about the item reads.
    fn tokens(&self, item: &DatasetItem) -> Option<u64> {
        let characters = |text: &str| text.chars().count() as u64;
        let read = match self {
            Self::Prompt(prompt) => {
                let messages = prompt.render(item).ok()?;
                messages.system.as_deref().map_or(0, characters) + characters(&messages.user)
            }
            Self::Text(text) => characters(&text.render(item).ok()?),
            Self::Nothing => 0,
            Self::Unknown => return None,
        };
        Some(read.div_ceil(CHARACTERS_A_TOKEN))
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
        let tally = Tally::of(&config, items);
        let outputs = tally.outputs(&config);
        let bounds = |least, most| Bounds { least, most };
        assert_eq!(outputs[0].calls, bounds(8, Some(24)));
        assert_eq!(outputs[0].input_tokens, Some(bounds(16, Some(48))));
        assert_eq!(outputs[1].calls, bounds(0, Some(0)));
    }

    #[test]
    fn each_attempt_reads_the_whole_prompt_and_writes_as_much_as_it_may() {
        let config = config(|_| {});
        let items = config.dataset.inline_items().unwrap();
        let tally = Tally::of(&config, items);
        let outputs = tally.outputs(&config);
        let bounds = |least, most| Bounds { least, most };
        assert_eq!(outputs[0].calls, bounds(2, Some(6)));
        // Eight characters and seven.
        assert_eq!(outputs[0].input_tokens, Some(bounds(4, Some(12))));
        assert_eq!(outputs[0].output_tokens, Some(bounds(0, Some(60))));
        assert_eq!(outputs[1].calls, bounds(0, Some(0)));
        assert_eq!(tally.scorer_calls(&config), bounds(0, Some(0)));
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
        let tally = Tally::of(&config, items);
        let outputs = tally.outputs(&config);
        assert_eq!(
            (outputs[0].input_tokens, outputs[0].output_tokens),
            (None, None)
        );
        assert_eq!(outputs[1].output_tokens.unwrap().most, None);
        // Two items, two models, four calls an output, three attempts at each.
        assert_eq!(tally.scorer_calls(&config).most, Some(48));
    }
}
