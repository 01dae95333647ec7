//! Files at addresses: fetched into a temporary file, from hosts and buckets that the operator allows.

mod hosts;

use std::error::Error;
use std::fs::File;
use std::io::{Seek, SeekFrom};
use std::time::Duration;

use artifacts::buckets::{self, Buckets};
use bytes::Bytes;
use bytesize::ByteSize;
use reqwest::StatusCode;
use reqwest::header::{ACCEPT_ENCODING, ETAG};
use reqwest::redirect::{Attempt, Policy};
use sha2::{Digest, Sha256};
use tokio::io::AsyncWriteExt;
use url::Url;

pub(crate) use self::hosts::AllowedHost;
use self::hosts::{Hosts, Refused};
use crate::failure::Failure;

/// How long it may take to be connected, and how long nothing may come.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);
const READ_TIMEOUT: Duration = Duration::from_secs(30);

/// How often an address may lead on to another.
const MOST_REDIRECTS: usize = 5;

/// The ways to files at addresses.
pub(crate) struct Remote {
    hosts: Hosts,
    client: reqwest::Client,
    /// The names of the buckets that may be read from.
    allowed: Vec<String>,
    buckets: Buckets,
}

impl Remote {
    pub(crate) fn new(
        hosts: Vec<AllowedHost>,
        allowed: Vec<String>,
        buckets: Buckets,
    ) -> reqwest::Result<Self> {
        let hosts = Hosts(hosts.into());
        let on_the_way = hosts.clone();
        // Through a proxy, addresses could not be checked.
        let client = reqwest::Client::builder()
            .no_proxy()
            .dns_resolver(hosts.clone())
            .redirect(Policy::custom(move |attempt| lead_on(attempt, &on_the_way)))
            .connect_timeout(CONNECT_TIMEOUT)
            .read_timeout(READ_TIMEOUT)
            .user_agent(concat!("ai-evolution/", env!("CARGO_PKG_VERSION")))
            .build()?;
        Ok(Self {
            hosts,
            client,
            allowed,
            buckets,
        })
    }

    /// Fetches the file at an address, if it is not larger than `most`.
    pub(crate) async fn fetch(&self, url: &Url, most: ByteSize) -> Result<File, Failure> {
        let mut body = match url.scheme() {
            "s3" => Body::Object(self.object(url).await?),
            _ => Body::Http(self.response(url).await?),
        };
        let size = body.size();
        if size.is_some_and(|size| size > most.as_u64()) {
            return Err(too_large(most));
        }
        let file = tempfile::tempfile().map_err(Failure::Disk)?;
        let mut file = tokio::fs::File::from_std(file);
        let (mut hash, mut bytes) = (Sha256::new(), 0);
        while let Some(part) = body.part().await? {
            bytes += part.len() as u64;
            if bytes > most.as_u64() {
                return Err(too_large(most));
            }
            hash.update(&part);
            file.write_all(&part).await.map_err(Failure::Disk)?;
        }
        file.flush().await.map_err(Failure::Disk)?;
        let mut file = file.into_std().await;
        file.seek(SeekFrom::Start(0)).map_err(Failure::Disk)?;
        tracing::info!(
            dataset.host = url.host_str(),
            dataset.path = url.path(),
            dataset.etag = body.etag(),
            dataset.sha256 = hex::encode(hash.finalize()),
            dataset.bytes = bytes,
            "a dataset was fetched"
        );
        Ok(file)
    }

    async fn response(&self, url: &Url) -> Result<reqwest::Response, Failure> {
        self.hosts.check(url).map_err(refused)?;
        let request = self.client.get(url.clone());
        let sent = request.header(ACCEPT_ENCODING, "identity").send().await;
        let response = sent.map_err(broken)?;
        let host = response.url().host_str().unwrap_or_default();
        match response.status() {
            StatusCode::OK => Ok(response),
            status
                if status.is_server_error()
                    || [StatusCode::REQUEST_TIMEOUT, StatusCode::TOO_MANY_REQUESTS]
                        .contains(&status) =>
            {
                Err(Failure::Unreachable(format!("`{host}` answers {status}")))
            }
            status => Err(Failure::Dataset(format!("`{host}` answers {status}"))),
        }
    }

    async fn object(&self, url: &Url) -> Result<buckets::Object, Failure> {
        let bucket = url.host_str().unwrap_or_default();
        if !self.allowed.iter().any(|allowed| allowed == bucket) {
            let message = format!("the workers may not read datasets from the bucket `{bucket}`");
            return Err(Failure::Dataset(message));
        }
        self.buckets.open(url).await.map_err(of_bucket)
    }
}

/// What comes from an address.
enum Body {
    Http(reqwest::Response),
    Object(buckets::Object),
}

impl Body {
    /// Bytes to come, when they are known.
    fn size(&self) -> Option<u64> {
        match self {
            Self::Http(response) => response.content_length(),
            Self::Object(object) => Some(object.size()),
        }
    }

    fn etag(&self) -> Option<&str> {
        match self {
            Self::Http(response) => response.headers().get(ETAG)?.to_str().ok(),
            Self::Object(object) => object.etag(),
        }
    }

    async fn part(&mut self) -> Result<Option<Bytes>, Failure> {
        match self {
            Self::Http(response) => response.chunk().await.map_err(broken),
            Self::Object(object) => object.part().await.map_err(of_bucket),
        }
    }
}

/// Goes on to allowed hosts only, and not without the protection that there was.
fn lead_on(attempt: Attempt<'_>, hosts: &Hosts) -> reqwest::redirect::Action {
    let url = attempt.url();
    let host = url.host_str().unwrap_or_default().to_owned();
    let before = attempt.previous();
    let was_protected = before
        .last()
        .is_some_and(|before| before.scheme() == "https");
    let refused = if before.len() > MOST_REDIRECTS {
        Some(Refused::TooFar(host))
    } else if was_protected && url.scheme() != "https" {
        Some(Refused::Unprotected(host))
    } else {
        hosts.check(url).err()
    };
    match refused {
        Some(refused) => attempt.error(refused),
        None => attempt.follow(),
    }
}

fn refused(refused: Refused) -> Failure {
    Failure::Dataset(refused.to_string())
}

/// A request that was not answered to its end: because we refuse to go there, or for a reason that may pass. The address is
/// left out of the message, for it may have a secret in its query.
fn broken(error: reqwest::Error) -> Failure {
    let error = error.without_url();
    let mut reasons = vec![error.to_string()];
    let mut source = error.source();
    while let Some(reason) = source {
        if let Some(refused) = reason.downcast_ref::<Refused>() {
            return Failure::Dataset(refused.to_string());
        }
        reasons.push(reason.to_string());
        source = reason.source();
    }
    reasons.dedup();
    Failure::Unreachable(reasons.join(": "))
}

fn of_bucket(error: buckets::Error) -> Failure {
    match error {
        buckets::Error::Refused(reason) => Failure::Dataset(reason),
        buckets::Error::Unavailable(_) => Failure::Unreachable(error.to_string()),
    }
}

fn too_large(most: ByteSize) -> Failure {
    Failure::Dataset(format!(
        "it has more than {most}, the most that this worker reads"
    ))
}
