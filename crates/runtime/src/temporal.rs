//! The connection to Temporal, local or in the cloud, made when the server is there.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use anyhow::Context;
use clap::Args;
use temporalio_client::envconfig::LoadClientConfigProfileOptions;
use temporalio_client::{Client, ClientOptions, Connection, ConnectionOptions};
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;
use url::Url;

use crate::encryption::{Encryption, PayloadKeys};
use crate::traces::{Live, Traced};

/// How long one attempt to connect may take.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);

/// The waits between attempts to connect grow from the first to the second.
const RECONNECT_WAITS: (Duration, Duration) = (Duration::from_millis(200), Duration::from_secs(2));

/// Where Temporal is. Beside these, Temporal's own configuration is read: TEMPORAL_ADDRESS, TEMPORAL_API_KEY,
/// TEMPORAL_TLS_* and the profiles of temporal.toml.
#[derive(Clone, Debug, Args)]
pub struct TemporalConfig {
    /// Address of the Temporal frontend as `host:port`, before any other configuration [default: localhost:7233]
    #[arg(long, env = "TEMPORAL_HOST")]
    pub temporal_host: Option<String>,
    /// Temporal namespace, before any other configuration [default: default]
    #[arg(long, env = "TEMPORAL_NAMESPACE")]
    pub temporal_namespace: Option<String>,
    /// Task queue on which workers and experiments meet.
    #[arg(long, env = "TEMPORAL_TASK_QUEUE", default_value = "ai-evolution")]
    pub temporal_task_queue: String,
    /// A file of keys with which everything that is sent to Temporal is encrypted; the same for the API and the workers.
    #[arg(long, env = "PAYLOAD_KEYS", value_name = "PATH")]
    pub payload_keys: Option<PathBuf>,
}

/// What is needed to connect, checked.
#[derive(Clone)]
pub struct TemporalTarget {
    connection: ConnectionOptions,
    client: ClientOptions,
    encryption: Option<Encryption>,
}

impl TemporalConfig {
    /// Reads and checks the configuration; connects to nothing. `program` names this process to Temporal.
    pub fn target(&self, program: &str) -> anyhow::Result<TemporalTarget> {
        let (mut connection, mut client) = ClientOptions::load_from_config(
            LoadClientConfigProfileOptions::default(),
        )
        .map_err(|error| anyhow::anyhow!("the configuration of Temporal is not valid: {error}"))?;
        if let Some(host) = &self.temporal_host {
            connection.target = address(
                host,
                connection.tls_options.is_some() || connection.api_key.is_some(),
            )?;
        }
        if let Some(namespace) = &self.temporal_namespace {
            client.namespace.clone_from(namespace);
        }
        connection.identity = format!("{program}-{}", std::process::id());
        connection.connect_timeout = Some(CONNECT_TIMEOUT);
        let keys = self.payload_keys.as_deref().map(PayloadKeys::load);
        let encryption = keys.transpose()?.map(Encryption::new);
        if let Some(encryption) = &encryption {
            client.data_converter = encryption.converter();
        }
        Ok(TemporalTarget {
            connection,
            client,
            encryption,
        })
    }
}

fn address(host: &str, tls: bool) -> anyhow::Result<Url> {
    let scheme = if tls { "https" } else { "http" };
    let text = match host.contains("://") {
        true => host.to_owned(),
        false => format!("{scheme}://{host}"),
    };
    Url::parse(&text).with_context(|| format!("TEMPORAL_HOST `{host}` is not `host:port`"))
}

impl TemporalTarget {
    /// The address, for messages.
    pub fn address(&self) -> &str {
        self.connection.target.as_str()
    }

    pub fn namespace(&self) -> &str {
        &self.client.namespace
    }

    /// How payloads are encrypted, if they are.
    pub fn encryption(&self) -> Option<&Encryption> {
        self.encryption.as_ref()
    }

    /// Calls that a request makes are told as spans of its trace, which goes on in what they start.
    pub fn traced(mut self, live: Live) -> Self {
        let traced = Traced(live);
        self.client.client_interceptors.push(Arc::new(traced));
        self
    }

    /// Connects once; an error when the server is not there.
    pub async fn connect(&self) -> anyhow::Result<Client> {
        let connecting = Connection::connect(self.connection.clone());
        let connection = tokio::time::timeout(CONNECT_TIMEOUT, connecting)
            .await
            .with_context(|| format!("Temporal at {} does not answer", self.address()))?
            .with_context(|| format!("Temporal at {} cannot be reached", self.address()))?;
        Client::new(connection, self.client.clone())
            .context("the client of Temporal could not be made")
    }

    /// Connects as soon as the server is there; none if `shutdown` comes first.
    pub async fn connect_when_there(&self, shutdown: &CancellationToken) -> Option<Client> {
        let mut wait = RECONNECT_WAITS.0;
        loop {
            let connected = tokio::select! {
                connected = self.connect() => connected,
                () = shutdown.cancelled() => return None,
            };
            match connected {
                Ok(client) => {
                    tracing::info!(temporal.address = self.address(), "connected to Temporal");
                    return Some(client);
                }
                Err(error) => tracing::warn!(error = format!("{error:#}"), "waiting for Temporal"),
            }
            tokio::select! {
                () = tokio::time::sleep(wait) => wait = (wait * 2).min(RECONNECT_WAITS.1),
                () = shutdown.cancelled() => return None,
            }
        }
    }

    /// Connects in the background. Until the server is there, the receiver holds none; later losses are repaired by
    /// the connection itself.
    pub fn connect_in_background(
        self,
        shutdown: CancellationToken,
    ) -> watch::Receiver<Option<Client>> {
        let (sender, receiver) = watch::channel(None);
        tokio::spawn(async move {
            sender.send_replace(self.connect_when_there(&shutdown).await);
            // The receiver's value stays; keeping the sender until the end tells `changed` apart from `closed`.
            shutdown.cancelled().await;
        });
        receiver
    }
}
