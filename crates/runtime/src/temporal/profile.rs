//! What Temporal's own variables (`TEMPORAL_*`) and its file of profiles say, with the files that they name.

use anyhow::{Context, bail};
use temporalio_client::envconfig::{DataSource, LoadClientConfigProfileOptions};
use temporalio_client::{ClientOptions, ConnectionOptions};
use temporalio_common::envconfig::{ConfigError, load_client_config_profile};

/// Where a namespace is not named.
const DEFAULT_NAMESPACE: &str = "default";

/// Reads the variables, the profile, and the certificates as they are now. Blocks, for as long as small files take.
pub(super) fn load() -> anyhow::Result<(ConnectionOptions, ClientOptions)> {
    let options = LoadClientConfigProfileOptions::default();
    let mut profile = load_client_config_profile(options, None).map_err(invalid)?;
    if let Some(tls) = &mut profile.tls {
        // The client would not heed it, and whoever asks for it would never learn why nothing connects.
        if tls.disable_host_verification {
            bail!(
                "TEMPORAL_TLS_DISABLE_HOST_VERIFICATION cannot be had: give the authority that signed the server's certificate \
                 (TEMPORAL_TLS_SERVER_CA_CERT_PATH), and the name in it (TEMPORAL_TLS_SERVER_NAME) if it is not that of the address"
            );
        }
        read(&mut tls.client_cert, "the client's certificate")?;
        read(&mut tls.client_key, "the key of the client's certificate")?;
        read(&mut tls.server_ca_cert, "the server's authority")?;
    }
    let namespace = profile.namespace.clone();
    let namespace = namespace.unwrap_or_else(|| DEFAULT_NAMESPACE.to_owned());
    let connection = ConnectionOptions::try_from(profile).map_err(invalid)?;
    Ok((connection, ClientOptions::new(namespace).build()))
}

fn invalid(error: ConfigError) -> anyhow::Error {
    anyhow::anyhow!("the configuration of Temporal is not valid: {error}")
}

/// Puts the content of a file in its place.
fn read(source: &mut Option<DataSource>, what: &str) -> anyhow::Result<()> {
    if let Some(DataSource::Path(path)) = source {
        let content = std::fs::read(&*path)
            .with_context(|| format!("{what}, `{path}`, cannot be read (TEMPORAL_TLS_*)"))?;
        *source = Some(DataSource::Data(content));
    }
    Ok(())
}

/// By what we know the server and it knows us. It does not print.
#[derive(PartialEq, Eq)]
pub(super) struct Credentials {
    api_key: Option<String>,
    authority: Option<Vec<u8>>,
    /// The certificate and its key.
    client: Option<(Vec<u8>, Vec<u8>)>,
}

impl Credentials {
    pub(super) fn of(options: &ConnectionOptions) -> Self {
        let tls = options.tls_options.as_ref();
        let client = tls.and_then(|tls| tls.client_tls_options.as_ref());
        Self {
            api_key: options.api_key.clone(),
            authority: tls.and_then(|tls| tls.server_root_ca_cert.clone()),
            client: client.map(|client| {
                let key = client.client_private_key.clone();
                (client.client_cert.clone(), key)
            }),
        }
    }

    /// Whether there is anything that could change.
    pub(super) fn are_any(&self) -> bool {
        self.api_key.is_some() || self.authority.is_some() || self.client.is_some()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_that_is_not_there_is_named() {
        let mut source = Some(DataSource::Path("/nowhere/tls.pem".to_owned()));
        let error = read(&mut source, "the client's certificate").unwrap_err();
        let error = format!("{error:#}");
        assert!(
            error.contains("the client's certificate, `/nowhere/tls.pem`"),
            "{error}"
        );
        assert!(error.contains("TEMPORAL_TLS_"), "{error}");
    }

    #[test]
    fn another_certificate_or_key_is_seen() {
        let options = |content: &str| {
            let tls = temporalio_client::TlsOptions::builder()
                .server_root_ca_cert(content.as_bytes().to_vec())
                .build();
            let target = url::Url::parse("https://localhost:7233").unwrap();
            let options = ConnectionOptions::new(target).tls_options(tls);
            Credentials::of(&options.build())
        };
        assert!(options("one") == options("one"));
        assert!(options("one") != options("two"));
        assert!(options("one").are_any());
    }
}
