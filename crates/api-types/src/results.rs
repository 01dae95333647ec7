//! Results: items with their outputs and scores.

use domain::result::ItemResult;
use serde::{Deserialize, Serialize};

/// A page of results, by model and then in the order of the dataset.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct ResultList {
    pub results: Vec<ModelResult>,
    /// Give it as `page_token` for the next page; absent on the last.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "schema", schema(nullable = false))]
    pub next_page_token: Option<String>,
    /// Whether the experiment has ended, so that no result will be added.
    pub complete: bool,
}

/// What one model made of one item.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct ModelResult {
    pub model: String,
    pub result: ItemResult,
}

/// What came of one item.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct ItemResults {
    pub item_id: String,
    /// By model, in their order; without the models for which it is not scored yet.
    pub results: Vec<ModelResult>,
    /// Whether the experiment has ended, so that no result will be added.
    pub complete: bool,
}

/// The last line of results as JSON lines.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ResultsEnd {
    /// Always true: a file that is not complete has no such line.
    pub complete: bool,
    /// The lines before this one.
    pub count: u64,
    /// `sha256:` and the SHA-256, in hexadecimal, of all bytes before this line.
    pub digest: String,
    /// Whether the experiment had ended, so that no result will be added.
    pub ended: bool,
}
