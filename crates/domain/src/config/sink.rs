//! Where results are delivered.

use serde::{Deserialize, Serialize};

/// Where results are delivered.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub enum SinkConfig {
    Jsonl(JsonlSink),
    Csv(CsvSink),
    Stdout(StdoutSink),
    Parquet(ParquetSink),
    Junit(JunitSink),
    Html(ReportSink),
    Markdown(ReportSink),
    Webhook(WebhookSink),
    Langfuse(LangfuseSink),
}

/// One JSON object an item, as `GET /v1/experiments/{id}/results` gives it, in a file of the artifact store.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct JsonlSink {}

/// One row an item, one column a scorer, in a file of the artifact store.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct CsvSink {}

/// A line for each scorer, on the worker's standard output.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct StdoutSink {}

/// One row an item, in a Parquet file of the artifact store: two columns a scorer, one for its score, one for its error.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct ParquetSink {}

/// A test suite as JUnit XML, which every CI system shows, in a file of the artifact store.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct JunitSink {
    /// What the run must keep, each a test: `mean(scorer) >= 0.8`, `pass_rate(scorer) >= 90%`, `failure_rate <= 1%`.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    #[cfg_attr(feature = "schema", schema(max_items = 100))]
    pub rules: Vec<String>,
    /// Leave the items out, so that only the rules are tests. Else every item is one: it fails when a score of it is false
    /// or below its scorer's `pass_threshold`, and is an error when it has no answer or not all of its scores.
    pub rules_only: bool,
}

/// A report for people: one file of the artifact store that needs nothing beside it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct ReportSink {
    /// Items with the lowest scores to show for each scorer, with their outputs.
    #[cfg_attr(feature = "schema", schema(minimum = 0, maximum = 50, default = 5))]
    pub worst_items: u32,
}

impl Default for ReportSink {
    fn default() -> Self {
        Self { worst_items: 5 }
    }
}

/// A signed message to a receiver that the operator knows, with the run's summary and where to read on.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct WebhookSink {
    /// A webhook of the operator's table; it knows the address and the secret.
    #[cfg_attr(
        feature = "schema",
        schema(min_length = 1, max_length = 100, example = "ci")
    )]
    pub endpoint: String,
}

/// A trace for each item with its scores, in the Langfuse project that the workers know.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct LangfuseSink {}

impl SinkConfig {
    pub fn kind(&self) -> &'static str {
        match self {
            Self::Jsonl(_) => "jsonl",
            Self::Csv(_) => "csv",
            Self::Stdout(_) => "stdout",
            Self::Parquet(_) => "parquet",
            Self::Junit(_) => "junit",
            Self::Html(_) => "html",
            Self::Markdown(_) => "markdown",
            Self::Webhook(_) => "webhook",
            Self::Langfuse(_) => "langfuse",
        }
    }

    /// Which of several receivers of its kind it is, for a kind that has several.
    pub fn receiver(&self) -> Option<&str> {
        match self {
            Self::Webhook(sink) => Some(&sink.endpoint),
            _ => None,
        }
    }
}
