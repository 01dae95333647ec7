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

impl SinkConfig {
    pub fn kind(&self) -> &'static str {
        match self {
            Self::Jsonl(_) => "jsonl",
            Self::Csv(_) => "csv",
            Self::Stdout(_) => "stdout",
        }
    }
}
