//! What may be said to an experiment that is there: bodies of which every part may be left out.

use domain::config::{AdapterConfig, ExecutionConfig, RetryConfig, ScorerConfig, SinkConfig};
use serde::{Deserialize, Serialize};

/// Why an experiment is paused.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct PauseExperiment {
    /// Shown with the experiment while it is paused.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "schema", schema(nullable = false, max_length = 500))]
    pub reason: Option<String>,
}

/// Why an experiment is terminated.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct TerminateExperiment {
    /// Kept by Temporal, and shown as the reason of the end.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "schema", schema(nullable = false, max_length = 500))]
    pub reason: Option<String>,
}

/// How items without an answer are asked again.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct RetryExperiment {
    /// What is done otherwise than before.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "schema", schema(nullable = false))]
    pub config: Option<RetryChanges>,
}

/// Parts of a configuration, each in place of the whole part of that name.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct RetryChanges {
    /// The adapter of every model.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "schema", schema(nullable = false))]
    pub adapter: Option<AdapterConfig>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(
        feature = "schema",
        schema(nullable = false, min_items = 1, max_items = 50)
    )]
    pub scorers: Option<Vec<ScorerConfig>>,
    /// Also the limits; without it, they stay as they were at last.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "schema", schema(nullable = false))]
    pub execution: Option<ExecutionConfig>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "schema", schema(nullable = false))]
    pub retry: Option<RetryConfig>,
}

/// How answers that are there are scored once more.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct RescoreExperiment {
    /// The scorers, in place of those before.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(
        feature = "schema",
        schema(nullable = false, min_items = 1, max_items = 50)
    )]
    pub scorers: Option<Vec<ScorerConfig>>,
}

/// Where results are delivered once more.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct EmitExperiment {
    /// The sinks, in place of those before.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(
        feature = "schema",
        schema(nullable = false, min_items = 1, max_items = 10)
    )]
    pub sinks: Option<Vec<SinkConfig>>,
}
