//! What every activity is given: the store, the resources of adapters, and the ways in which work is told to stop.

use std::future::Future;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use artifacts::Store;
use artifacts::run::Run;
use domain::spec::{ExperimentSpec, RunModel};
use temporalio_common::data_converters::TemporalSerializable;
use temporalio_sdk::activities::ActivityContext;
use tokio_util::sync::CancellationToken;
use workflows::activities::{RunRef, SpecRef};

use crate::adapters::Resources;
use crate::failure::Failure;
use crate::gates::Gates;
use crate::load::Sources;
use crate::receivers::Receivers;
use crate::traces::Traces;

/// How often a working activity is heard of.
const HEARTBEAT_INTERVAL: Duration = Duration::from_secs(1);

/// What activities share in one worker.
pub(crate) struct Bench {
    pub(crate) store: Store,
    pub(crate) resources: Arc<Resources>,
    /// Where datasets may be read from.
    pub(crate) sources: Arc<Sources>,
    pub(crate) receivers: Arc<Receivers>,
    /// Who is told of the work; none when nobody is.
    pub(crate) traces: Option<Arc<Traces>>,
    /// How long answers may wait for others before they are written together.
    pub(crate) commit_interval: Duration,
    /// Say when a call may begin.
    pub(crate) gates: Arc<Gates>,
    /// How long a worker that stops waits for the calls in flight.
    pub(crate) handover: Duration,
    /// Cancelled when the worker stops.
    pub(crate) stopping: CancellationToken,
}

impl Bench {
    /// A workflow is started while its specification is written, so that one which is not there is on its way.
    pub(crate) async fn spec(&self, spec: &SpecRef) -> Result<ExperimentSpec, Failure> {
        let (store, id, sha256) = (&self.store, &spec.experiment_id, &spec.sha256);
        let read = match &spec.schedule {
            None => store.spec(id, sha256).await,
            Some(schedule) => store.take_over_spec(schedule, id, sha256).await,
        };
        match read {
            Err(artifacts::Error::NotFound(key)) => Err(Failure::NotArchivedYet(key)),
            read => Ok(read?),
        }
    }

    /// The specification of a run's experiment, and the run's model.
    pub(crate) async fn run(&self, run: &RunRef) -> Result<(ExperimentSpec, RunModel), Failure> {
        let spec = self.spec(&run.spec).await?;
        let model = spec
            .models
            .get(run.index as usize)
            .cloned()
            .ok_or_else(|| Failure::Spec(format!("it has no model number {}", run.index)))?;
        Ok((spec, model))
    }
}

pub(crate) fn run_key(run: &RunRef) -> Run {
    Run {
        experiment: run.spec.experiment_id.clone(),
        index: run.index,
        round: run.round,
    }
}

/// Carries work out while Temporal hears of it. Cancellation, and the stop of the worker, drop the work:
/// work that has something to put away does so by watching `interrupted` itself.
pub(crate) async fn with_heartbeat<T, D>(
    bench: &Bench,
    ctx: &ActivityContext,
    details: impl Fn() -> D,
    work: impl Future<Output = Result<T, Failure>>,
) -> Result<T, Failure>
where
    D: TemporalSerializable + 'static,
{
    until_interrupted(bench, ctx, beating(ctx, details, work)).await
}

/// Carries work out unless it is to stop, which drops it.
pub(crate) async fn until_interrupted<T>(
    bench: &Bench,
    ctx: &ActivityContext,
    work: impl Future<Output = Result<T, Failure>>,
) -> Result<T, Failure> {
    tokio::select! {
        biased;
        done = work => done,
        failure = interrupted(bench, ctx) => Err(failure),
    }
}

/// Carries work out while Temporal hears of it, and lets it end by itself.
pub(crate) async fn beating<T, D>(
    ctx: &ActivityContext,
    details: impl Fn() -> D,
    work: impl Future<Output = Result<T, Failure>>,
) -> Result<T, Failure>
where
    D: TemporalSerializable + 'static,
{
    let mut work = pin!(work);
    let mut beats = tokio::time::interval(HEARTBEAT_INTERVAL);
    loop {
        tokio::select! {
            biased;
            done = &mut work => return done,
            _ = beats.tick() => {
                if let Err(error) = ctx.record_heartbeat(details()).await {
                    tracing::warn!(%error, "a heartbeat could not be written");
                }
            }
        }
    }
}

/// Waits until the activity is to stop, and says why.
pub(crate) async fn interrupted(bench: &Bench, ctx: &ActivityContext) -> Failure {
    tokio::select! {
        biased;
        () = bench.stopping.cancelled() => Failure::HandedOver,
        () = ctx.cancelled() => Failure::Cancelled,
    }
}
