//! EmitResults: archives the summary, then delivers to the sinks, each for itself.

use std::sync::{Mutex, MutexGuard, PoisonError};

use artifacts::run::Run;
use domain::spec::ExperimentSpec;
use domain::summary::{Delivery, RunSummary};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use temporalio_sdk::activities::ActivityContext;
use workflows::activities::{Emit, Emitted};

use crate::counts;
use crate::failure::Failure;
use crate::sinks::{self, Finished};
use crate::work::{Bench, run_key, with_heartbeat};

/// Attempts at a sink that is away, a minute and a half in all. Then the run goes on without it: `emit` delivers later.
const ATTEMPTS: u32 = 8;

/// What has become of each sink so far, in their order; told with heartbeats, so that another attempt does the rest.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
struct Delivered(Vec<Option<Delivery>>);

/// What has become of the sinks, shared with the heartbeats.
type Told = Mutex<Delivered>;

pub(crate) async fn emit_results(
    bench: &Bench,
    ctx: &ActivityContext,
    input: Emit,
) -> Result<Emitted, Failure> {
    let told = Mutex::new(last_heard_of(ctx));
    let work = async {
        let (spec, model) = bench.run(&input.run).await?;
        let run = run_key(&input.run);
        let mut summary = match archived(bench, &run, &input, ctx.info().attempt).await? {
            Some(summary) => summary,
            None => RunSummary {
                experiment_id: run.experiment.to_string(),
                experiment_name: spec.experiment_name.clone(),
                index: run.index,
                model: model.name.clone(),
                status: input.status,
                reason: input.reason.clone(),
                started_at: input.started_at,
                ended_at: Timestamp::now(),
                progress: input.progress.clone(),
                deliveries: Vec::new(),
                round: run.round,
                spec_sha256: Some(input.run.spec.sha256.clone()),
                schedule_id: input.run.spec.schedule.clone(),
                trace_id: trace_id(bench, ctx),
            },
        };
        // Before anything is delivered, so that no sink keeps the run from being read.
        bench.store.put_summary(&run, &summary).await?;
        let finished = Finished {
            store: &bench.store,
            receivers: &bench.receivers,
            run: &run,
            spec: &spec,
            summary: &summary,
        };
        summary.deliveries = deliver(ctx, &spec, &finished, &told).await?;
        bench.store.put_summary(&run, &summary).await?;
        if !input.again {
            counts::run_ended(summary.status);
        }
        tracing::info!(experiment.id = %run.experiment, model = model.name, status = ?summary.status, "run ended");
        Ok(Emitted {
            deliveries: summary.deliveries,
            status: Some(summary.status),
            reason: summary.reason,
        })
    };
    with_heartbeat(bench, ctx, || of(&told).clone(), work).await
}

/// The trace that the run is part of, when it is recorded.
fn trace_id(bench: &Bench, ctx: &ActivityContext) -> Option<String> {
    let place = bench.traces.as_ref()?.place(ctx)?;
    Some(place.trace.to_string())
}

/// What is archived of the run: by the delivery before, or by an earlier attempt at this one.
async fn archived(
    bench: &Bench,
    run: &Run,
    input: &Emit,
    attempt: u32,
) -> Result<Option<RunSummary>, Failure> {
    if !input.again && attempt == 1 {
        return Ok(None);
    }
    match bench.store.summary(run).await? {
        None if input.again => Err(Failure::Spec(
            "there is no summary of the run, so there is nothing to deliver".to_owned(),
        )),
        summary => Ok(summary),
    }
}

/// A sink that fails is reported and hides nothing of the others, nor of the run. One that is away is tried again.
async fn deliver(
    ctx: &ActivityContext,
    spec: &ExperimentSpec,
    finished: &Finished<'_>,
    told: &Told,
) -> Result<Vec<Delivery>, Failure> {
    of(told).0.resize(spec.sinks.len(), None);
    let mut away = Vec::new();
    for (place, sink) in spec.sinks.iter().enumerate() {
        if of(told).0[place].is_some() {
            continue;
        }
        let (location, error) = match sinks::deliver(sink, finished).await {
            Ok(location) => (location, None),
            Err(error) => {
                tracing::warn!(experiment.id = %finished.run.experiment, sink = sink.kind(), %error, "a delivery failed");
                if error.is_retryable() && ctx.info().attempt < ATTEMPTS {
                    away.push(format!("{}: {error}", sink.kind()));
                    continue;
                }
                (None, Some(error.to_string()))
            }
        };
        let delivery = Delivery {
            sink: sink.kind().to_owned(),
            endpoint: sink.receiver().map(str::to_owned),
            location,
            error,
            attempts: Some(ctx.info().attempt),
            tried_at: Some(Timestamp::now()),
        };
        counts::delivered(&delivery);
        of(told).0[place] = Some(delivery);
    }
    let delivered = of(told).clone();
    match away.is_empty() {
        true => Ok(delivered.0.into_iter().flatten().collect()),
        false => {
            if let Err(error) = ctx.record_heartbeat(delivered).await {
                tracing::warn!(%error, "a heartbeat could not be written");
            }
            Err(Failure::SinksAway(away.join("; ")))
        }
    }
}

fn of(told: &Told) -> MutexGuard<'_, Delivered> {
    told.lock().unwrap_or_else(PoisonError::into_inner)
}

/// What the attempt before had delivered when it was last heard of.
fn last_heard_of(ctx: &ActivityContext) -> Delivered {
    let details = ctx.heartbeat_details().deserialize::<Delivered>();
    // What an older worker has said may have another form.
    details.ok().flatten().unwrap_or_default()
}
