//! The activities, as Temporal calls them: each hands its input to the module that does the work.

use std::sync::Arc;

use domain::dataset::DatasetRef;
use temporalio_macros::activities;
use temporalio_sdk::activities::{ActivityContext, ActivityError};
use workflows::activities::{
    Emit, EmitResults, Emitted, Generate, GenerateOutput, GeneratedStretch, Load, LoadDataset,
    ScoreChunk, ScoreOutput, ScoredChunk, TestWebhook, WebhookTest, WebhookTested,
};

use crate::attempt::Attempt;
use crate::work::Bench;
use crate::{emit, generate, load, receivers, score};

/// The activities of one worker.
pub struct Activities {
    pub(crate) bench: Arc<Bench>,
}

#[activities]
impl Activities {
    /// Safe to run again: a dataset is stored under the hash of its content.
    #[activity(definition = LoadDataset)]
    pub async fn load_dataset(
        self: Arc<Self>,
        ctx: ActivityContext,
        input: Load,
    ) -> Result<DatasetRef, ActivityError> {
        let attempt = Attempt::of(&ctx, &input.spec);
        attempt.ended(load::load_dataset(&self.bench, &ctx, input).await)
    }

    /// Safe to run again: outputs already recorded are kept, only the missing ones are asked for.
    #[activity(definition = GenerateOutput)]
    pub async fn generate_output(
        self: Arc<Self>,
        ctx: ActivityContext,
        input: Generate,
    ) -> Result<GeneratedStretch, ActivityError> {
        let attempt = Attempt::of_run(&ctx, &input.run).at(input.chunk, input.chunks);
        attempt.ended(generate::generate_output(&self.bench, &ctx, input).await)
    }

    /// Safe to run again: the same outputs give the same scores, written under the same name.
    #[activity(definition = ScoreOutput)]
    pub async fn score_output(
        self: Arc<Self>,
        ctx: ActivityContext,
        input: ScoreChunk,
    ) -> Result<ScoredChunk, ActivityError> {
        let attempt = Attempt::of_run(&ctx, &input.run).at(input.chunk, input.chunks);
        attempt.ended(score::score_output(&self.bench, &ctx, input).await)
    }

    /// Safe to run again: the summary and every file are replaced by the same.
    #[activity(definition = EmitResults)]
    pub async fn emit_results(
        self: Arc<Self>,
        ctx: ActivityContext,
        input: Emit,
    ) -> Result<Emitted, ActivityError> {
        let attempt = Attempt::of_run(&ctx, &input.run);
        attempt.ended(emit::emit_results(&self.bench, &ctx, input).await)
    }

    /// Run again, it sends the same message again, with the id by which the receiver knows it.
    #[activity(definition = TestWebhook)]
    pub async fn test_webhook(
        self: Arc<Self>,
        _ctx: ActivityContext,
        input: WebhookTest,
    ) -> Result<WebhookTested, ActivityError> {
        Ok(receivers::trial::test_webhook(&self.bench.receivers, &input).await)
    }
}
