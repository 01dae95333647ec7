//! Outputs that are there already.

use serde::{Deserialize, Serialize};

/// Outputs obtained earlier: nothing is called.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct RecordedAdapter {
    /// A JSONL file in the operator's dataset folder, one object a line: `id` of the item, `output`, and optionally
    /// `model` (a line for another model is passed over), `sample` (which of several outputs it is, from 0), `latency_ms`, `input_tokens`, `output_tokens`, `finish_reason`.
    /// A line for this very model goes before a line without `model`. Without a path, the items' own `output` is taken.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(
        feature = "schema",
        schema(nullable = false, min_length = 1, max_length = 1024)
    )]
    pub path: Option<String>,
}
