//! Which run an object belongs to.

use domain::experiment::ExperimentId;

/// One run: a model of an experiment, by its place among the models.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Run {
    pub experiment: ExperimentId,
    pub index: u32,
}
