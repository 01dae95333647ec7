//! What a deployment may decide about the worker. Read once, in `main`.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

use bytesize::ByteSize;
use clap::Args;
use clap::builder::NonEmptyStringValueParser;
use runtime::storage::StorageConfig;
use runtime::telemetry::TelemetryConfig;
use runtime::temporal::TemporalConfig;
use runtime::traces::TracesConfig;

use crate::load::AllowedHost;
use crate::receivers::langfuse::LangfuseConfig;
use crate::traces::DetailConfig;

#[derive(Clone, Debug, Args)]
pub struct Config {
    #[command(flatten)]
    pub telemetry: TelemetryConfig,
    #[command(flatten)]
    pub temporal: TemporalConfig,
    #[command(flatten)]
    pub storage: StorageConfig,
    /// The folder that dataset paths are relative to; nothing outside it is read.
    #[arg(long, env = "DATASETS", default_value = "datasets")]
    pub datasets: PathBuf,
    #[command(flatten)]
    pub sources: SourcesConfig,
    /// The table of providers and webhooks, a TOML file; without one, `openai` is known, with the key in OPENAI_API_KEY.
    #[arg(long, env = "PROVIDERS")]
    pub providers: Option<PathBuf>,
    /// How long answers may wait for others before they are written together, such as `250ms`
    /// [default: 0s on a local store, 250ms on a remote one]
    #[arg(long, env = "COMMIT_INTERVAL", value_parser = humantime::parse_duration)]
    pub commit_interval: Option<Duration>,
    /// Activities carried out at once: chunks in flight, of all runs.
    #[arg(long, env = "MAX_ACTIVITIES", default_value_t = 100, value_parser = clap::value_parser!(u16).range(1..))]
    pub max_activities: u16,
    /// How long the worker may take to hand its work over when it is told to stop.
    #[arg(long, env = "SHUTDOWN_TIMEOUT", default_value = "20s", value_parser = humantime::parse_duration)]
    pub shutdown_timeout: Duration,
    /// Address at which `/metrics` (for Prometheus) and `/healthz` are answered, such as `127.0.0.1:9090` [default: none]
    #[arg(long, env = "METRICS_LISTEN", value_name = "ADDRESS")]
    pub metrics_listen: Option<SocketAddr>,
    #[command(flatten)]
    pub traces: TracesConfig,
    #[command(flatten)]
    pub traced: DetailConfig,
    #[command(flatten)]
    pub langfuse: LangfuseConfig,
    #[command(flatten)]
    pub deployment: DeploymentConfig,
}

/// Where else datasets may be read from than from the folder, and how large they may be.
#[derive(Clone, Debug, Args)]
pub struct SourcesConfig {
    /// Hosts that datasets may be read from over HTTP, separated by commas: `data.example.com`, `data.example.com:8443`;
    /// `*.example.com` and `*` allow public addresses only [default: none]
    #[arg(long, env = "DATASET_HOSTS", value_delimiter = ',')]
    pub dataset_hosts: Vec<AllowedHost>,
    /// Buckets of S3 that datasets may be read from, separated by commas, with the usual AWS_* variables [default: none]
    #[arg(long, env = "DATASET_BUCKETS", value_delimiter = ',')]
    pub dataset_buckets: Vec<String>,
    /// The most bytes that a dataset may have once it is fetched and decompressed, such as `16GiB`.
    #[arg(long, env = "MAX_DATASET_SIZE", default_value = "16GiB")]
    pub max_dataset_size: ByteSize,
}

/// Which version of the service the worker is, when Temporal is to know it. Without it, any worker of the task queue takes
/// any run; with it, Temporal gives runs to the version that is current (`temporal worker deployment set-current-version`),
/// so that a new version is tried before it takes over, and is taken back without a restart of the old one.
#[derive(Clone, Debug, Default, Args)]
pub struct DeploymentConfig {
    /// The name of the deployment that this worker is a version of; needs WORKER_BUILD_ID.
    #[arg(long, env = "WORKER_DEPLOYMENT", requires = "worker_build_id", value_parser = NonEmptyStringValueParser::new())]
    pub worker_deployment: Option<String>,
    /// Which version of it this worker is, such as a commit; needs WORKER_DEPLOYMENT.
    #[arg(long, env = "WORKER_BUILD_ID", requires = "worker_deployment", value_parser = NonEmptyStringValueParser::new())]
    pub worker_build_id: Option<String>,
}
