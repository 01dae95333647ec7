//! Which run an object belongs to, and who of it made the calls that are recorded.

use domain::experiment::ExperimentId;

/// One run: a model of an experiment, by its place among the models.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Run {
    pub experiment: ExperimentId,
    pub index: u32,
    /// 0 at first, one more with each retry or rescoring: every round has results of its own, and all share the outputs.
    pub round: u32,
}

/// Who makes calls: a run, for its outputs, or one of its scorers, for what it judges by.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Caller {
    pub run: Run,
    /// What tells the scorer's calls from those of others, in hexadecimal; none for the outputs.
    pub scorer: Option<String>,
}

impl Caller {
    /// The run itself.
    pub fn outputs(run: &Run) -> Self {
        Self {
            run: run.clone(),
            scorer: None,
        }
    }
}
