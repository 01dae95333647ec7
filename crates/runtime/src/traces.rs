//! Traces: where spans are sent by OTLP, which traces are recorded, and how a trace is carried from program to program.
//!
//! The variables are those of OpenTelemetry's specification ("OpenTelemetry Environment Variable Specification" and
//! "OpenTelemetry Protocol Exporter"). Without an address nothing is recorded and nothing is carried.

pub mod carried;
mod client;
mod destination;
mod live;
mod sampling;

use std::time::Duration;

use anyhow::Context as _;
use clap::{Args, ValueEnum};
use hyper::header::{HeaderMap, HeaderName, HeaderValue};
use opentelemetry::trace::TraceContextExt;
use opentelemetry_otlp::tonic_types::metadata::MetadataMap;
use opentelemetry_otlp::tonic_types::transport::ClientTlsConfig;
use opentelemetry_otlp::{
    Protocol, SpanExporter, WithExportConfig, WithHttpConfig, WithTonicConfig,
};
use opentelemetry_sdk::Resource;
use secrecy::{ExposeSecret, SecretString};
use url::Url;

pub(crate) use self::client::Traced;
pub use self::destination::{Destination, NotSent};
pub use self::live::Live;
pub use self::sampling::{Sampling, TraceSampler};

/// How long one request with spans may take.
const EXPORT_TIMEOUT: Duration = Duration::from_secs(5);

/// Where traces go, and which of them.
#[derive(Clone, Debug, Args)]
pub struct TracesConfig {
    /// Where traces are sent by OTLP, such as `http://localhost:4318`, or `http://localhost:4317` by gRPC [default: nowhere]
    #[arg(long, env = "OTEL_EXPORTER_OTLP_ENDPOINT", value_name = "URL")]
    pub otel_exporter_otlp_endpoint: Option<String>,
    /// The same for whoever names the whole address, path included, such as `http://localhost:6006/v1/traces`.
    #[arg(long, env = "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", value_name = "URL")]
    pub otel_exporter_otlp_traces_endpoint: Option<String>,
    /// How traces are sent.
    #[arg(
        long,
        env = "OTEL_EXPORTER_OTLP_PROTOCOL",
        value_enum,
        default_value = "http/protobuf"
    )]
    pub otel_exporter_otlp_protocol: OtlpProtocol,
    /// Headers that traces are sent with, as `name=value` separated by commas; values may be percent-encoded.
    #[arg(long, env = "OTEL_EXPORTER_OTLP_HEADERS", hide_env_values = true)]
    pub otel_exporter_otlp_headers: Option<SecretString>,
    /// What the program is called in traces [default: its own name]
    #[arg(long, env = "OTEL_SERVICE_NAME")]
    pub otel_service_name: Option<String>,
    /// Which traces are recorded. One that a client has begun is recorded as the client says, unless the name lacks `parentbased`.
    #[arg(
        long,
        env = "OTEL_TRACES_SAMPLER",
        value_enum,
        default_value = "parentbased_always_on"
    )]
    pub otel_traces_sampler: TraceSampler,
    /// The share of traces that a `traceidratio` records, from 0 to 1.
    #[arg(long, env = "OTEL_TRACES_SAMPLER_ARG", default_value_t = 1.0)]
    pub otel_traces_sampler_arg: f64,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum OtlpProtocol {
    #[value(name = "http/protobuf")]
    Http,
    #[value(name = "grpc")]
    Grpc,
}

impl TracesConfig {
    /// Every fault that can be known without asking others.
    pub fn check(&self) -> anyhow::Result<()> {
        self.address()?;
        metadata(self.headers()?)?;
        self.sampling().map(|_| ())
    }

    /// Which traces are recorded.
    pub fn sampling(&self) -> anyhow::Result<Sampling> {
        Sampling::new(self.otel_traces_sampler, self.otel_traces_sampler_arg)
    }

    /// Spans that end while somebody waits for nothing, sent in the background; none without an address. `program` is the
    /// name where no other is given.
    pub fn live(&self, program: &str) -> anyhow::Result<Option<Live>> {
        let Some(exporter) = self.exporter()? else {
            return Ok(None);
        };
        let resource = self.resource(program);
        Ok(Some(Live::new(exporter, resource, self.sampling()?)))
    }

    /// A destination whose answer is waited for; none without an address.
    pub fn destination(&self, program: &str) -> anyhow::Result<Option<Destination>> {
        let exporter = self.exporter()?;
        Ok(exporter.map(|exporter| Destination::new(exporter, &self.resource(program))))
    }

    /// What is said of the program with each of its spans; OTEL_RESOURCE_ATTRIBUTES among it.
    pub fn resource(&self, program: &str) -> Resource {
        let name = said(self.otel_service_name.as_ref()).unwrap_or(program);
        Resource::builder()
            .with_service_name(name.to_owned())
            .build()
    }

    fn exporter(&self) -> anyhow::Result<Option<SpanExporter>> {
        let Some(address) = self.address()? else {
            return Ok(None);
        };
        let headers = self.headers()?;
        let exporter = match self.otel_exporter_otlp_protocol {
            OtlpProtocol::Http => SpanExporter::builder()
                .with_http()
                .with_endpoint(address)
                .with_protocol(Protocol::HttpBinary)
                .with_timeout(EXPORT_TIMEOUT)
                .with_headers(headers.into_iter().collect())
                .build(),
            OtlpProtocol::Grpc => {
                let is_secure = address.starts_with("https://");
                let exporter = SpanExporter::builder()
                    .with_tonic()
                    .with_endpoint(address)
                    .with_timeout(EXPORT_TIMEOUT)
                    .with_metadata(metadata(headers)?);
                // The machine's certificates are looked for only where they are needed: an image may have none.
                match is_secure {
                    true => exporter
                        .with_tls_config(ClientTlsConfig::new().with_enabled_roots())
                        .build(),
                    false => exporter.build(),
                }
            }
        };
        let exporter = exporter.context("traces cannot be sent to OTEL_EXPORTER_OTLP_ENDPOINT")?;
        Ok(Some(exporter))
    }

    /// By HTTP, spans go to `/v1/traces` below the general address.
    fn address(&self) -> anyhow::Result<Option<String>> {
        let parsed = |name: &str, text: &str| -> anyhow::Result<Url> {
            let url =
                Url::parse(text).with_context(|| format!("{name} `{text}` is not an address"))?;
            anyhow::ensure!(
                matches!(url.scheme(), "http" | "https"),
                "{name} begins with neither `http://` nor `https://`"
            );
            Ok(url)
        };
        if let Some(text) = said(self.otel_exporter_otlp_traces_endpoint.as_ref()) {
            let url = parsed("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", text)?;
            return Ok(Some(url.into()));
        }
        let Some(text) = said(self.otel_exporter_otlp_endpoint.as_ref()) else {
            return Ok(None);
        };
        let mut url = parsed("OTEL_EXPORTER_OTLP_ENDPOINT", text)?;
        if self.otel_exporter_otlp_protocol == OtlpProtocol::Http {
            let path = format!("{}/v1/traces", url.path().trim_end_matches('/'));
            url.set_path(&path);
        }
        Ok(Some(url.into()))
    }

    /// What an error says holds no value.
    fn headers(&self) -> anyhow::Result<Vec<(String, String)>> {
        let text = self.otel_exporter_otlp_headers.as_ref();
        let text = text.map(ExposeSecret::expose_secret).unwrap_or_default();
        let pairs = text.split(',').filter(|pair| !pair.trim().is_empty());
        pairs
            .enumerate()
            .map(|(place, pair)| {
                let (name, value) = pair.split_once('=').with_context(|| {
                    format!(
                        "entry {} of OTEL_EXPORTER_OTLP_HEADERS is not `name=value`",
                        place + 1
                    )
                })?;
                let value = percent_decoded(value.trim());
                Ok((name.trim().to_ascii_lowercase(), value))
            })
            .collect()
    }
}

/// The trace of the request that is being served, when it is recorded.
pub fn current_trace() -> Option<String> {
    let context = opentelemetry::Context::current();
    let span = context.span();
    let current = span.span_context();
    current.is_sampled().then(|| current.trace_id().to_string())
}

/// A variable that is set to nothing is not set, as the specification has it.
fn said(text: Option<&String>) -> Option<&str> {
    text.map(|text| text.trim()).filter(|text| !text.is_empty())
}

fn percent_decoded(text: &str) -> String {
    // A query of a form would take `+` for a space; a header does not.
    let encoded = format!("value={}", text.replace('+', "%2B").replace('&', "%26"));
    let mut pairs = url::form_urlencoded::parse(encoded.as_bytes());
    pairs
        .next()
        .map(|(_, value)| value.into_owned())
        .unwrap_or_default()
}

fn metadata(headers: Vec<(String, String)>) -> anyhow::Result<MetadataMap> {
    let mut metadata = HeaderMap::new();
    for (name, value) in headers {
        let unusable = || format!("the header `{name}` of OTEL_EXPORTER_OTLP_HEADERS is not valid");
        let key = HeaderName::try_from(&name).ok().with_context(unusable)?;
        let value = HeaderValue::try_from(value).ok().with_context(unusable)?;
        metadata.insert(key, value);
    }
    Ok(MetadataMap::from_headers(metadata))
}

#[cfg(test)]
mod tests {
    use clap::Parser;

    use super::*;

    #[derive(Parser)]
    struct Program {
        #[command(flatten)]
        traces: TracesConfig,
    }

    fn config(arguments: &[&str]) -> TracesConfig {
        let arguments = ["program"].iter().chain(arguments);
        Program::parse_from(arguments).traces
    }

    #[test]
    fn spans_go_below_the_general_address_by_http_and_to_the_address_itself_otherwise() {
        let address = |arguments: &[&str]| config(arguments).address().unwrap();
        let general = ["--otel-exporter-otlp-endpoint", "http://a:4318/otlp/"];
        assert_eq!(
            address(&general).as_deref(),
            Some("http://a:4318/otlp/v1/traces")
        );
        let whole = ["--otel-exporter-otlp-traces-endpoint", "http://a/spans"];
        assert_eq!(address(&whole).as_deref(), Some("http://a/spans"));
        let grpc = [
            "--otel-exporter-otlp-endpoint",
            "http://a:4317",
            "--otel-exporter-otlp-protocol",
            "grpc",
        ];
        assert_eq!(address(&grpc).as_deref(), Some("http://a:4317/"));
        assert_eq!(address(&["--otel-exporter-otlp-endpoint", ""]), None);
        let wrong = config(&["--otel-exporter-otlp-endpoint", "a:4318"]).address();
        assert!(
            wrong
                .unwrap_err()
                .to_string()
                .contains("OTEL_EXPORTER_OTLP_ENDPOINT")
        );
    }

    #[test]
    fn headers_are_read_as_the_specification_has_them_and_values_are_never_told() {
        let of = |text: &str| config(&["--otel-exporter-otlp-headers", text]).headers();
        assert_eq!(
            of("Authorization=Basic%20a+b=, x-a=1").unwrap(),
            [
                ("authorization".to_owned(), "Basic a+b=".to_owned()),
                ("x-a".to_owned(), "1".to_owned())
            ]
        );
        let error = of("a=1,secret").unwrap_err().to_string();
        assert!(
            error.contains("entry 2") && !error.contains("secret"),
            "{error}"
        );
        let printed = format!(
            "{:?}",
            config(&["--otel-exporter-otlp-headers", "a=hidden"])
        );
        assert!(!printed.contains("hidden"));
    }
}
