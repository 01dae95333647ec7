//! What can go wrong between us and the API, told apart by what the caller does about it.

use api_types::problem::Problem;
use reqwest::{Response, StatusCode};
use url::Url;

use crate::output::words::one_line;

/// Why the API did not do what it was asked for.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Error {
    /// The request is at fault (4xx).
    #[error("{} (HTTP {})", .0.detail, .0.status)]
    Refused(Box<Problem>),
    /// The API is at fault, or something behind it is away (5xx).
    #[error("{} (HTTP {})", .0.detail, .0.status)]
    Failed(Box<Problem>),
    #[error(
        "the API at {api} does not answer; start one with `ai-evolution dev`, or say with --api where it is"
    )]
    Unreachable {
        api: String,
        #[source]
        source: reqwest::Error,
    },
    #[error("what answers at {api} does not speak as our API does; is the address right?")]
    Strange {
        api: String,
        #[source]
        source: serde_json::Error,
    },
}

impl Error {
    pub(super) fn unreachable(api: &Url, source: reqwest::Error) -> Self {
        Self::Unreachable {
            api: api.to_string(),
            // The address is in our own message already.
            source: source.without_url(),
        }
    }

    pub(crate) fn problem(&self) -> Option<&Problem> {
        match self {
            Self::Refused(problem) | Self::Failed(problem) => Some(problem),
            Self::Unreachable { .. } | Self::Strange { .. } => None,
        }
    }

    /// Whether the request has to change before it can succeed.
    pub(crate) fn is_refused(&self) -> bool {
        matches!(self, Self::Refused(_))
    }

    /// Whether the same request may succeed later.
    pub(crate) fn is_passing(&self) -> bool {
        match self {
            Self::Unreachable { .. } | Self::Failed(_) => true,
            Self::Refused(problem) => problem.status == StatusCode::TOO_MANY_REQUESTS.as_u16(),
            Self::Strange { .. } => false,
        }
    }

    /// Whether the connection broke after it was made, so that the request may or may not have been heard.
    pub(super) fn is_broken_connection(&self) -> bool {
        match self {
            Self::Unreachable { source, .. } => !source.is_connect() && !source.is_timeout(),
            _ => false,
        }
    }
}

/// The answer when it is a good one, and otherwise the problem that it tells of.
pub(super) async fn of_status(
    api: &Url,
    answer: Result<Response, reqwest::Error>,
) -> Result<Response, Error> {
    let answer = answer.map_err(|source| Error::unreachable(api, source))?;
    let status = answer.status();
    if status.is_success() {
        return Ok(answer);
    }
    let body = answer
        .text()
        .await
        .map_err(|source| Error::unreachable(api, source))?;
    let problem = Box::new(problem(status, &body));
    match status.is_client_error() {
        true => Err(Error::Refused(problem)),
        false => Err(Error::Failed(problem)),
    }
}

/// The problem that a body tells of. A proxy between us and the API answers in formats of its own.
fn problem(status: StatusCode, body: &str) -> Problem {
    serde_json::from_str(body).unwrap_or_else(|_| Problem {
        kind: "about:blank".to_owned(),
        title: status.canonical_reason().unwrap_or("unknown").to_owned(),
        status: status.as_u16(),
        code: "unknown".to_owned(),
        detail: match body.trim() {
            "" => "the answer says nothing more".to_owned(),
            text => one_line(text, 200),
        },
        errors: Vec::new(),
        request_id: None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answer_that_is_no_problem_document_is_shown_as_it_is() {
        let problem = problem(StatusCode::BAD_GATEWAY, "<h1>\n502 Bad Gateway</h1>");
        assert_eq!(problem.detail, "<h1> 502 Bad Gateway</h1>");
        assert_eq!(problem.status, 502);
    }

    #[test]
    fn too_many_requests_pass_and_other_refusals_do_not() {
        let refused = |status| Error::Refused(Box::new(problem(status, "")));
        assert!(refused(StatusCode::TOO_MANY_REQUESTS).is_passing());
        assert!(!refused(StatusCode::NOT_FOUND).is_passing());
    }
}
