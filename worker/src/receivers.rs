//! Receivers of results beside the artifact store: webhooks by name, and Langfuse. Addresses and secrets are the
//! operator's; an experiment only names where its results are to go.

pub mod langfuse;
pub(crate) mod trial;
pub mod webhooks;

use std::time::Duration;

use anyhow::Context as _;
use reqwest::redirect::Policy;
use reqwest::{RequestBuilder, Response, StatusCode};

use self::langfuse::Langfuse;
use self::webhooks::Webhooks;

const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);
const ANSWER_TIMEOUT: Duration = Duration::from_secs(20);

/// Characters of a receiver's answer that are told.
const LONGEST_ANSWER: usize = 200;

/// Whoever may be told of results, and the client to tell them by.
pub struct Receivers {
    pub(crate) http: reqwest::Client,
    pub(crate) webhooks: Webhooks,
    pub(crate) langfuse: Option<Langfuse>,
}

/// Why a receiver was not told.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Error {
    #[error("{0}")]
    NotSetUp(String),
    #[error("no answer: {0}")]
    NoAnswer(String),
    #[error("the answer is {status}: {said}")]
    Refused { status: StatusCode, said: String },
}

impl Receivers {
    /// Requests go to the addresses that the operator wrote down and nowhere else: redirections are not followed.
    pub fn new(webhooks: Webhooks, langfuse: Option<Langfuse>) -> anyhow::Result<Self> {
        let http = reqwest::Client::builder()
            .connect_timeout(CONNECT_TIMEOUT)
            .timeout(ANSWER_TIMEOUT)
            .redirect(Policy::none())
            .user_agent(concat!("ai-evolution/", env!("CARGO_PKG_VERSION")))
            .build()
            .context("no HTTP client can be made")?;
        Ok(Self {
            http,
            webhooks,
            langfuse,
        })
    }
}

#[cfg(test)]
impl Receivers {
    pub(crate) fn nobody() -> Self {
        Self::new(Webhooks::default(), None).expect("a client can be made")
    }
}

impl Error {
    /// Whether the same request may be answered otherwise later.
    pub(crate) fn is_retryable(&self) -> bool {
        match self {
            Self::NotSetUp(_) => false,
            Self::NoAnswer(_) => true,
            Self::Refused { status, .. } => {
                status.is_server_error() || matches!(status.as_u16(), 408 | 409 | 425 | 429)
            }
        }
    }
}

/// Sends a request whose answer must be a success.
pub(crate) async fn send(request: RequestBuilder) -> Result<Response, Error> {
    // The address may hold a token in its path or query, so it is not told.
    let silent = |error: reqwest::Error| Error::NoAnswer(told(&error.without_url()));
    let response = request.send().await.map_err(silent)?;
    let status = response.status();
    if status.is_success() {
        return Ok(response);
    }
    let said = response.text().await.unwrap_or_default();
    let said = said.chars().map(|c| if c.is_control() { ' ' } else { c });
    let said: String = said.take(LONGEST_ANSWER).collect();
    Err(Error::Refused { status, said })
}

/// An error with what caused it.
fn told(error: &reqwest::Error) -> String {
    let mut text = error.to_string();
    let mut cause = std::error::Error::source(error);
    while let Some(error) = cause {
        text += &format!(": {error}");
        cause = error.source();
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_may_pass_is_tried_again_and_what_is_gone_is_not() {
        let refused = |status: u16| Error::Refused {
            status: StatusCode::from_u16(status).unwrap(),
            said: String::new(),
        };
        for status in [408, 429, 500, 502, 503, 504] {
            assert!(refused(status).is_retryable(), "{status}");
        }
        for status in [301, 302, 400, 401, 403, 404, 410, 422] {
            assert!(!refused(status).is_retryable(), "{status}");
        }
    }
}
