//! GenerateOutput: asks for every item of a stretch that has no answer yet, and records answers as they come.
//!
//! `opening` reads what is there, chunk by chunk; `asking` makes the calls; `recorder` writes what comes back; `tally` counts
//! it for heartbeats; `allowance` keeps to what may be spent; `waits` holds items that are asked again later;
//! `lookout` says why nothing moves, `recall` why a stretch is called back.

mod allowance;
mod asking;
mod lookout;
mod opening;
mod recall;
mod recorder;
mod tally;
#[cfg(test)]
mod tests;
mod waits;

use std::sync::Arc;

use temporalio_sdk::activities::ActivityContext;
use workflows::activities::{ChunkProgress, Generate, GeneratedStretch};

use crate::adapters::Adapter;
use crate::failure::Failure;
use crate::generate::asking::{Asking, Rules};
use crate::generate::opening::Opening;
use crate::generate::recorder::Recorder;
use crate::generate::tally::Tally;
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
    let run = run_key(&input.run);
    let timeout = model.adapter.timeout();
    let timeout = timeout.unwrap_or(spec.execution.call_timeout).as_duration();
    let adapter = Adapter::open(&model.adapter, &model.name, timeout, &bench.resources)
        .await
        .map_err(Failure::Refused)?;
    let adapter = Arc::new(adapter);
    let rules = Rules {
        retry: spec.retry,
        round: input.run.round,
        call_timeout: timeout,
        allowance: input.allowance,
        max_failure_rate: input.max_failure_rate,
        items: input.dataset.count,
    };
    let entrance = bench.gates.join(&run, input.share, adapter.provider());
    let recorder = Recorder::start(bench.commit_interval, Arc::clone(&tally));
    let opening = Opening {
        store: bench.store.clone(),
        run,
        attempt: ctx.info().attempt,
        cache: spec.execution.cache.then(|| Arc::clone(&adapter)),
        round: rules.round,
        maximum_attempts: rules.retry.maximum_attempts,
        tally: Arc::clone(&tally),
    };
    let asking = Asking {
        bench,
        ctx,
        adapter,
        entrance,
        recorder,
        rules,
        tally: Arc::clone(&tally),
        caches: spec.execution.cache,
    };
    let chunks = opening.chunks(input.dataset, input.chunk..input.chunk + input.chunks);
    let unfinished = asking.ask_all(chunks).await?;
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
