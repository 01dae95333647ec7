//! What a deployment may decide about the worker. Read once, in `main`.

use std::path::PathBuf;
use std::time::Duration;

use clap::Args;
use runtime::storage::StorageConfig;
use runtime::telemetry::TelemetryConfig;
use runtime::temporal::TemporalConfig;

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
    /// The provider table, a TOML file; without one, `openai` is known, with the key in OPENAI_API_KEY.
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
}
