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
use domain::tenant::Tenant;

pub use self::keys::{Keys, NewKey, Role};
pub(crate) use self::rate::whole_seconds;
use self::rate::{Left, Rates, Refused};
pub use self::tokens::Tokens;
use crate::dashboard;
use crate::error::ApiError;
use crate::scope::Scope;

/// Who has made a request.
#[derive(Clone, Debug)]
pub(crate) struct Caller {
    /// The name of the key, or the subject of the token.
    pub(crate) name: String,
    role: Role,
    tenant: Option<Tenant>,
}

/// Lets requests in, or tells why not.
#[derive(Debug, Default)]
pub struct Doorkeeper {
    keys: Option<Keys>,
    tokens: Option<Tokens>,
    rates: Option<Rates>,
    tenant_rates: Option<Rates>,
}

/// What is told to everybody: whether the service lives, how to speak to it, and the dashboard without any data.
pub(crate) fn is_open(path: &str) -> bool {
    let is_docs = path == "/docs" || path.starts_with("/docs/");
    is_docs || dashboard::is_at(path) || ["/healthz", "/readyz", "/openapi.json"].contains(&path)
}

/// Whether a request changes nothing.
fn only_reads(method: &Method, path: &str) -> bool {
    [Method::GET, Method::HEAD, Method::OPTIONS].contains(method)
        || ["/codec/decode", "/codec/encode"].contains(&path)
}

impl Doorkeeper {
    /// Asks for one of these keys, if there are any, and lets each caller make so many requests a minute.
    pub fn new(keys: Option<Keys>, rate_limit: Option<NonZeroU32>) -> Self {
        Self {
            keys,
            tokens: None,
            rates: rate_limit.map(|a_minute| Rates::new("requests", a_minute)),
            tenant_rates: None,
        }
    }

    /// Lets the callers of a tenant make so many requests a minute together.
    pub fn and_tenant_limit(self, a_minute: Option<NonZeroU32>) -> Self {
        let tenant_rates = a_minute.map(|a_minute| Rates::new("tenant", a_minute));
        Self {
            tenant_rates,
            ..self
        }
    }

    /// Lets the bearers of these tokens in as well.
    pub fn and_tokens(self, tokens: Option<Tokens>) -> Self {
        Self { tokens, ..self }
    }

    /// Who makes the request, if that may be made. Without keys and tokens nobody is asked who they are.
    async fn admit(
        &self,
        method: &Method,
        path: &str,
        headers: &HeaderMap,
    ) -> Result<Caller, ApiError> {
        if self.keys.is_none() && self.tokens.is_none() {
            return Ok(Caller {
                name: "anybody".to_owned(),
                role: Role::Write,
                tenant: None,
            });
        }
        let caller = self.caller(bearer(headers)).await?;
        match caller.role == Role::Write || only_reads(method, path) {
            true => Ok(caller),
            false => Err(ApiError::Forbidden(caller.name)),
        }
    }

    /// Counts a request for its caller, and for its tenant unless the caller has used up its own.
    fn count(&self, caller: &Caller) -> Vec<Result<Left, Refused>> {
        let own = self.rates.as_ref().map(|rates| rates.count(&caller.name));
        let is_refused = matches!(own, Some(Err(_)));
        let of_tenant = match (&self.tenant_rates, &caller.tenant) {
            (Some(rates), Some(tenant)) if !is_refused => Some(rates.count(&tenant.to_string())),
            _ => None,
        };
        own.into_iter().chain(of_tenant).collect()
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
    mut request: Request,
    next: Next,
) -> Response {
    if is_open(request.uri().path()) {
        return next.run(request).await;
    }
    let caller = doorkeeper.admit(request.method(), request.uri().path(), request.headers());
    let caller = match caller.await {
        Ok(caller) => caller,
        Err(error) => return error.into_response(),
    };
    let scope = Scope(caller.tenant.clone());
    request.extensions_mut().insert(scope);
    let counts = doorkeeper.count(&caller);
    let refused = counts.iter().find_map(|count| count.as_ref().err());
    let mut response = match refused {
        Some(refused) => ApiError::TooManyRequests(refused.retry_after).into_response(),
        None => next.run(request).await,
    };
    for count in counts {
        let left = count.unwrap_or_else(Refused::left);
        for (name, value) in left.headers() {
            response.headers_mut().append(name, value);
        }
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
