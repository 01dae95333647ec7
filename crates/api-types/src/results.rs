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
