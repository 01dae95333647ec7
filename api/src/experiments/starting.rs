//! What the workflow of an experiment, or of a later round of it, is started with.

use domain::limits::RunLimits;
use domain::spec::ExperimentSpec;
use workflows::activities::{RunRef, SpecRef};
use workflows::experiment::{Resumed, RunInput, Work};
use workflows::memo::ExperimentMemo;
use workflows::multi_model::MultiModelInput;

use crate::execution::{IdUse, Input, Start};

/// One round of an experiment, about to be started.
pub(crate) struct Round {
    pub(crate) spec: ExperimentSpec,
    pub(crate) spec_ref: SpecRef,
    pub(crate) memo: ExperimentMemo,
    pub(crate) work: Work,
    pub(crate) limits: RunLimits,
    /// What is known already of the only run; several runs find out for themselves.
    pub(crate) resumed: Resumed,
}

impl Round {
    pub(crate) fn start(self, id_use: IdUse) -> Start {
        Start {
            id: self.spec_ref.experiment_id.clone(),
            memo: self.memo.clone(),
            input: self.input(),
            id_use,
        }
    }

    /// What its workflow is started with.
    pub(crate) fn input(self) -> Input {
        match self.memo.models.as_slice() {
            [model] => Input::OneModel(Box::new(RunInput {
                run: RunRef {
                    spec: self.spec_ref,
                    index: 0,
                    round: self.memo.round,
                },
                model: model.clone(),
                concurrency_limit: self.limits.concurrency_limit,
                retry: self.spec.retry,
                limits: Some(self.limits),
                work: self.work,
                resumed: self.resumed,
            })),
            models => Input::SeveralModels(Box::new(MultiModelInput {
                spec: self.spec_ref,
                models: models.to_vec(),
                concurrency_limit: self.limits.concurrency_limit,
                retry: self.spec.retry,
                max_parallel_models: self.spec.execution.max_parallel_models,
                limits: Some(self.limits),
                round: self.memo.round,
                work: self.work,
            })),
        }
    }
}
