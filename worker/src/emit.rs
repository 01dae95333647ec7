//! EmitResults: delivers to the sinks, each for itself, then archives the summary.

use artifacts::run::Run;
use domain::spec::ExperimentSpec;
use domain::summary::{Delivery, RunSummary};
use jiff::Timestamp;
use temporalio_sdk::activities::ActivityContext;
use workflows::activities::{Emit, Emitted};

use crate::failure::Failure;
use crate::sinks::{self, Finished};
use crate::work::{Bench, run_key, with_heartbeat};

pub(crate) async fn emit_results(
    bench: &Bench,
    ctx: &ActivityContext,
    input: Emit,
) -> Result<Emitted, Failure> {
    let work = async {
        let (spec, model) = bench.run(&input.run).await?;
        let run = run_key(&input.run);
        let record = match input.again {
            true => Some(on_record(bench, &run).await?),
            false => None,
        };
        let progress = record
            .as_ref()
            .map_or(&input.progress, |record| &record.progress);
        let finished = Finished {
            store: &bench.store,
            run: &run,
            model: &model.name,
            scorers: spec
                .scorers
                .iter()
                .map(|scorer| scorer.name().to_owned())
                .collect(),
            aggregates: &progress.aggregates,
        };
        let deliveries = deliver(&spec, &finished).await;
        let summary = match record {
            Some(record) => RunSummary {
                deliveries,
                ..record
            },
            None => RunSummary {
                experiment_id: run.experiment.to_string(),
                experiment_name: spec.experiment_name,
                index: run.index,
                model: model.name.clone(),
                status: input.status,
                reason: input.reason.clone(),
                started_at: input.started_at,
                ended_at: Timestamp::now(),
                progress: input.progress.clone(),
                deliveries,
                round: run.round,
                spec_sha256: Some(input.run.spec.sha256.clone()),
            },
        };
        bench.store.put_summary(&run, &summary).await?;
        tracing::info!(experiment.id = %run.experiment, model = model.name, status = ?summary.status, "run ended");
        Ok(Emitted {
            deliveries: summary.deliveries,
            status: Some(summary.status),
            reason: summary.reason,
        })
    };
    with_heartbeat(bench, ctx, || (), work).await
}

/// What is archived of a run whose results are delivered again.
async fn on_record(bench: &Bench, run: &Run) -> Result<RunSummary, Failure> {
    bench.store.summary(run).await?.ok_or_else(|| {
        Failure::Spec("there is no summary of the run, so there is nothing to deliver".to_owned())
    })
}

/// A sink that fails is reported and hides nothing of the others, nor of the run.
async fn deliver(spec: &ExperimentSpec, finished: &Finished<'_>) -> Vec<Delivery> {
    let mut deliveries = Vec::new();
    for sink in &spec.sinks {
        let delivered = sinks::deliver(sink, finished).await;
        if let Err(error) = &delivered {
            tracing::warn!(experiment.id = %finished.run.experiment, sink = sink.kind(), %error, "a delivery failed");
        }
        let (location, error) = match delivered {
            Ok(location) => (location, None),
            Err(error) => (None, Some(error.to_string())),
        };
        deliveries.push(Delivery {
            sink: sink.kind().to_owned(),
            location,
            error,
        });
    }
    deliveries
}
