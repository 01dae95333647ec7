//! The connection to Temporal, local or in the cloud, made when the server is there, and made anew when its certificates
//! change.
//!
//! `profile` is what Temporal's own variables and files say, `advice` what to do when they are wrong.

mod advice;
mod profile;

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use anyhow::Context;
use clap::Args;
use temporalio_client::{Client, ClientOptions, Connection, ConnectionOptions, GrpcCompression};
use tokio::sync::watch;
use tokio::time::sleep;
use tokio_util::sync::CancellationToken;
use url::Url;

use self::profile::Credentials;
use crate::encryption::{Encryption, PayloadKeys};
use crate::traces::{Live, Traced};

/// How long one attempt to connect may take.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);

/// The waits between attempts to connect grow from the first to the second.
const RECONNECT_WAITS: (Duration, Duration) = (Duration::from_millis(200), Duration::from_secs(2));

/// How often it is looked whether certificates have changed.
const LOOK_EVERY: Duration = Duration::from_secs(1);

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
    config: TemporalConfig,
    connection: ConnectionOptions,
    client: ClientOptions,
    encryption: Option<Encryption>,
}

/// A connection, and what it was made with.
pub struct Connected {
    pub client: Client,
    credentials: Credentials,
}

impl TemporalConfig {
    /// Reads and checks the configuration; connects to nothing. `program` names this process to Temporal.
    pub fn target(&self, program: &str) -> anyhow::Result<TemporalTarget> {
        let (mut connection, mut client) = self.load()?;
        connection.identity = format!("{program}-{}", std::process::id());
        connection.connect_timeout = Some(CONNECT_TIMEOUT);
        // What we send is small: to compress it takes both sides longer than to send it.
        connection.grpc_compression = GrpcCompression::None;
        let keys = self.payload_keys.as_deref().map(PayloadKeys::load);
        let encryption = keys.transpose()?.map(Encryption::new);
        if let Some(encryption) = &encryption {
            client.data_converter = encryption.converter();
        }
        Ok(TemporalTarget {
            config: self.clone(),
            connection,
            client,
            encryption,
        })
    }

    /// What Temporal's configuration says, with what is said here before it.
    fn load(&self) -> anyhow::Result<(ConnectionOptions, ClientOptions)> {
        let (mut connection, mut client) = profile::load()?;
        if let Some(host) = &self.temporal_host {
            connection.target = address(
                host,
                connection.tls_options.is_some() || connection.api_key.is_some(),
            )?;
        }
        if let Some(namespace) = &self.temporal_namespace {
            client.namespace.clone_from(namespace);
        }
        Ok((connection, client))
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

    /// Connects once, with certificates as they are now; an error when the server is not there.
    pub async fn connect(&self) -> anyhow::Result<Connected> {
        let (now, _) = self.config.load()?;
        let credentials = Credentials::of(&now);
        let mut options = self.connection.clone();
        (options.tls_options, options.api_key) = (now.tls_options, now.api_key);
        let connecting = Connection::connect(options);
        let connection = tokio::time::timeout(CONNECT_TIMEOUT, connecting)
            .await
            .with_context(|| format!("Temporal at {} does not answer", self.address()))?
            .map_err(advice::with_advice)
            .with_context(|| format!("Temporal at {} cannot be reached", self.address()))?;
        let client = Client::new(connection, self.client.clone())
            .context("the client of Temporal could not be made")?;
        Ok(Connected {
            client,
            credentials,
        })
    }

    /// Connects as soon as the server is there; none if `shutdown` comes first.
    pub async fn connect_when_there(&self, shutdown: &CancellationToken) -> Option<Connected> {
        let mut wait = RECONNECT_WAITS.0;
        loop {
            let connected = tokio::select! {
                connected = self.connect() => connected,
                () = shutdown.cancelled() => return None,
            };
            match connected {
                Ok(connected) => {
                    tracing::info!(temporal.address = self.address(), "connected to Temporal");
                    return Some(connected);
                }
                Err(error) => tracing::warn!(error = format!("{error:#}"), "waiting for Temporal"),
            }
            tokio::select! {
                () = sleep(wait) => wait = (wait * 2).min(RECONNECT_WAITS.1),
                () = shutdown.cancelled() => return None,
            }
        }
    }

    /// Waits until certificates or the API key have changed, and connects with them; none if `shutdown` comes first. What
    /// does not connect changes nothing, and is tried again as it is then.
    pub async fn renewed(
        &self,
        current: &Connected,
        shutdown: &CancellationToken,
    ) -> Option<Connected> {
        // What nobody proves anything with does not change.
        if !current.credentials.are_any() {
            shutdown.cancelled().await;
        }
        let mut refused = None;
        loop {
            shutdown.run_until_cancelled(sleep(LOOK_EVERY)).await?;
            let renewed = match self.config.load() {
                Ok((now, _)) if Credentials::of(&now) == current.credentials => continue,
                Ok(_) => shutdown.run_until_cancelled(self.connect()).await?,
                Err(error) => Err(error),
            };
            match renewed {
                Ok(connected) => {
                    tracing::info!("connected to Temporal with what has changed");
                    return Some(connected);
                }
                Err(error) => {
                    let error = format!("{error:#}");
                    if refused.as_ref() != Some(&error) {
                        tracing::error!(
                            error,
                            "what has changed does not connect to Temporal; the former connection stays"
                        );
                        refused = Some(error);
                    }
                }
            }
        }
    }

    /// Connects in the background. Until the server is there, the receiver holds none; later losses are repaired by
    /// the connection itself, and changed certificates by another.
    pub fn connect_in_background(
        self,
        shutdown: CancellationToken,
    ) -> watch::Receiver<Option<Client>> {
        let (sender, receiver) = watch::channel(None);
        tokio::spawn(async move {
            let mut connected = self.connect_when_there(&shutdown).await;
            // The receiver's value stays; keeping the sender until the end tells `changed` apart from `closed`.
            while let Some(current) = connected {
                sender.send_replace(Some(current.client.clone()));
                connected = self.renewed(&current, &shutdown).await;
            }
        });
        receiver
    }
}
