//! What a deployment may decide about this program. The only reader of the environment.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

use clap::Args;
use runtime::storage::StorageConfig;
use runtime::telemetry::TelemetryConfig;
use runtime::temporal::TemporalConfig;
use url::Url;

/// Everything that a deployment may decide. Read once, in `main`.
#[derive(Clone, Debug, Args)]
pub struct Config {
    /// Address to listen on; port 0 picks a free one.
    #[arg(long, env = "LISTEN", default_value = "127.0.0.1:7890")]
    pub listen: SocketAddr,
    /// Listen on an address that other machines can reach, although nobody is asked who they are.
    #[arg(long, env = "ALLOW_UNAUTHENTICATED")]
    pub allow_unauthenticated: bool,
    /// Write the address that is listened on into this file, once it is.
    #[arg(long, value_name = "PATH")]
    pub port_file: Option<PathBuf>,
    /// Address of the Temporal UI, to which experiments link, such as `http://localhost:8088`.
    #[arg(long, env = "TEMPORAL_UI")]
    pub temporal_ui: Option<Url>,
    /// How long a request may take.
    #[arg(long, env = "REQUEST_TIMEOUT", default_value = "30s", value_parser = humantime::parse_duration)]
    pub request_timeout: Duration,
    /// The most bytes the body of a request may have.
    #[arg(long, env = "BODY_LIMIT", value_name = "BYTES", default_value_t = 16 * 1024 * 1024)]
    pub body_limit: usize,
    /// How long requests under way may take to end when the service is stopped.
    #[arg(long, env = "DRAIN_TIMEOUT", default_value = "20s", value_parser = humantime::parse_duration)]
    pub drain_timeout: Duration,
    #[command(flatten)]
    pub temporal: TemporalConfig,
    #[command(flatten)]
    pub storage: StorageConfig,
    #[command(flatten)]
    pub telemetry: TelemetryConfig,
}

/// A configuration with which the service cannot start, however often it is tried.
#[derive(Debug, thiserror::Error)]
#[error("{0:#}")]
pub struct BadConfig(pub anyhow::Error);

impl Config {
    /// Refuses to be reached by strangers, unless that is asked for.
    pub(crate) fn check(&self) -> Result<(), BadConfig> {
        if self.listen.ip().to_canonical().is_loopback() || self.allow_unauthenticated {
            return Ok(());
        }
        Err(BadConfig(anyhow::anyhow!(
            "other machines can reach {}, and this service asks nobody who they are: listen on 127.0.0.1, or say \
             `--allow-unauthenticated` (ALLOW_UNAUTHENTICATED=true) if something in front of it does",
            self.listen
        )))
    }
}

#[cfg(test)]
mod tests {
    use clap::Parser;

    use super::*;

    #[derive(Parser)]
    struct Program {
        #[command(flatten)]
        config: Config,
    }

    fn listen_on(address: &str, more: &[&str]) -> Result<(), BadConfig> {
        let arguments = ["api", "--listen", address]
            .into_iter()
            .chain(more.iter().copied());
        Program::parse_from(arguments).config.check()
    }

    #[test]
    fn strangers_are_kept_out_unless_they_are_let_in() {
        for address in ["127.0.0.1:0", "[::1]:0", "[::ffff:127.0.0.1]:0"] {
            assert!(listen_on(address, &[]).is_ok(), "{address}");
        }
        for address in ["0.0.0.0:0", "[::]:0", "192.168.0.1:80"] {
            assert!(listen_on(address, &[]).is_err(), "{address}");
            assert!(
                listen_on(address, &["--allow-unauthenticated"]).is_ok(),
                "{address}"
            );
        }
    }
}
