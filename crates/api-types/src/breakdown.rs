//! The scores of an experiment group by group, with whatever certainty was asked for.

use domain::statistics::breakdown::Estimate;
use serde::{Deserialize, Serialize};

/// The scores by model, scorer and tag. An item with several tags is in the group of each.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct Breakdown {
    pub experiment_id: String,
    /// Whether the experiment has ended, so that no score will be added.
    pub complete: bool,
    /// By model and scorer: first all items, then those with a tag, tags by name.
    pub estimates: Vec<Estimate>,
    /// The seed of the bootstrap: the same seed, the same answer.
    pub seed: u32,
}
