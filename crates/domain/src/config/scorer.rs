//! How outputs are judged: what each scorer promises is in its documentation in the modules here.

mod activity;
mod classification;
mod composite;
mod http;
mod json;
mod judge;
mod matching;
mod measure;
mod similarity;
mod text;
mod tools;

use serde::{Deserialize, Serialize};

pub use activity::ActivityScorer;
pub use classification::ClassificationScorer;
pub use composite::{CompositeScorer, WeightedScorer};
pub use http::HttpScorer;
pub use json::{JsonDiffScorer, JsonPathAssertion, JsonPathScorer, JsonSchemaScorer};
pub use judge::{JudgeMode, JudgeScale, JudgedAgainst, LlmJudgeScorer, PanelVote};
pub use matching::{
    ContainsScorer, ExactMatchScorer, NumberExtraction, NumericScorer, RegexScorer,
};
pub use measure::{CostScorer, CountedTokens, LatencyScorer, TokenUsageScorer};
pub use similarity::EmbeddingSimilarityScorer;
pub use text::{
    BleuScorer, ChrfScorer, EditUnit, FuzzyScorer, LevenshteinScorer, RougeMeasure, RougeScorer,
    RougeVariant, TokenF1Scorer,
};
pub use tools::{ToolArguments, ToolCallMeasure, ToolCallsScorer};

/// How outputs are judged.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
#[expect(
    clippy::large_enum_variant,
    reason = "a judge holds an adapter; configurations are few and seldom moved"
)]
pub enum ScorerConfig {
    ExactMatch(ExactMatchScorer),
    Contains(ContainsScorer),
    Regex(RegexScorer),
    Numeric(NumericScorer),
    JsonSchema(JsonSchemaScorer),
    Levenshtein(LevenshteinScorer),
    Fuzzy(FuzzyScorer),
    Bleu(BleuScorer),
    Chrf(ChrfScorer),
    Rouge(RougeScorer),
    TokenF1(TokenF1Scorer),
    JsonDiff(JsonDiffScorer),
    JsonPath(JsonPathScorer),
    Latency(LatencyScorer),
    TokenUsage(TokenUsageScorer),
    Cost(CostScorer),
    Composite(CompositeScorer),
    LlmJudge(LlmJudgeScorer),
    Activity(ActivityScorer),
    Http(HttpScorer),
    ToolCalls(ToolCallsScorer),
    Classification(ClassificationScorer),
    EmbeddingSimilarity(EmbeddingSimilarityScorer),
}

fn yes() -> bool {
    true
}

/// Calls of a scorer in flight at once, unless given.
fn concurrency() -> u32 {
    5
}

impl ScorerConfig {
    /// The scorer's type, as it is written in a configuration.
    pub fn kind(&self) -> &'static str {
        match self {
            Self::ExactMatch(_) => "exact_match",
            Self::Contains(_) => "contains",
            Self::Regex(_) => "regex",
            Self::Numeric(_) => "numeric",
            Self::JsonSchema(_) => "json_schema",
            Self::Levenshtein(_) => "levenshtein",
            Self::Fuzzy(_) => "fuzzy",
            Self::Bleu(_) => "bleu",
            Self::Chrf(_) => "chrf",
            Self::Rouge(_) => "rouge",
            Self::TokenF1(_) => "token_f1",
            Self::JsonDiff(_) => "json_diff",
            Self::JsonPath(_) => "json_path",
            Self::Latency(_) => "latency",
            Self::TokenUsage(_) => "token_usage",
            Self::Cost(_) => "cost",
            Self::Composite(_) => "composite",
            Self::LlmJudge(_) => "llm_judge",
            Self::Activity(_) => "activity",
            Self::Http(_) => "http",
            Self::ToolCalls(_) => "tool_calls",
            Self::Classification(_) => "classification",
            Self::EmbeddingSimilarity(_) => "embedding_similarity",
        }
    }

    /// The scorer's name in the experiment.
    pub fn name(&self) -> &str {
        self.shared().0.unwrap_or(self.kind())
    }

    /// From which value on an output passes.
    pub fn pass_threshold(&self) -> Option<f64> {
        self.shared().1
    }

    /// What every scorer has: a name, if it is given one, and a threshold.
    fn shared(&self) -> (Option<&str>, Option<f64>) {
        let (name, pass_threshold) = match self {
            Self::ExactMatch(scorer) => (&scorer.name, scorer.pass_threshold),
            Self::Contains(scorer) => (&scorer.name, scorer.pass_threshold),
            Self::Regex(scorer) => (&scorer.name, scorer.pass_threshold),
            Self::Numeric(scorer) => (&scorer.name, scorer.pass_threshold),
            Self::JsonSchema(scorer) => (&scorer.name, scorer.pass_threshold),
            Self::Levenshtein(scorer) => (&scorer.name, scorer.pass_threshold),
            Self::Fuzzy(scorer) => (&scorer.name, scorer.pass_threshold),
            Self::Bleu(scorer) => (&scorer.name, scorer.pass_threshold),
            Self::Chrf(scorer) => (&scorer.name, scorer.pass_threshold),
            Self::Rouge(scorer) => (&scorer.name, scorer.pass_threshold),
            Self::TokenF1(scorer) => (&scorer.name, scorer.pass_threshold),
            Self::JsonDiff(scorer) => (&scorer.name, scorer.pass_threshold),
            Self::JsonPath(scorer) => (&scorer.name, scorer.pass_threshold),
            Self::Latency(scorer) => (&scorer.name, scorer.pass_threshold),
            Self::TokenUsage(scorer) => (&scorer.name, scorer.pass_threshold),
            Self::Cost(scorer) => (&scorer.name, scorer.pass_threshold),
            Self::Composite(scorer) => (&scorer.name, scorer.pass_threshold),
            Self::LlmJudge(scorer) => (&scorer.name, scorer.pass_threshold),
            Self::Activity(scorer) => (&scorer.name, scorer.pass_threshold),
            Self::Http(scorer) => (&scorer.name, scorer.pass_threshold),
            Self::ToolCalls(scorer) => (&scorer.name, scorer.pass_threshold),
            Self::Classification(scorer) => (&scorer.name, scorer.pass_threshold),
            Self::EmbeddingSimilarity(scorer) => (&scorer.name, scorer.pass_threshold),
        };
        (name.as_deref(), pass_threshold)
    }

    /// The scorer and the version of its formula.
    pub fn eval_id(&self) -> String {
        format!("{}.v1", self.kind())
    }

    /// Whether the scorer compares with the item's `expected`.
    pub fn needs_expected(&self) -> bool {
        match self {
            Self::ExactMatch(_)
            | Self::Numeric(_)
            | Self::Levenshtein(_)
            | Self::Fuzzy(_)
            | Self::Bleu(_)
            | Self::Chrf(_)
            | Self::Rouge(_)
            | Self::TokenF1(_)
            | Self::JsonDiff(_)
            | Self::ToolCalls(_)
            | Self::Classification(_)
            | Self::EmbeddingSimilarity(_) => true,
            Self::Contains(scorer) => scorer.values.is_empty(),
            Self::Regex(scorer) => scorer.pattern.is_none(),
            Self::JsonSchema(_)
            | Self::JsonPath(_)
            | Self::Latency(_)
            | Self::TokenUsage(_)
            | Self::Cost(_)
            | Self::Activity(_)
            | Self::Http(_) => false,
            Self::LlmJudge(scorer) => {
                scorer.mode == JudgeMode::Pairwise && scorer.against == JudgedAgainst::Expected
            }
            Self::Composite(scorer) => {
                let mut parts = scorer.scorers.iter();
                parts.any(|part| part.scorer.needs_expected())
            }
        }
    }

    /// Whether every score lies between 0 and 1: a measure without a bound is a number of its own unit.
    pub fn is_share(&self) -> bool {
        match self {
            Self::Latency(scorer) => scorer.max_latency_ms.is_some(),
            Self::TokenUsage(scorer) => scorer.max_tokens.is_some(),
            Self::Cost(scorer) => scorer.max_cost.is_some(),
            _ => true,
        }
    }

    /// Whether the scorer asks others, so that scoring takes calls.
    pub fn asks(&self) -> bool {
        matches!(
            self,
            Self::LlmJudge(_) | Self::Activity(_) | Self::Http(_) | Self::EmbeddingSimilarity(_)
        )
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn unknown_keys_are_refused_inside_a_tagged_union() {
        let scorer = json!({"type": "exact_match", "case_sensitve": true});
        assert!(serde_json::from_value::<ScorerConfig>(scorer).is_err());
    }

    #[test]
    fn every_scorer_is_written_as_it_is_read() {
        for scorer in [
            json!({"type": "rouge", "variant": "rougeL", "measure": "f1", "pass_threshold": 0.5}),
            json!({"type": "rouge", "variant": "rouge2", "measure": "recall"}),
            json!({"type": "token_f1", "name": "words"}),
            json!({"type": "levenshtein", "unit": "words", "case_sensitive": true}),
            json!({"type": "json_path", "assertions": [{"path": "$.a", "equals": null}], "require_all": false}),
            json!({"type": "cost", "max_cost": "0.01"}),
            json!({"type": "classification", "labels": ["a", "b"], "case_sensitive": true}),
            json!({"type": "composite", "scorers": [{"weight": 2.0, "scorer": {"type": "latency"}}]}),
        ] {
            let read: ScorerConfig = serde_json::from_value(scorer.clone()).unwrap();
            assert_eq!(serde_json::to_value(&read).unwrap(), scorer);
        }
    }
}
