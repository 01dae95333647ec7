//! Comparisons: runs on the same items, and how sure it is that they differ.

use domain::comparison::difference::Difference;
use domain::comparison::verdict::Standing;
use domain::result::StateCounts;
use serde::{Deserialize, Serialize};

/// Two or more runs compared item by item.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct Comparison {
    /// In the order in which they were asked for; the first is the baseline of all others.
    pub runs: Vec<ComparedRun>,
    /// Whether all runs have ended, so that the comparison will not change.
    pub complete: bool,
    /// For each scorer the best run, and those that cannot be told apart from it.
    pub standings: Vec<Standing>,
    /// Every two runs under every scorer that both have; the earlier run is the baseline.
    pub differences: Vec<Difference>,
    /// Scorers that not every run has.
    pub partial_scorers: Vec<String>,
    /// The seed of the permutation tests: the same seed, the same answer.
    pub seed: u32,
}

/// A run that is compared.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct ComparedRun {
    /// What the run is called in standings and differences: the experiment's id and the model, with a slash between.
    pub name: String,
    pub experiment_id: String,
    pub model: String,
    /// The items that have been seen to. Only those with a score in both runs are compared; the differences count all.
    pub states: StateCounts,
}
