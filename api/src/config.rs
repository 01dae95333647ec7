//! What a deployment may decide about this program. The only reader of the environment.

mod oidc;
mod server;

use std::net::SocketAddr;
use std::num::NonZeroU32;
use std::path::PathBuf;
use std::time::Duration;

use axum::http::HeaderValue;
use clap::Args;
use runtime::storage::StorageConfig;
use runtime::telemetry::TelemetryConfig;
use runtime::temporal::TemporalConfig;
use runtime::traces::TracesConfig;
use url::Url;

use crate::state::TRACE_ID;

pub use self::oidc::OidcConfig;
pub use self::server::ServerConfig;

/// Everything that a deployment may decide. Read once, in `main`.
#[derive(Clone, Debug, Args)]
pub struct Config {
    /// Address to listen on; port 0 picks a free one.
    #[arg(long, env = "LISTEN", default_value = "127.0.0.1:7890")]
    pub listen: SocketAddr,
    /// A file of API keys, one of which every request must bear. It may be changed while the service runs; the command
    /// `key` makes an entry.
    #[arg(long, env = "API_KEYS", value_name = "PATH")]
    pub api_keys: Option<PathBuf>,
    #[command(flatten)]
    pub oidc: OidcConfig,
    /// Requests that each caller may make in a minute.
    #[arg(long, env = "RATE_LIMIT", value_name = "REQUESTS")]
    pub rate_limit: Option<NonZeroU32>,
    /// Requests that all callers of a tenant together may make in a minute.
    #[arg(long, env = "TENANT_RATE_LIMIT", value_name = "REQUESTS")]
    pub tenant_rate_limit: Option<NonZeroU32>,
    /// Origins of web pages that may use the service from a browser, such as `https://evals.example.com`, separated by commas.
    #[arg(long, env = "CORS_ORIGINS", value_name = "ORIGINS", value_delimiter = ',', value_parser = origin)]
    pub cors_origins: Vec<HeaderValue>,
    /// Listen on an address that other machines can reach, although nobody is asked who they are.
    #[arg(long, env = "ALLOW_UNAUTHENTICATED")]
    pub allow_unauthenticated: bool,
    /// Write the address that is listened on into this file, once it is.
    #[arg(long, value_name = "PATH")]
    pub port_file: Option<PathBuf>,
    /// Address of the Temporal UI, to which experiments link, such as `http://localhost:8088`.
    #[arg(long, env = "TEMPORAL_UI")]
    pub temporal_ui: Option<Url>,
    /// Address of the page of a trace, with `{trace_id}` in it, to which experiments link.
    #[arg(long, env = "TRACE_UI", value_name = "TEMPLATE", value_parser = trace_page)]
    pub trace_ui: Option<String>,
    /// Address of the project in Langfuse, to whose sessions experiments link, such as `https://cloud.langfuse.com/project/p1`.
    #[arg(long, env = "LANGFUSE_UI", value_name = "URL")]
    pub langfuse_ui: Option<Url>,
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
    pub server: ServerConfig,
    #[command(flatten)]
    pub temporal: TemporalConfig,
    #[command(flatten)]
    pub storage: StorageConfig,
    #[command(flatten)]
    pub telemetry: TelemetryConfig,
    #[command(flatten)]
    pub traces: TracesConfig,
}

/// A configuration with which the service cannot start, however often it is tried.
#[derive(Debug, thiserror::Error)]
#[error("{0:#}")]
pub struct BadConfig(pub anyhow::Error);

impl Config {
    /// Refuses to be reached by strangers, unless that is asked for.
    pub(crate) fn check(&self) -> Result<(), BadConfig> {
        let asks = self.api_keys.is_some() || self.oidc.oidc_issuer.is_some();
        let is_guarded = asks || self.allow_unauthenticated;
        if self.listen.ip().to_canonical().is_loopback() || is_guarded {
            return Ok(());
        }
        Err(BadConfig(anyhow::anyhow!(
            "other machines can reach {}, and this service asks nobody who they are: give it `--api-keys` (API_KEYS) or \
             `--oidc-issuer` (OIDC_ISSUER), listen on 127.0.0.1, or say `--allow-unauthenticated` (ALLOW_UNAUTHENTICATED=true) if something in front of it does",
            self.listen
        )))
    }
}

/// An address that names a trace. Where, is for the page to say: in the path, in a query or behind a `#`.
fn trace_page(text: &str) -> Result<String, String> {
    if !text.contains(TRACE_ID) {
        return Err(format!("it has no `{TRACE_ID}`"));
    }
    match text.replace(TRACE_ID, "0").parse::<Url>() {
        Ok(url) if matches!(url.scheme(), "http" | "https") => Ok(text.to_owned()),
        Ok(_) => Err("it begins with neither `http://` nor `https://`".to_owned()),
        Err(error) => Err(error.to_string()),
    }
}

/// An origin as browsers send it (RFC 6454, section 6.1): scheme, host and port, nothing after.
fn origin(text: &str) -> Result<HeaderValue, String> {
    let url: Url = text.parse().map_err(|error| format!("{error}"))?;
    let origin = url.origin().ascii_serialization();
    match origin == text {
        true => HeaderValue::try_from(origin).map_err(|error| error.to_string()),
        false => Err(format!("write the origin as browsers do, `{origin}`")),
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
            for guard in [
                &["--allow-unauthenticated"][..],
                &["--api-keys", "keys.toml"],
                &[
                    "--oidc-issuer",
                    "https://id.example",
                    "--oidc-audience",
                    "evals",
                ],
            ] {
                assert!(listen_on(address, guard).is_ok(), "{address}");
            }
        }
    }

    #[test]
    fn an_origin_is_written_as_browsers_send_it() {
        assert_eq!(
            origin("https://a.example:8443").unwrap(),
            "https://a.example:8443"
        );
        for text in [
            "https://a.example/",
            "a.example",
            "*",
            "https://A.example",
            "null",
        ] {
            assert!(origin(text).is_err(), "{text}");
        }
    }

    #[test]
    fn the_page_of_a_trace_is_an_address_with_a_place_for_the_trace() {
        assert!(trace_page("http://phoenix:6006/redirects/traces/{trace_id}").is_ok());
        for text in ["http://phoenix:6006/", "{trace_id}", "ftp://a/{trace_id}"] {
            assert!(trace_page(text).is_err(), "{text}");
        }
    }
}
