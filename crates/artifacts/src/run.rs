//! Which run an object belongs to.

use domain::experiment::ExperimentId;

/// One run: a model of an experiment, by its place among the models.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Run {
    pub experiment: ExperimentId,
    pub index: u32,
    /// 0 at first, one more with each retry or rescoring: every round has results of its own, and all share the outputs.
    pub round: u32,
}
