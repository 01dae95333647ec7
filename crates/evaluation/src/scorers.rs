//! Scorers: compiled once, then each judges the output of every item. Those that ask others say what, and judge by the
//! answers.
//!
//! What each kind promises is said at its configuration, in `domain::config`; formulas and sources are in `docs/scorers.md`.

mod asking;
mod bleu;
mod chrf;
mod classification;
mod composite;
mod contains;
mod custom;
mod document;
mod edits;
mod exact_match;
mod fuzzy;
mod json_diff;
pub(crate) mod json_path;
mod json_schema;
mod judge;
mod levenshtein;
mod measures;
mod numbers;
mod numeric;
mod reference;
mod references;
mod regex;
mod rouge;
mod similarity;
#[cfg(test)]
mod tests;
mod token_f1;
mod tool_calls;
mod verdict;
mod words;

use domain::aggregate::ScorerCalls;
use domain::config::{
    BleuScorer, ChrfScorer, ContainsScorer, CostScorer, ExactMatchScorer, FuzzyScorer,
    JsonSchemaScorer, LatencyScorer, LevenshteinScorer, NumericScorer, RougeScorer, ScorerConfig,
    TokenF1Scorer, TokenUsageScorer, ToolCallsScorer,
};
use domain::fault::Fault;
use domain::item::DatasetItem;
use domain::output::Output;
use domain::score::{Score, ScorerError};
use serde_json::{Map, Value};

pub use self::asking::{Inquiry, Replies, Respondent, Sends};
use self::classification::Classification;
use self::composite::Composite;
use self::custom::Custom;
use self::json_diff::JsonDiff;
use self::json_path::JsonPath;
use self::json_schema::JsonSchema;
use self::judge::Judge;
use self::regex::Regex;
use self::similarity::Similarity;
use self::verdict::{Unscorable, Verdict};

/// A scorer ready to score.
pub struct Scorer {
    name: String,
    eval_id: String,
    pass_threshold: Option<f64>,
    kind: Kind,
}

enum Kind {
    ExactMatch(ExactMatchScorer),
    Contains(ContainsScorer),
    Regex(Regex),
    Numeric(NumericScorer),
    JsonSchema(JsonSchema),
    Levenshtein(LevenshteinScorer),
    Fuzzy(FuzzyScorer),
    Bleu(BleuScorer),
    Chrf(ChrfScorer),
    Rouge(RougeScorer),
    TokenF1(TokenF1Scorer),
    JsonDiff(JsonDiff),
    JsonPath(JsonPath),
    Latency(LatencyScorer),
    TokenUsage(TokenUsageScorer),
    Cost(CostScorer),
    ToolCalls(ToolCallsScorer),
    Classification(Classification),
    Composite(Composite),
    Asking(Box<Inquiry>),
}

impl Kind {
    fn asking(inquiry: Inquiry) -> Self {
        Self::Asking(Box::new(inquiry))
    }
}

/// What a scorer makes of an output.
pub struct Judged {
    pub score: Result<Score, ScorerError>,
    /// What it asked others; none of a scorer that asks nobody.
    pub calls: Option<ScorerCalls>,
    /// The values that the judges of a panel gave, from 0 to 1.
    pub ratings: Vec<f64>,
}

impl Scorer {
    /// The fault's pointer is relative to the scorer.
    pub fn compile(config: &ScorerConfig) -> Result<Self, Fault> {
        let kind = match config {
            ScorerConfig::ExactMatch(config) => Kind::ExactMatch(config.clone()),
            ScorerConfig::Contains(config) => Kind::Contains(contains::checked(config)?),
            ScorerConfig::Regex(config) => Kind::Regex(Regex::compile(config)?),
            ScorerConfig::Numeric(config) => Kind::Numeric(numeric::checked(config)?),
            ScorerConfig::JsonSchema(config) => Kind::JsonSchema(JsonSchema::compile(config)?),
            ScorerConfig::Levenshtein(config) => Kind::Levenshtein(config.clone()),
            ScorerConfig::Fuzzy(config) => Kind::Fuzzy(config.clone()),
            ScorerConfig::Bleu(config) => Kind::Bleu(config.clone()),
            ScorerConfig::Chrf(config) => Kind::Chrf(config.clone()),
            ScorerConfig::Rouge(config) => Kind::Rouge(config.clone()),
            ScorerConfig::TokenF1(config) => Kind::TokenF1(config.clone()),
            ScorerConfig::JsonDiff(config) => Kind::JsonDiff(JsonDiff::compile(config)?),
            ScorerConfig::JsonPath(config) => Kind::JsonPath(JsonPath::compile(config)?),
            ScorerConfig::Latency(config) => Kind::Latency(config.clone()),
            ScorerConfig::TokenUsage(config) => Kind::TokenUsage(config.clone()),
            ScorerConfig::Cost(config) => Kind::Cost(config.clone()),
            ScorerConfig::ToolCalls(config) => Kind::ToolCalls(config.clone()),
            ScorerConfig::Classification(config) => {
                Kind::Classification(Classification::compile(config)?)
            }
            ScorerConfig::Composite(config) => Kind::Composite(Composite::compile(config)?),
            ScorerConfig::LlmJudge(config) => Kind::asking(Inquiry::Judge(Judge::compile(config)?)),
            ScorerConfig::EmbeddingSimilarity(config) => {
                Kind::asking(Inquiry::Similarity(Similarity::new(config)))
            }
            ScorerConfig::Http(config) => Kind::asking(Inquiry::Custom(Custom::http(config))),
            ScorerConfig::Activity(config) => {
                Kind::asking(Inquiry::Custom(Custom::activity(config)?))
            }
        };
        check_threshold(config)?;
        Ok(Self {
            name: config.name().to_owned(),
            eval_id: config.eval_id(),
            pass_threshold: config.pass_threshold(),
            kind,
        })
    }

    /// The scorer's name in the experiment.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// What the scorer asks others; none of one that judges by itself.
    pub fn inquiry(&self) -> Option<&Inquiry> {
        match &self.kind {
            Kind::Asking(inquiry) => Some(inquiry),
            _ => None,
        }
    }

    /// What is asked about an output; nothing, when that cannot be asked about.
    pub fn questions(&self, item: &DatasetItem, output: &Output) -> Vec<DatasetItem> {
        let questions = self.inquiry().map(|asks| asks.questions(item, output));
        questions.and_then(Result::ok).unwrap_or_default()
    }

    /// Judges an output by itself; one without an answer, and an item without the reference that the scorer needs, is an
    /// error.
    pub fn score(&self, item: &DatasetItem, output: &Output) -> Result<Score, ScorerError> {
        self.judge(item, output, &[]).score
    }

    /// Judges an output by what was asked about it: `replies` are those of each respondent, in their order.
    pub fn judge(&self, item: &DatasetItem, output: &Output, replies: &[Replies]) -> Judged {
        let Kind::Asking(inquiry) = &self.kind else {
            return self.judged(self.verdict(item, output), None);
        };
        match inquiry.questions(item, output) {
            Err(unscorable) => self.judged(Err(unscorable), Some(ScorerCalls::default())),
            Ok(questions) => self.judged(
                inquiry.verdict(&questions, replies),
                Some(asking::calls(&questions, replies)),
            ),
        }
    }

    fn judged(&self, verdict: Result<Verdict, Unscorable>, calls: Option<ScorerCalls>) -> Judged {
        let (score, ratings) = match verdict {
            Ok(verdict) => {
                let (score, ratings) = self.named(verdict);
                (Ok(score), ratings)
            }
            Err(error) => {
                let error = ScorerError {
                    name: self.name.clone(),
                    eval_id: self.eval_id.clone(),
                    message: error.0,
                };
                (Err(error), Vec::new())
            }
        };
        Judged {
            score,
            calls,
            ratings,
        }
    }

    fn named(&self, verdict: Verdict) -> (Score, Vec<f64>) {
        let mut metadata = verdict.metadata;
        if let Some(threshold) = self.pass_threshold {
            let passed = verdict.value.as_f64() >= threshold;
            metadata.insert("passed".to_owned(), passed.into());
        }
        let score = Score {
            name: self.name.clone(),
            value: verdict.value,
            eval_id: self.eval_id.clone(),
            comment: verdict.comment,
            metadata,
        };
        (score, verdict.ratings)
    }

    fn verdict(&self, item: &DatasetItem, output: &Output) -> Result<Verdict, Unscorable> {
        let Some(answer) = &output.answer else {
            return Err(Unscorable("the output has no answer".to_owned()));
        };
        let value = &answer.value;
        match &self.kind {
            Kind::ExactMatch(config) => exact_match::score(config, item, value),
            Kind::Contains(config) => contains::score(config, item, value),
            Kind::Regex(regex) => regex.score(item, value),
            Kind::Numeric(config) => numeric::score(config, item, value),
            Kind::JsonSchema(schema) => schema.score(value),
            Kind::Levenshtein(config) => levenshtein::score(config, item, value),
            Kind::Fuzzy(config) => fuzzy::score(config, item, value),
            Kind::Bleu(config) => bleu::score(config, item, value),
            Kind::Chrf(config) => chrf::score(config, item, value),
            Kind::Rouge(config) => rouge::score(config, item, value),
            Kind::TokenF1(config) => token_f1::score(config, item, value),
            Kind::JsonDiff(diff) => diff.score(item, value),
            Kind::JsonPath(path) => path.score(value),
            Kind::Latency(config) => measures::latency(config, answer),
            Kind::TokenUsage(config) => measures::token_usage(config, answer),
            Kind::Cost(config) => measures::cost(config, output),
            Kind::ToolCalls(config) => tool_calls::score(config, item, answer),
            Kind::Classification(classification) => classification.score(item, &answer.value),
            Kind::Composite(composite) => composite.score(item, output),
            Kind::Asking(_) => Err(Unscorable("nobody was asked".to_owned())),
        }
    }
}

/// What is wrong with a JSON Schema that stands outside a scorer, if it is none.
pub(crate) fn schema_fault(pointer: &str, schema: &Map<String, Value>) -> Option<Fault> {
    let config = JsonSchemaScorer {
        schema: schema.clone().into_iter().collect(),
        name: None,
        pass_threshold: None,
    };
    let fault = JsonSchema::compile(&config).err()?;
    Some(Fault::new(pointer, fault.message))
}

fn check_threshold(config: &ScorerConfig) -> Result<(), Fault> {
    let message = match config.pass_threshold() {
        None => return Ok(()),
        Some(_) if !config.is_share() => {
            "a measure without a bound does not pass or fail: give it a maximum"
        }
        Some(threshold) if (0.0..=1.0).contains(&threshold) => return Ok(()),
        Some(_) => "a threshold is a number from 0 to 1",
    };
    Err(Fault::new("/pass_threshold", message))
}
