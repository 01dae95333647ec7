//! Failures as clients see them: the one place where an HTTP status is chosen.
//!
//! Every failure becomes a problem document (RFC 9457) with a stable code. What the log should know besides travels
//! in the response's extensions; the request log writes it, once.

use std::time::Duration;

use api_types::problem::Problem;
use axum::body::Body;
use axum::http::{HeaderName, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use domain::fault::Fault;

use crate::auth::whole_seconds;

pub(crate) type BoxError = Box<dyn std::error::Error + Send + Sync>;

/// How long a client should wait before it asks again.
pub(crate) const RETRY_AFTER_SECONDS: u32 = 1;

/// What can go wrong with a request.
#[derive(Debug, thiserror::Error)]
pub enum ApiError {
    #[error("the body is not JSON: {0}")]
    Malformed(String),
    #[error("the request is not HTTP/1.1 that can be read")]
    NotHttp,
    #[error(
        "the line and the headers of the request have more than {0} bytes, or there are more than 100 headers"
    )]
    HeadTooLarge(usize),
    #[error(
        "the page token is not one that this list has given; tokens are good for the same filters only, so begin without one"
    )]
    BadPageToken,
    #[error(
        "this service is open to callers that it knows: send `authorization: Bearer …` with an API key, or a token, that is valid"
    )]
    Unauthenticated,
    #[error(
        "the token is not one that this service takes: its issuer must have signed it, for this service, and it must be valid now"
    )]
    BadToken(#[source] BoxError),
    #[error("`{0}` may only read")]
    Forbidden(String),
    #[error("`{0}` has no role, or no tenant, in this service")]
    NoRole(String),
    #[error("too many requests; wait {} s", whole_seconds(*.0))]
    TooManyRequests(Duration),
    #[error("there is no {what} `{id}`")]
    NotFound { what: &'static str, id: String },
    #[error("nothing is here; `/docs` shows what there is")]
    NoRoute,
    #[error("this path does not know that method; the header `allow` names those it knows")]
    MethodNotAllowed,
    #[error("the id `{0}` is taken; choose another one, or send none")]
    Conflict(String),
    #[error(
        "the experiment `{0}` has ended; `retry`, `rescore` or `emit` begins another round of it"
    )]
    Ended(String),
    #[error("the experiment `{0}` has not ended; wait for its end or cancel it")]
    Running(String),
    #[error("the experiment `{id}` cannot begin another round: {reason}")]
    NotRepeatable { id: String, reason: &'static str },
    #[error(
        "the idempotency key has been used for another request; give every experiment a key of its own"
    )]
    KeyReused,
    #[error(
        "the body is larger than {0} bytes; large datasets belong into a file of the workers' dataset folder"
    )]
    TooLarge(usize),
    #[error("nothing of the body came for a while; send it again")]
    Stalled,
    #[error("the service has as many requests in work as it takes; try again")]
    Busy,
    #[error("the file is there up to byte {0}: the next part begins there")]
    WrongOffset(u64),
    #[error(
        "the content of the file has another SHA-256 than was announced; upload it again from its beginning"
    )]
    ContentMismatch,
    #[error(
        "results can be had as `application/json`, `application/x-ndjson`, `application/jsonl`, `text/csv` and `application/vnd.apache.parquet`"
    )]
    NotAcceptable,
    #[error("the body must be JSON: send it with `content-type: application/json`")]
    UnsupportedMediaType,
    #[error(
        "Temporal cannot be asked for that: its search attribute `{0}` is not registered; `ai-evolution setup`, or `ai-evolution-api setup`, registers it"
    )]
    NotSetUp(&'static str),
    #[error("the input has {}", count(.0))]
    Invalid(Vec<Fault>),
    #[error("{dependency} cannot be reached; try again")]
    Unavailable {
        dependency: &'static str,
        #[source]
        source: BoxError,
    },
    #[error("the request took too long")]
    Timeout,
    #[error("something went wrong here; the log knows more under the request's id")]
    Internal(#[source] BoxError),
}

impl ApiError {
    pub(crate) fn not_found(what: &'static str, id: impl ToString) -> Self {
        Self::NotFound {
            what,
            id: id.to_string(),
        }
    }

    /// Why a token is not taken is for the log.
    pub(crate) fn bad_token(why: impl Into<BoxError>) -> Self {
        Self::BadToken(why.into())
    }

    /// One fault, such as that of a query parameter.
    pub(crate) fn invalid(pointer: impl Into<String>, message: impl Into<String>) -> Self {
        Self::Invalid(vec![Fault::new(pointer, message)])
    }

    /// Refuses an input that has faults.
    pub(crate) fn check(faults: Vec<Fault>) -> Result<(), Self> {
        match faults.is_empty() {
            true => Ok(()),
            false => Err(Self::Invalid(faults)),
        }
    }

    pub(crate) fn temporal(source: impl Into<BoxError>) -> Self {
        Self::Unavailable {
            dependency: "Temporal",
            source: source.into(),
        }
    }

    /// The same failure for another request that has come upon it.
    pub(crate) fn again(&self) -> Self {
        match self {
            Self::NotFound { what, id } => Self::not_found(what, id),
            Self::Unavailable { dependency, source } => Self::Unavailable {
                dependency,
                source: source.to_string().into(),
            },
            other => Self::internal(other.to_string()),
        }
    }

    pub(crate) fn internal(source: impl Into<BoxError>) -> Self {
        Self::Internal(source.into())
    }

    /// What to do about it, in a header.
    fn advice(&self) -> Option<(HeaderName, HeaderValue)> {
        match self {
            Self::Unauthenticated => Some((
                header::WWW_AUTHENTICATE,
                HeaderValue::from_static("Bearer realm=\"ai-evolution\""),
            )),
            // RFC 6750, section 3.1.
            Self::BadToken(_) => Some((
                header::WWW_AUTHENTICATE,
                HeaderValue::from_static("Bearer realm=\"ai-evolution\", error=\"invalid_token\""),
            )),
            Self::TooManyRequests(wait) => {
                Some((header::RETRY_AFTER, HeaderValue::from(whole_seconds(*wait))))
            }
            _ => None,
        }
    }

    fn status_and_code(&self) -> (StatusCode, &'static str, &'static str) {
        match self {
            Self::Malformed(_) | Self::NotHttp => {
                (StatusCode::BAD_REQUEST, "malformed", "Malformed request")
            }
            Self::HeadTooLarge(_) => (
                StatusCode::REQUEST_HEADER_FIELDS_TOO_LARGE,
                "headers_too_large",
                "Headers too large",
            ),
            Self::BadPageToken => (StatusCode::BAD_REQUEST, "bad_page_token", "Bad page token"),
            Self::Unauthenticated | Self::BadToken(_) => (
                StatusCode::UNAUTHORIZED,
                "unauthenticated",
                "Not authenticated",
            ),
            Self::Forbidden(_) | Self::NoRole(_) => {
                (StatusCode::FORBIDDEN, "forbidden", "Not allowed")
            }
            Self::TooManyRequests(_) => (
                StatusCode::TOO_MANY_REQUESTS,
                "too_many_requests",
                "Too many requests",
            ),
            Self::NotFound { .. } | Self::NoRoute => {
                (StatusCode::NOT_FOUND, "not_found", "Not found")
            }
            Self::MethodNotAllowed => (
                StatusCode::METHOD_NOT_ALLOWED,
                "method_not_allowed",
                "Method not allowed",
            ),
            Self::Conflict(_) => (StatusCode::CONFLICT, "conflict", "Id is taken"),
            Self::Ended(_) => (StatusCode::CONFLICT, "ended", "Has ended"),
            Self::Running(_) => (StatusCode::CONFLICT, "running", "Has not ended"),
            Self::NotRepeatable { .. } => {
                (StatusCode::CONFLICT, "not_repeatable", "No further round")
            }
            Self::NotSetUp(_) => (StatusCode::CONFLICT, "not_set_up", "Not set up"),
            Self::WrongOffset(_) => (StatusCode::CONFLICT, "wrong_offset", "Wrong offset"),
            Self::ContentMismatch => (
                StatusCode::UNPROCESSABLE_ENTITY,
                "content_mismatch",
                "Not the announced content",
            ),
            Self::Stalled => (StatusCode::REQUEST_TIMEOUT, "stalled", "Body did not come"),
            Self::Busy => (StatusCode::SERVICE_UNAVAILABLE, "busy", "Too busy"),
            Self::TooLarge(_) => (StatusCode::PAYLOAD_TOO_LARGE, "too_large", "Body too large"),
            Self::UnsupportedMediaType => (
                StatusCode::UNSUPPORTED_MEDIA_TYPE,
                "unsupported_media_type",
                "Not JSON",
            ),
            Self::NotAcceptable => (
                StatusCode::NOT_ACCEPTABLE,
                "not_acceptable",
                "Not in that form",
            ),
            Self::KeyReused => (
                StatusCode::UNPROCESSABLE_ENTITY,
                "key_reused",
                "Idempotency key reused",
            ),
            Self::Invalid(_) => (StatusCode::UNPROCESSABLE_ENTITY, "invalid", "Invalid input"),
            Self::Unavailable { .. } => (
                StatusCode::SERVICE_UNAVAILABLE,
                "unavailable",
                "Temporarily unavailable",
            ),
            Self::Timeout => (StatusCode::SERVICE_UNAVAILABLE, "timeout", "Took too long"),
            Self::Internal(_) => (
                StatusCode::INTERNAL_SERVER_ERROR,
                "internal",
                "Internal error",
            ),
        }
    }
}

fn count(faults: &[Fault]) -> String {
    match faults.len() {
        1 => "a fault".to_owned(),
        faults => format!("{faults} faults"),
    }
}

impl From<artifacts::Error> for ApiError {
    fn from(error: artifacts::Error) -> Self {
        match error.is_retryable() {
            true => Self::Unavailable {
                dependency: "the artifact store",
                source: error.into(),
            },
            false => Self::internal(error),
        }
    }
}

/// A failure on its way out: what the client is told, and what the log is told.
#[derive(Clone, Debug)]
pub(crate) struct Failure {
    pub(crate) problem: Problem,
    /// The causes that the client is not told.
    pub(crate) causes: String,
}

impl IntoResponse for ApiError {
    fn into_response(self) -> Response {
        let (status, code, title) = self.status_and_code();
        let causes = causes(&self);
        let detail = self.to_string();
        let advice = self.advice();
        let errors = match self {
            Self::Invalid(faults) => faults,
            _ => Vec::new(),
        };
        let problem = Problem {
            kind: format!("/problems/{code}"),
            title: title.to_owned(),
            status: status.as_u16(),
            code: code.to_owned(),
            detail,
            errors,
            request_id: None,
        };
        let mut response = render(&problem);
        response.headers_mut().extend(advice);
        response
            .extensions_mut()
            .insert(Failure { problem, causes });
        response
    }
}

/// The response that carries a problem document.
pub(crate) fn render(problem: &Problem) -> Response {
    let body = serde_json::to_vec(problem).expect("a problem is JSON");
    let mut response = Response::new(Body::from(body));
    *response.status_mut() =
        StatusCode::from_u16(problem.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    let headers = response.headers_mut();
    headers.insert(
        header::CONTENT_TYPE,
        HeaderValue::from_static("application/problem+json"),
    );
    if problem.status == StatusCode::SERVICE_UNAVAILABLE {
        headers.insert(header::RETRY_AFTER, HeaderValue::from(RETRY_AFTER_SECONDS));
    }
    response
}

fn causes(error: &ApiError) -> String {
    let mut causes = Vec::new();
    let mut next = std::error::Error::source(error);
    while let Some(cause) = next {
        causes.push(cause.to_string());
        next = cause.source();
    }
    causes.join(": ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_internal_error_keeps_its_cause_to_the_log() {
        let response = ApiError::internal("the secret is out").into_response();
        let failure = response.extensions().get::<Failure>().unwrap();
        assert_eq!(failure.problem.status, 500);
        assert_eq!(failure.causes, "the secret is out");
        let told = serde_json::to_string(&failure.problem).unwrap();
        assert!(!told.contains("secret"), "{told}");
    }

    #[test]
    fn what_is_away_is_worth_another_try() {
        let response = ApiError::temporal("refused").into_response();
        assert_eq!(response.status(), StatusCode::SERVICE_UNAVAILABLE);
        assert_eq!(response.headers()[header::RETRY_AFTER], "1");
    }

    /// The statuses and codes that `status_and_code` chooses, as its source has them.
    fn chosen() -> Vec<(String, String)> {
        let source = include_str!("error.rs");
        let (_, chooser) = source.split_once("fn status_and_code").unwrap();
        let (chooser, _) = chooser.split_once("\nfn ").unwrap();
        let choices = chooser.split("StatusCode::").skip(1);
        let mut chosen: Vec<_> = choices
            .map(|choice| {
                let name = choice.split(',').next().unwrap();
                let status = (400..600)
                    .filter_map(|status| StatusCode::from_u16(status).ok())
                    .find(|status| {
                        let reason = status.canonical_reason().unwrap_or_default();
                        reason.to_uppercase().replace(' ', "_") == name
                    });
                let status = status.unwrap_or_else(|| panic!("no status `{name}`"));
                (
                    status.as_u16().to_string(),
                    choice.split('"').nth(1).unwrap().to_owned(),
                )
            })
            .collect();
        chosen.sort();
        chosen
    }

    #[test]
    fn every_code_is_explained_in_the_conventions() {
        let page = include_str!("../../docs/api.md");
        let mut explained: Vec<_> = page
            .lines()
            .filter_map(|line| {
                let (status, rest) = line.strip_prefix("| ")?.split_once(" | `")?;
                let is_status =
                    status.len() == 3 && status.bytes().all(|byte| byte.is_ascii_digit());
                is_status.then(|| {
                    (
                        status.to_owned(),
                        rest.split('`').next().unwrap_or_default().to_owned(),
                    )
                })
            })
            .collect();
        explained.sort();
        assert_eq!(
            explained,
            chosen(),
            "the table of docs/api.md is on the left"
        );
    }
}
