//! The worker's life: prepared from its configuration, connected when Temporal is there, drained when told to stop.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use anyhow::Context;
use artifacts::Store;
use domain::equipment::Equipment;
use domain::lease::Limits;
use runtime::temporal::TemporalTarget;
use runtime::traces::TracesConfig;
use temporalio_client::Client;
use temporalio_common::telemetry::TelemetryOptions;
use temporalio_common::worker::{
    VersioningBehavior, WorkerDeploymentOptions, WorkerDeploymentVersion,
};
use temporalio_sdk::runtime::RuntimeOptions;
use temporalio_sdk::runtime::worker_tuner::{FixedSizeSlotSupplier, TunerHolder};
use temporalio_sdk::{Runtime, Worker, WorkerOptions};
use tokio::runtime::Handle;
use tokio_util::sync::CancellationToken;
use workflows::experiment::ExperimentWorkflow;
use workflows::multi_model::MultiModelWorkflow;
use workflows::provider_limit::ProviderLimitWorkflow;

use crate::activities::Activities;
use crate::adapters::Resources;
use crate::config::{Config, DeploymentConfig};
use crate::counts;
use crate::gates::Gates;
use crate::load::Sources;
use crate::providers::Providers;
use crate::receivers::Receivers;
use crate::receivers::langfuse::Langfuse;
use crate::receivers::webhooks::Webhooks;
use crate::traces::activities::Told;
use crate::traces::workflows::interceptor;
use crate::traces::{DetailConfig, Traces};
use crate::work::Bench;

/// Workflows kept in memory between their tasks; others are replayed when something happens to them.
const CACHED_WORKFLOWS: usize = 500;

/// Workflow tasks carried out at once. They compute for milliseconds.
const WORKFLOW_TASKS: usize = 20;

/// Heartbeats reach Temporal at least this often, and with them a cancellation reaches the activity.
const HEARTBEAT_THROTTLE: Duration = Duration::from_secs(1);

/// A workflow whose worker has died goes to another after this long; one that is only slow is then replayed there.
const STICKY_TIMEOUT: Duration = Duration::from_secs(1);

/// The wait before a worker that ended is made anew.
const AGAIN_AFTER: Duration = Duration::from_secs(1);

/// How long a worker that stops waits until its last spans are taken.
const LAST_WORDS: Duration = Duration::from_secs(3);

/// A worker whose configuration is checked, and that is connected to nothing.
pub struct Prepared {
    target: TemporalTarget,
    task_queue: String,
    max_activities: usize,
    shutdown_timeout: Duration,
    store: Store,
    resources: Arc<Resources>,
    sources: Arc<Sources>,
    receivers: Arc<Receivers>,
    traces: TracesConfig,
    traced: DetailConfig,
    limits: BTreeMap<String, Limits>,
    commit_interval: Duration,
    deployment: Option<WorkerDeploymentOptions>,
    metrics_listen: Option<SocketAddr>,
    /// What is told of it to whoever asks.
    equipment: Equipment,
}

/// Checks the configuration: every fault that can be known without asking others is found here.
pub fn prepare(config: Config) -> anyhow::Result<Prepared> {
    let store = Store::open(&config.storage.artifacts, config.storage.options())?;
    let providers = match &config.providers {
        Some(path) => Providers::read(path)?,
        None => Providers::standard(),
    };
    let webhooks = match &config.providers {
        Some(path) => Webhooks::read(path)?,
        None => Webhooks::default(),
    };
    let equipment = Equipment {
        providers: providers.known(),
        webhooks: webhooks.names(),
    };
    let receivers = Receivers::new(webhooks, Langfuse::new(config.langfuse)?)?;
    config.traces.check()?;
    let limits = providers.limits();
    let sources = Sources::new(
        config.datasets.clone(),
        config.sources,
        config.storage.options(),
    )
    .context("the HTTP client could not be made")?;
    let resources =
        Resources::new(providers, config.datasets).context("the HTTP client could not be made")?;
    Ok(Prepared {
        target: config.temporal.target("ai-evolution-worker")?,
        task_queue: config.temporal.temporal_task_queue,
        max_activities: usize::from(config.max_activities),
        shutdown_timeout: config.shutdown_timeout,
        commit_interval: config
            .commit_interval
            .unwrap_or(store.default_commit_interval()),
        store,
        resources: Arc::new(resources),
        sources: Arc::new(sources),
        receivers: Arc::new(receivers),
        traces: config.traces,
        traced: config.traced,
        limits,
        deployment: versioned(config.deployment),
        metrics_listen: config.metrics_listen,
        equipment,
    })
}

/// The version that Temporal knows the worker by; none when it is to know no versions.
///
/// A run moves on to the version that is current with its next workflow task, rather than stay with the one that it began
/// on. That is safe, for every history replays on every later version (`tests/histories`), and it is what lets an old
/// version be shut down: a run may last for days, and would otherwise wait for its own version for ever. A stretch that
/// is under way stays where it is until that worker stops or the stretch ends.
fn versioned(config: DeploymentConfig) -> Option<WorkerDeploymentOptions> {
    let version = WorkerDeploymentVersion::builder()
        .deployment_name(config.worker_deployment?)
        .build_id(config.worker_build_id?)
        .build();
    let options = WorkerDeploymentOptions::new(version)
        .use_worker_versioning(true)
        .default_versioning_behavior(VersioningBehavior::AutoUpgrade);
    Some(options.build())
}

/// Lets others know what experiments may name. A worker whose store is away works all the same.
async fn announce(prepared: &Prepared) {
    let announced = prepared
        .store
        .announce(&prepared.task_queue, &prepared.equipment);
    if let Err(error) = announced.await {
        tracing::warn!(%error, "the providers could not be announced");
    }
}

/// Works until told to stop. A worker that ends because Temporal is away is made anew, and so is one whose certificates for
/// Temporal have changed: it hands its work over to the next as to any other.
pub async fn run(prepared: Prepared, shutdown: CancellationToken) -> anyhow::Result<()> {
    let mut telemetry = TelemetryOptions::default();
    if let Some(listen) = prepared.metrics_listen {
        let recorded = runtime::metrics::init()?;
        counts::describe();
        recorded.keep_up(shutdown.clone());
        telemetry.metrics = Some(runtime::metrics::meter());
        let address = runtime::metrics::serve(listen, recorded, shutdown.clone()).await?;
        tracing::info!(%address, "metrics are told at http://{address}/metrics");
    }
    let options = RuntimeOptions::builder()
        .telemetry_options(telemetry)
        .build();
    let sdk = Runtime::from_current_tokio(options.map_err(anyhow::Error::msg)?)
        .context("the SDK could not be started")?;
    let traces = Traces::new(
        &prepared.traces,
        prepared.traced.clone(),
        &prepared.receivers,
    )?;
    let traces = traces.map(Arc::new);
    let gates = Arc::new(Gates::new(prepared.limits.clone(), shutdown.clone()));
    let mut connected = prepared.target.connect_when_there(&shutdown).await;
    while let Some(current) = connected {
        // Cancelled when this worker is to end, be it that another takes its place.
        let stopping = shutdown.child_token();
        let bench = Arc::new(Bench {
            store: prepared.store.clone(),
            resources: Arc::clone(&prepared.resources),
            sources: Arc::clone(&prepared.sources),
            receivers: Arc::clone(&prepared.receivers),
            traces: traces.clone(),
            commit_interval: prepared.commit_interval,
            gates: Arc::clone(&gates),
            handover: prepared.shutdown_timeout / 2,
            stopping: stopping.clone(),
        });
        let client = current.client.clone();
        gates.connected(client.clone(), &prepared.task_queue);
        let standalone = &bench.resources.standalone;
        standalone.connected(client.clone(), &prepared.task_queue);
        announce(&prepared).await;
        let working = async {
            let worked = work(&sdk, client, &prepared, &bench).await;
            stopping.cancel();
            worked
        };
        let renewing = async {
            let renewed = prepared.target.renewed(&current, &stopping).await;
            stopping.cancel();
            renewed
        };
        let (worked, renewed) = tokio::join!(working, renewing);
        if shutdown.is_cancelled() {
            gates.left().await;
            if let Some(traces) = &traces {
                // Whoever does not listen is not waited for.
                let _ = tokio::time::timeout(LAST_WORDS, traces.told()).await;
            }
            return worked;
        }
        if let Err(error) = worked {
            tracing::warn!(
                error = format!("{error:#}"),
                "the worker ended; it is made anew"
            );
        }
        connected = match renewed {
            Some(renewed) => Some(renewed),
            None => {
                let _ = shutdown
                    .run_until_cancelled(tokio::time::sleep(AGAIN_AFTER))
                    .await;
                prepared.target.connect_when_there(&shutdown).await
            }
        };
    }
    Ok(())
}

/// One worker, from its first poll to its end.
async fn work(
    sdk: &Runtime,
    client: Client,
    prepared: &Prepared,
    bench: &Arc<Bench>,
) -> anyhow::Result<()> {
    let stopping = &bench.stopping;
    let mut worker = Worker::new(sdk, client, options(prepared, bench)?)
        .map_err(|error| anyhow::anyhow!("the worker could not be made: {error}"))?;
    let stop = worker.shutdown_handle();
    let ended = CancellationToken::new();
    let stopper = tokio::spawn({
        let (stopping, ended) = (stopping.clone(), ended.clone());
        async move {
            tokio::select! {
                () = stopping.cancelled() => stop(),
                () = ended.cancelled() => {}
            }
        }
    });
    tracing::info!(
        task_queue = prepared.task_queue,
        temporal.namespace = prepared.target.namespace(),
        "working"
    );
    let worked = tokio::select! {
        worked = worker.run() => worked.map_err(|error| anyhow::anyhow!("{error}")),
        () = drained_too_long(stopping, prepared.shutdown_timeout) => {
            tracing::warn!("not everything could be handed over in time");
            Ok(())
        }
    };
    ended.cancel();
    // The handle keeps the old worker registered; a new one on the same queue is refused until it is gone.
    let _ = stopper.await;
    worked
}

async fn drained_too_long(stopping: &CancellationToken, timeout: Duration) {
    stopping.cancelled().await;
    tokio::time::sleep(timeout).await;
}

fn options(prepared: &Prepared, bench: &Arc<Bench>) -> anyhow::Result<WorkerOptions> {
    let tuner = TunerHolder::builder()
        .workflow_task_slot_supplier(FixedSizeSlotSupplier::new(WORKFLOW_TASKS))
        .activity_task_slot_supplier(FixedSizeSlotSupplier::new(prepared.max_activities))
        .local_activity_task_slot_supplier(FixedSizeSlotSupplier::new(1))
        .nexus_task_slot_supplier(FixedSizeSlotSupplier::new(1))
        .build();
    let mut options = WorkerOptions::new(prepared.task_queue.clone())
        .tuner(tuner)
        .max_cached_workflows(CACHED_WORKFLOWS)
        .max_heartbeat_throttle_interval(HEARTBEAT_THROTTLE)
        .sticky_queue_schedule_to_start_timeout(STICKY_TIMEOUT)
        .graceful_shutdown_period(prepared.shutdown_timeout * 3 / 4)
        // A worker that keeps the activities of the workflows it hosts to itself leaves the others idle.
        .max_eager_activity_reservations_per_workflow_task(0_usize)
        .build();
    if let Some(deployment) = &prepared.deployment {
        options.deployment_options = deployment.clone();
    }
    if let Some(traces) = &bench.traces {
        let (traces, runtime) = (Arc::clone(traces), Handle::current());
        options.activity_inbound_interceptor(Told(Arc::clone(&traces)));
        options.workflow_interceptor(interceptor(traces, runtime));
    }
    options.register_activities(Activities {
        bench: Arc::clone(bench),
    });
    options
        .register_workflow::<ExperimentWorkflow>()
        .map_err(|error| anyhow::anyhow!("{error}"))?;
    options
        .register_workflow::<MultiModelWorkflow>()
        .map_err(|error| anyhow::anyhow!("{error}"))?;
    options
        .register_workflow::<ProviderLimitWorkflow>()
        .map_err(|error| anyhow::anyhow!("{error}"))?;
    Ok(options)
}
