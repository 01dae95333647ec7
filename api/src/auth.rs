//! Who may do what: callers are known by an API key or by a token of an issuer, and each has a role.
//!
//! `keys` holds the keys, `tokens` reads the tokens, with the `key_set` that their `issuer` tells; `file` reads again what has
//! changed. `rate` is how much each caller may ask. What is open to everybody is listed here by name.

mod file;
mod issuer;
mod key_set;
mod keys;
mod rate;
mod tokens;

use std::num::NonZeroU32;
use std::sync::Arc;

use axum::extract::{Request, State};
use axum::http::{HeaderMap, Method, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};

pub use self::keys::{Keys, NewKey, Role};
use self::rate::Rates;
pub(crate) use self::rate::whole_seconds;
pub use self::tokens::Tokens;
use crate::dashboard;
use crate::error::ApiError;

/// Who has made a request.
#[derive(Clone, Debug)]
pub(crate) struct Caller {
    /// The name of the key, or the subject of the token.
    pub(crate) name: String,
    role: Role,
}

/// Lets requests in, or tells why not.
#[derive(Debug, Default)]
pub struct Doorkeeper {
    keys: Option<Keys>,
    tokens: Option<Tokens>,
    rates: Option<Rates>,
}

/// What is told to everybody: whether the service lives, how to speak to it, and the dashboard without any data.
pub(crate) fn is_open(path: &str) -> bool {
    let is_docs = path == "/docs" || path.starts_with("/docs/");
    is_docs || dashboard::is_at(path) || ["/healthz", "/readyz", "/openapi.json"].contains(&path)
}

impl Doorkeeper {
    /// Asks for one of these keys, if there are any, and lets each caller make so many requests a minute.
    pub fn new(keys: Option<Keys>, rate_limit: Option<NonZeroU32>) -> Self {
        Self {
            keys,
            tokens: None,
            rates: rate_limit.map(Rates::new),
        }
    }

    /// Lets the bearers of these tokens in as well.
    pub fn and_tokens(self, tokens: Option<Tokens>) -> Self {
        Self { tokens, ..self }
    }

    /// Who makes the request, if that may be made. Without keys and tokens nobody is asked who they are.
    async fn admit(&self, method: &Method, headers: &HeaderMap) -> Result<Caller, ApiError> {
        if self.keys.is_none() && self.tokens.is_none() {
            return Ok(Caller {
                name: "anybody".to_owned(),
                role: Role::Write,
            });
        }
        let caller = self.caller(bearer(headers)).await?;
        let only_reads = [Method::GET, Method::HEAD, Method::OPTIONS].contains(method);
        match caller.role == Role::Write || only_reads {
            true => Ok(caller),
            false => Err(ApiError::Forbidden(caller.name)),
        }
    }

    async fn caller(&self, bearer: Option<&str>) -> Result<Caller, ApiError> {
        let bearer = bearer.ok_or(ApiError::Unauthenticated)?;
        let of_key = self.keys.as_ref().and_then(|keys| keys.caller_of(bearer));
        match (of_key, &self.tokens) {
            (Some(caller), _) => Ok(caller),
            (None, Some(tokens)) => tokens.caller_of(bearer).await,
            (None, None) => Err(ApiError::Unauthenticated),
        }
    }
}

/// The key or token in `Authorization: Bearer …` (RFC 6750, section 2.1).
fn bearer(headers: &HeaderMap) -> Option<&str> {
    let value = headers.get(header::AUTHORIZATION)?.to_str().ok()?;
    let (scheme, key) = value.split_once(' ')?;
    scheme.eq_ignore_ascii_case("bearer").then(|| key.trim())
}

/// Asks every request that is not open to everybody who makes it, and counts it.
pub(crate) async fn admit(
    State(doorkeeper): State<Arc<Doorkeeper>>,
    request: Request,
    next: Next,
) -> Response {
    if is_open(request.uri().path()) {
        return next.run(request).await;
    }
    let caller = doorkeeper.admit(request.method(), request.headers());
    let caller = match caller.await {
        Ok(caller) => caller,
        Err(error) => return error.into_response(),
    };
    let count = doorkeeper
        .rates
        .as_ref()
        .map(|rates| rates.count(&caller.name));
    let mut response = match &count {
        Some(Err(refused)) => ApiError::TooManyRequests(refused.retry_after).into_response(),
        Some(Ok(_)) | None => next.run(request).await,
    };
    if let Some(count) = count {
        let left = count.unwrap_or_else(|refused| refused.left());
        response.headers_mut().extend(left.headers());
    }
    response.extensions_mut().insert(caller);
    response
}

#[cfg(test)]
mod tests {
    use axum::http::HeaderValue;

    use super::*;

    #[test]
    fn what_is_open_is_open_by_name() {
        for path in [
            "/healthz",
            "/readyz",
            "/openapi.json",
            "/docs",
            "/docs/index.html",
            "/",
            "/dashboard/v/main.js",
        ] {
            assert!(is_open(path), "{path}");
        }
        for path in [
            "/dashboard",
            "/v1/experiments",
            "/healthz/",
            "/docsx",
            "/v1/docs",
            "//healthz",
        ] {
            assert!(!is_open(path), "{path}");
        }
    }

    #[test]
    fn only_a_bearer_has_a_key() {
        for (value, key) in [
            ("Bearer abc", Some("abc")),
            ("bearer abc ", Some("abc")),
            ("Basic abc", None),
            ("abc", None),
        ] {
            let mut headers = HeaderMap::new();
            headers.insert(header::AUTHORIZATION, HeaderValue::from_static(value));
            assert_eq!(bearer(&headers), key, "{value}");
        }
    }
}
