//! Where the keys of tokens come from: the issuer itself, by OpenID Connect Discovery 1.0, or a file.
//!
//! The issuer is asked at the start, now and then, and when a token names a key that is not known; but never more often
//! than every few seconds, whatever tokens come in. Keys that are known hold while it is away.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context, ensure};
use jsonwebtoken::{Algorithm, DecodingKey};
use reqwest::redirect::Policy;
use reqwest::{Client, Url};
use serde::Deserialize;
use tokio::sync::{Notify, watch};
use tokio::time::{Instant, sleep, sleep_until, timeout};
use tokio_util::sync::CancellationToken;

use super::file;
use super::key_set::KeySet;
use crate::error::ApiError;

/// The least time between two questions to the issuer.
const FLOOR: Duration = Duration::from_secs(5);

/// The most time between them: a key that the issuer has withdrawn is not good for longer.
const REFRESH_EVERY: Duration = Duration::from_secs(600);

/// How long a request waits for the issuer.
const PATIENCE: Duration = Duration::from_secs(3);

/// How long one question may take.
const LONGEST_QUESTION: Duration = Duration::from_secs(5);

/// The most bytes of an answer.
const LARGEST_ANSWER: usize = 1 << 20;

/// The source of keys.
pub(super) enum Issuer {
    File(watch::Receiver<KeySet>),
    Remote {
        known: watch::Receiver<Known>,
        wanted: Arc<Notify>,
    },
}

/// What is known of an issuer that is asked.
#[derive(Debug)]
pub(super) struct Known {
    /// None until it has answered.
    keys: Option<KeySet>,
    /// When it may be asked again.
    next: Instant,
}

/// The document that is found at `/.well-known/openid-configuration`, as far as it is needed.
#[derive(Deserialize)]
struct Discovery {
    issuer: String,
    jwks_uri: Url,
}

impl Issuer {
    /// Keys of a file, which may be changed while the service runs.
    pub(super) async fn file(path: PathBuf, stop: CancellationToken) -> anyhow::Result<Self> {
        let keys = file::follow(path, "the keys of tokens", KeySet::parse, stop);
        Ok(Self::File(keys.await?))
    }

    /// Asks the issuer in the background, until `stop`.
    pub(super) fn remote(
        issuer: Url,
        name: String,
        stop: CancellationToken,
    ) -> anyhow::Result<Self> {
        ensure!(
            is_safe(&issuer),
            "the issuer {issuer} cannot be trusted: its address must begin with https://"
        );
        let http = Client::builder()
            .user_agent(concat!("ai-evolution/", env!("CARGO_PKG_VERSION")))
            .timeout(LONGEST_QUESTION)
            .redirect(Policy::none())
            .build()?;
        let (sender, known) = watch::channel(Known {
            keys: None,
            next: Instant::now(),
        });
        let wanted = Arc::new(Notify::new());
        let asking = ask_on(http, name, sender, Arc::clone(&wanted));
        tokio::spawn(async move { stop.run_until_cancelled(asking).await });
        Ok(Self::Remote { known, wanted })
    }

    /// The keys that may have signed a token with this header; [`ApiError::Unavailable`] until the issuer has answered.
    pub(super) async fn fitting(
        &self,
        id: Option<&str>,
        algorithm: Algorithm,
    ) -> Result<Vec<DecodingKey>, ApiError> {
        let (known, wanted) = match self {
            Self::File(keys) => return Ok(keys.borrow().fitting(id, algorithm)),
            Self::Remote { known, wanted } => (known, wanted),
        };
        let fitting = |known: &Known| {
            let keys = known.keys.as_ref()?;
            Some(keys.fitting(id, algorithm))
        };
        let mut news = known.clone();
        let (found, may_ask) = {
            let known = news.borrow_and_update();
            (fitting(&known), known.next <= Instant::now())
        };
        if let Some(keys) = &found
            && (!keys.is_empty() || !may_ask)
        {
            return Ok(keys.clone());
        }
        if may_ask {
            wanted.notify_one();
            let _ = timeout(PATIENCE, news.changed()).await;
        }
        fitting(&news.borrow()).ok_or_else(|| ApiError::Unavailable {
            dependency: "the issuer of tokens",
            source: "its keys are not known yet".into(),
        })
    }
}

/// Asks again and again, and whenever that is wanted.
async fn ask_on(http: Client, issuer: String, sender: watch::Sender<Known>, wanted: Arc<Notify>) {
    loop {
        let answer = ask(&http, &issuer).await;
        let next = Instant::now() + FLOOR;
        let pause = match &answer {
            Ok(_) => REFRESH_EVERY,
            Err(error) => {
                let error = format!("{error:#}");
                tracing::warn!(error, issuer, "the issuer of tokens tells no keys");
                FLOOR
            }
        };
        sender.send_modify(|known| {
            known.next = next;
            if let Ok(keys) = answer {
                tracing::debug!(?keys, "the keys of the issuer");
                known.keys = Some(keys);
            }
        });
        tokio::select! {
            () = sleep(pause) => {}
            () = wanted.notified() => sleep_until(next).await,
        }
    }
}

async fn ask(http: &Client, issuer: &str) -> anyhow::Result<KeySet> {
    let address = format!(
        "{}/.well-known/openid-configuration",
        issuer.trim_end_matches('/')
    );
    let discovery = read(http, address.parse()?).await?;
    let discovery: Discovery = serde_json::from_str(&discovery)
        .with_context(|| format!("{address} holds no discovery document"))?;
    ensure!(
        discovery.issuer == issuer,
        "{address} is that of another issuer"
    );
    ensure!(
        is_safe(&discovery.jwks_uri),
        "the address of its keys must begin with https://"
    );
    KeySet::parse(&read(http, discovery.jwks_uri).await?)
}

async fn read(http: &Client, address: Url) -> anyhow::Result<String> {
    let mut response = http.get(address).send().await?.error_for_status()?;
    ensure!(response.status().is_success(), "it leads elsewhere");
    let mut bytes = Vec::new();
    while let Some(more) = response.chunk().await? {
        bytes.extend_from_slice(&more);
        ensure!(bytes.len() <= LARGEST_ANSWER, "the answer is too large");
    }
    Ok(String::from_utf8(bytes)?)
}

/// Whether nobody on the way can change what is read there.
fn is_safe(address: &Url) -> bool {
    let is_here = match address.host() {
        Some(url::Host::Ipv4(ip)) => ip.is_loopback(),
        Some(url::Host::Ipv6(ip)) => ip.is_loopback(),
        Some(url::Host::Domain(name)) => name == "localhost",
        None => false,
    };
    address.scheme() == "https" || (address.scheme() == "http" && is_here)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_are_read_over_tls_or_on_this_machine() {
        for (address, expected) in [
            ("https://login.example", true),
            ("http://login.example", false),
            ("http://127.0.0.1:8080/realm", true),
            ("http://[::1]/", true),
            ("http://localhost:8080", true),
            ("http://localhost.example", false),
            ("file:///keys.json", false),
        ] {
            assert_eq!(is_safe(&address.parse().unwrap()), expected, "{address}");
        }
    }
}
