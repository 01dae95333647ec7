//! GenerateOutput: asks for every item of a stretch that has no answer yet, and records answers as they come.

#[cfg(test)]
mod tests;

use std::sync::Arc;

use artifacts::run::Caller;
use temporalio_sdk::activities::ActivityContext;
use workflows::activities::{ChunkProgress, Generate, GeneratedStretch};

use crate::adapters::Adapter;
use crate::asking::{Errand, Rules, Subject, Tally};
use crate::failure::Failure;
use crate::gates::Order;
use crate::work::{Bench, beating, run_key};

pub(crate) async fn generate_output(
    bench: &Bench,
    ctx: &ActivityContext,
    input: Generate,
) -> Result<GeneratedStretch, Failure> {
    let tally = Arc::new(Tally::after(last_heard_of(ctx)));
    let work = generate(bench, ctx, input, Arc::clone(&tally));
    let generated = beating(ctx, || tally.progress(), work).await;
    if generated.is_err()
        && let Err(error) = ctx.record_heartbeat(tally.progress()).await
    {
        // The next attempt counts calls by what it hears of this one.
        tracing::warn!(%error, "a heartbeat could not be written");
    }
    generated
}

async fn generate(
    bench: &Bench,
    ctx: &ActivityContext,
    input: Generate,
    tally: Arc<Tally>,
) -> Result<GeneratedStretch, Failure> {
    let (spec, model) = bench.run(&input.run).await?;
    let call_timeout = model.adapter.timeout();
    let call_timeout = call_timeout
        .unwrap_or(spec.execution.call_timeout)
        .as_duration();
    let caller = Caller::outputs(&run_key(&input.run));
    let adapter = Adapter::open(
        &model.adapter,
        &model.name,
        &caller,
        call_timeout,
        &bench.resources,
    );
    let errand = Errand {
        adapter: adapter.await.map_err(Failure::Refused)?,
        caller,
        subject: Subject::Items,
        share: input.share,
        order: Some(Order {
            first: input.chunk,
            is_free: input.is_free,
            last_beside: input.last_beside,
        }),
        rules: Rules {
            retry: spec.retry,
            round: input.run.round,
            call_timeout,
            allowance: input.allowance,
            max_failure_rate: input.max_failure_rate,
            outputs: input.dataset.outputs(),
            form: None,
            caches: spec.execution.cache,
        },
        tally: Arc::clone(&tally),
    };
    let chunks = input.chunk..input.chunk + input.chunks;
    let unfinished = errand.run(bench, ctx, input.dataset, chunks).await?;
    Ok(GeneratedStretch {
        generated: tally.progress().generated,
        unfinished,
    })
}

/// How far the attempt before had come when it was last heard of.
fn last_heard_of(ctx: &ActivityContext) -> ChunkProgress {
    let details = ctx.heartbeat_details().deserialize::<ChunkProgress>();
    // What an older worker has said may have another form.
    details.ok().flatten().unwrap_or_default()
}
