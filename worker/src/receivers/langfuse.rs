//! Where Langfuse is, and the keys of the project that is told.

use clap::Args;
use reqwest::RequestBuilder;
use secrecy::{ExposeSecret, SecretString};
use url::Url;

/// Where the work of activities, calls and scores is shown; all three or none.
#[derive(Clone, Debug, Default, Args)]
pub struct LangfuseConfig {
    /// The address of Langfuse, which is told of all work, such as `https://cloud.langfuse.com`
    #[arg(long, env = "LANGFUSE_HOST", requires_all = ["langfuse_public_key", "langfuse_secret_key"])]
    pub langfuse_host: Option<Url>,
    /// The public key of the Langfuse project.
    #[arg(long, env = "LANGFUSE_PUBLIC_KEY", hide_env_values = true)]
    pub langfuse_public_key: Option<String>,
    /// The secret key of the Langfuse project.
    #[arg(long, env = "LANGFUSE_SECRET_KEY", hide_env_values = true)]
    pub langfuse_secret_key: Option<SecretString>,
}

/// A project of a Langfuse.
#[derive(Clone, Debug)]
pub struct Langfuse {
    ingestion: Url,
    traces: Url,
    public_key: String,
    secret_key: SecretString,
}

impl Langfuse {
    /// None when no address is given, for then nobody is to be told.
    pub fn new(config: LangfuseConfig) -> anyhow::Result<Option<Self>> {
        let (Some(mut host), Some(public_key), Some(secret_key)) = (
            config.langfuse_host,
            config.langfuse_public_key,
            config.langfuse_secret_key,
        ) else {
            return Ok(None);
        };
        anyhow::ensure!(
            matches!(host.scheme(), "http" | "https"),
            "LANGFUSE_HOST begins with neither `http://` nor `https://`"
        );
        // What follows the last slash would be lost when the path is joined to it.
        if !host.path().ends_with('/') {
            host.set_path(&format!("{}/", host.path()));
        }
        Ok(Some(Self {
            ingestion: host.join("api/public/ingestion")?,
            traces: host.join("api/public/otel/v1/traces")?,
            public_key,
            secret_key,
        }))
    }

    /// A request that hands events in.
    pub(crate) fn ingest(&self, http: &reqwest::Client) -> RequestBuilder {
        self.signed(http.post(self.ingestion.clone()))
    }

    /// A request that hands spans in, as protobuf.
    pub(crate) fn trace(&self, http: &reqwest::Client) -> RequestBuilder {
        self.signed(http.post(self.traces.clone()))
            .header("content-type", "application/x-protobuf")
            .header("x-langfuse-ingestion-version", "4")
    }

    fn signed(&self, request: RequestBuilder) -> RequestBuilder {
        let secret = self.secret_key.expose_secret();
        request.basic_auth(&self.public_key, Some(secret))
    }
}
