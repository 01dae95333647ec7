//! EmitResults: delivers to the sinks, each for itself, then archives the summary.

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
        let finished = Finished {
            store: &bench.store,
            run: &run,
            model: &model.name,
            scorers: spec
                .scorers
                .iter()
                .map(|scorer| scorer.name().to_owned())
                .collect(),
            aggregates: &input.progress.aggregates,
        };
        let deliveries = deliver(&spec, &finished).await;
        let summary = RunSummary {
            experiment_id: run.experiment.to_string(),
            experiment_name: spec.experiment_name,
            index: run.index,
            model: model.name.clone(),
            status: input.status,
            reason: input.reason.clone(),
            started_at: input.started_at,
            ended_at: Timestamp::now(),
            progress: input.progress.clone(),
            deliveries: deliveries.clone(),
        };
        bench.store.put_summary(&run, &summary).await?;
        tracing::info!(experiment.id = %run.experiment, model = model.name, status = ?input.status, "run ended");
        Ok(Emitted { deliveries })
    };
    with_heartbeat(bench, ctx, || (), work).await
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
