//! What a user may ask for: the configuration of an experiment, as it is written in a request.
//!
//! These types are both the request format and what a workflow is given, so a field, once released, stays.
//! The rules that types cannot express are in `experiment`.

mod adapter;
mod dataset;
mod execution;
mod scorer;
mod sink;

use crate::tag::Tag;
use serde::{Deserialize, Serialize};

pub use adapter::{
    ActivityAdapter, AdapterConfig, ChatAdapter, CompletionEvent, EmbeddingsAdapter, EventPath,
    HttpAdapter, HttpMethod, HttpRequest, HttpResponse, JsonObjectFormat, JsonSchemaFormat,
    RecordedAdapter, ResponseFormat, SseAdapter, SseEvents, Tool, ToolCallEvent, UsagePaths,
};
pub use dataset::{
    DatasetConfig, FieldMapping, FileDataset, IndexCsvDataset, IndexFilters, InlineDataset,
    SampleConfig, Selection, UploadedDataset,
};
pub use execution::{ExecutionConfig, RetryConfig};
pub use scorer::{
    ActivityScorer, BleuScorer, ChrfScorer, ClassificationScorer, CompositeScorer, ContainsScorer,
    CostScorer, CountedTokens, EditUnit, EmbeddingSimilarityScorer, ExactMatchScorer, FuzzyScorer,
    HttpScorer, JsonDiffScorer, JsonPathAssertion, JsonPathScorer, JsonSchemaScorer, JudgeMode,
    JudgeScale, JudgedAgainst, LatencyScorer, LevenshteinScorer, LlmJudgeScorer, NumberExtraction,
    NumericScorer, PanelVote, RegexScorer, RougeMeasure, RougeScorer, RougeVariant, ScorerConfig,
    TokenF1Scorer, TokenUsageScorer, ToolArguments, ToolCallMeasure, ToolCallsScorer,
    WeightedScorer,
};
pub use sink::{
    CsvSink, JsonlSink, JunitSink, LangfuseSink, ParquetSink, ReportSink, SinkConfig, StdoutSink,
    WebhookSink,
};

/// What an experiment does: a dataset, one or more models, scorers, and where results go.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct ExperimentConfig {
    pub dataset: DatasetConfig,
    /// How outputs are obtained. A model may have an adapter of its own; one of the two must be given.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "schema", schema(nullable = false))]
    pub adapter: Option<AdapterConfig>,
    /// The models to compare; each is one run over the whole dataset.
    #[cfg_attr(feature = "schema", schema(min_items = 1, max_items = 100))]
    pub models: Vec<ModelConfig>,
    /// How outputs are judged.
    #[cfg_attr(feature = "schema", schema(min_items = 1, max_items = 50))]
    pub scorers: Vec<ScorerConfig>,
    /// Where results are delivered when a run ends; they can be read through the API in any case.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[cfg_attr(feature = "schema", schema(max_items = 10))]
    pub sinks: Vec<SinkConfig>,
    /// Labels by which the experiment is found in lists; each stands there once.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[cfg_attr(feature = "schema", schema(max_items = 20, inline))]
    pub tags: Vec<Tag>,
    #[serde(default)]
    pub execution: ExecutionConfig,
    #[serde(default)]
    pub retry: RetryConfig,
}

/// A model of the experiment.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct ModelConfig {
    /// Unique in the experiment; also the model's name at the provider, unless the adapter gives another.
    #[cfg_attr(
        feature = "schema",
        schema(min_length = 1, max_length = 200, example = "smollm2-135m")
    )]
    pub name: String,
    /// How outputs of this model are obtained, in place of the experiment's adapter.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "schema", schema(nullable = false))]
    pub adapter: Option<AdapterConfig>,
}
