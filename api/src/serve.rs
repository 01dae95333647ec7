//! The start of the service and its end.

use std::net::SocketAddr;
use std::path::Path;
use std::sync::Arc;

use anyhow::Context;
use artifacts::Store;
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;

use crate::auth::{Doorkeeper, Keys, Tokens};
use crate::census;
use crate::config::{BadConfig, Config};
use crate::counts;
use crate::routes::{Entrance, Limits, router};
use crate::server::{self, Bounds};
use crate::state::{AppState, Pages, TemporalUi};
use crate::temporal::Temporal;

/// Serves until `shutdown`. A [`BadConfig`] is told before anything is listened on; Temporal is not waited for.
pub async fn run(config: Config, shutdown: CancellationToken) -> anyhow::Result<()> {
    config.check()?;
    let target = config
        .temporal
        .target("ai-evolution-api")
        .map_err(BadConfig)?;
    let store = Store::open(&config.storage.artifacts, config.storage.options())
        .map_err(|error| BadConfig(error.into()))?;
    let keys = match config.api_keys {
        None => None,
        Some(path) => {
            let keys = Keys::follow(path, shutdown.clone()).await;
            Some(keys.map_err(BadConfig)?)
        }
    };
    let tokens = Tokens::follow(config.oidc, shutdown.clone())
        .await
        .map_err(BadConfig)?;
    config.traces.check().map_err(BadConfig)?;
    let live = config.traces.live("ai-evolution-api").map_err(BadConfig)?;
    let target = match &live {
        Some(live) => target.traced(live.clone()),
        None => target,
    };
    let ui = config.temporal_ui.clone().map(|base| TemporalUi {
        base,
        namespace: target.namespace().to_owned(),
    });
    let listener = TcpListener::bind(config.listen)
        .await
        .with_context(|| format!("{} cannot be listened on", config.listen))?;
    let address = listener.local_addr()?;
    tracing::info!(
        address = %address,
        temporal.address = target.address(),
        temporal.namespace = target.namespace(),
        artifacts = config.storage.artifacts,
        "listening on http://{address}",
    );
    let task_queue = config.temporal.temporal_task_queue.clone();
    let encryption = target.encryption().cloned();
    let clients = target.connect_in_background(shutdown.clone());
    let mut state = AppState::new(
        Arc::new(Temporal::new(clients, task_queue, encryption.is_some())),
        store,
        ui,
        &crate::openapi(),
    );
    state.pages = Pages {
        trace_ui: config.trace_ui,
        langfuse_ui: config.langfuse_ui,
    };
    state.live = live.clone();
    state.stopping = shutdown.clone();
    state.encryption = encryption;
    let recorded = runtime::metrics::init()?;
    counts::describe();
    recorded.keep_up(shutdown.clone());
    state.recorded = Some(recorded);
    census::keep_up(&state);
    let limits = Limits {
        time: config.request_timeout,
        body: config.body_limit,
        stall: config.server.stall_timeout,
        requests: config.server.max_requests.get(),
        watchers: config.server.max_watchers.get(),
    };
    let bounds = Bounds {
        connections: config.server.max_connections.get(),
        idle: config.server.idle_timeout,
        head: config.server.stall_timeout,
    };
    let entrance = Entrance {
        doorkeeper: Doorkeeper::new(keys, config.rate_limit)
            .and_tenant_limit(config.tenant_rate_limit)
            .and_tokens(tokens),
        cors_origins: config.cors_origins,
    };
    let service = router(state, limits, entrance);
    if let Some(path) = &config.port_file {
        announce(path, address).with_context(|| format!("{} cannot be written", path.display()))?;
    }
    let serving = server::serve(listener, service, bounds, shutdown.clone());
    let drained = async {
        shutdown.cancelled().await;
        tokio::time::sleep(config.drain_timeout).await;
    };
    tokio::select! {
        () = serving => {}
        () = drained => tracing::warn!("requests under way were cut off at the end of the drain"),
    }
    if let Some(live) = live {
        live.stop().await;
    }
    tracing::info!("stopped");
    Ok(())
}

/// Writes the address into a file that is never seen half written.
fn announce(path: &Path, address: SocketAddr) -> std::io::Result<()> {
    let mut unfinished = path.as_os_str().to_owned();
    unfinished.push(".part");
    std::fs::write(&unfinished, format!("{address}\n"))?;
    std::fs::rename(&unfinished, path)
}
