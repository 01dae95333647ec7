//! The log line of an attempt of an activity, written when it ends: what it was for, how long it took, what became of it.
//!
//! Failures are told by their types alone, for their texts may quote a provider; the history of the workflow has them.

use std::time::Instant;

use temporalio_sdk::activities::{ActivityContext, ActivityError, ActivityInfo};
use workflows::activities::{RunRef, SpecRef};

use crate::failure::Failure;

/// An attempt that is under way.
pub(crate) struct Attempt {
    began: Instant,
    activity: ActivityInfo,
    experiment: String,
    /// The model's number and the round.
    run: Option<(u32, u32)>,
    /// The first chunk, and how many.
    chunks: Option<(u64, u64)>,
}

impl Attempt {
    /// At something that is done once for an experiment.
    pub(crate) fn of(ctx: &ActivityContext, spec: &SpecRef) -> Self {
        Self {
            began: Instant::now(),
            activity: ctx.info().clone(),
            experiment: spec.experiment_id.to_string(),
            run: None,
            chunks: None,
        }
    }

    /// At something of a run.
    pub(crate) fn of_run(ctx: &ActivityContext, run: &RunRef) -> Self {
        Self {
            run: Some((run.index, run.round)),
            ..Self::of(ctx, &run.spec)
        }
    }

    /// At so many chunks from the first on.
    pub(crate) fn at(self, first: u64, count: u64) -> Self {
        let chunks = Some((first, count));
        Self { chunks, ..self }
    }

    /// It has ended.
    pub(crate) fn ended<T>(self, done: Result<T, Failure>) -> Result<T, ActivityError> {
        let done = done.map_err(ActivityError::from);
        let (outcome, is_final) = outcome(&done);
        macro_rules! line {
            ($level:ident) => {
                tracing::$level!(
                    experiment.id = self.experiment,
                    model.index = self.run.map(|(index, _)| index),
                    round = self.run.map(|(_, round)| round),
                    chunk.first = self.chunks.map(|(first, _)| first),
                    chunk.count = self.chunks.map(|(_, count)| count),
                    workflow.id = self.activity.workflow_id,
                    workflow.run_id = self.activity.workflow_run_id,
                    activity.attempt = self.activity.attempt,
                    activity.duration_ms = self.began.elapsed().as_micros() as f64 / 1000.0,
                    activity.outcome = outcome,
                    "{}",
                    self.activity.activity_type
                )
            };
        }
        match is_final {
            true => line!(warn),
            false => line!(info),
        }
        done
    }
}

/// A word for what became of it, and whether it is a failure that is not tried again.
fn outcome<T>(done: &Result<T, ActivityError>) -> (&str, bool) {
    match done {
        Ok(_) => ("done", false),
        Err(ActivityError::Application(failure)) => (
            failure.type_name().unwrap_or("Failure"),
            failure.is_non_retryable(),
        ),
        Err(_) => ("Cancelled", false),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_outcome_is_told_by_its_type() {
        let ended = |failure: Failure| {
            let done: Result<(), _> = Err(ActivityError::from(failure));
            let (outcome, is_final) = outcome(&done);
            (outcome.to_owned(), is_final)
        };
        assert_eq!(outcome(&Ok(())), ("done", false));
        assert_eq!(ended(Failure::HandedOver), ("HandedOver".to_owned(), false));
        assert_eq!(ended(Failure::Cancelled), ("Cancelled".to_owned(), false));
        let spec = Failure::Spec("a text of somebody's".to_owned());
        assert_eq!(ended(spec), ("SpecInvalid".to_owned(), true));
    }
}
