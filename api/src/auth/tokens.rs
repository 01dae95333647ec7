//! Tokens (JWT, RFC 7519) of an OpenID Connect issuer: whom they name, and what they let do.

use anyhow::Context;
use jsonwebtoken::{Header, Validation, decode, decode_header};
use serde_json::Value;
use tokio_util::sync::CancellationToken;

use super::issuer::Issuer;
use super::{Caller, Role};
use crate::config::OidcConfig;
use crate::error::ApiError;

/// Seconds by which the clock of the issuer may differ from ours.
const LEEWAY: u64 = 30;

/// The tokens that open the service.
pub struct Tokens {
    issuer: Issuer,
    name: String,
    config: OidcConfig,
}

impl Tokens {
    /// Takes the tokens of the configured issuer; none is taken when there is no issuer.
    pub async fn follow(
        config: OidcConfig,
        stop: CancellationToken,
    ) -> anyhow::Result<Option<Self>> {
        let Some(name) = config.oidc_issuer.clone() else {
            return Ok(None);
        };
        let issuer = match config.oidc_jwks_file.clone() {
            Some(path) => Issuer::file(path, stop).await?,
            None => {
                let address = name.parse();
                let address = address.with_context(|| format!("the issuer `{name}` is no URL"))?;
                Issuer::remote(address, name.clone(), stop)?
            }
        };
        Ok(Some(Self {
            issuer,
            name,
            config,
        }))
    }

    /// Who bears this token. Why one is refused is told to the log alone.
    pub(super) async fn caller_of(&self, token: &str) -> Result<Caller, ApiError> {
        let header = decode_header(token).map_err(ApiError::bad_token)?;
        if header.crit.is_some() {
            return Err(ApiError::bad_token("its header asks for what is not known"));
        }
        let claims = self.claims(token, &header).await?;
        let name = claims["sub"].as_str().unwrap_or_default();
        if name.is_empty() {
            return Err(ApiError::bad_token("it names nobody"));
        }
        match role(&claims, &self.config) {
            Some(role) => Ok(Caller {
                name: name.to_owned(),
                role,
            }),
            None => Err(ApiError::NoRole(name.to_owned())),
        }
    }

    /// What a token says that is signed by the issuer, for us and for now.
    async fn claims(&self, token: &str, header: &Header) -> Result<Value, ApiError> {
        let keys = self.issuer.fitting(header.kid.as_deref(), header.alg);
        let mut validation = Validation::new(header.alg);
        validation.leeway = LEEWAY;
        validation.validate_nbf = true;
        validation.set_issuer(&[&self.name]);
        validation.set_audience(&self.config.oidc_audience);
        validation.set_required_spec_claims(&["exp", "iss", "aud"]);
        let mut refused = ApiError::bad_token("no key of the issuer fits it");
        for key in keys.await? {
            match decode(token, &key, &validation) {
                Ok(token) => return Ok(token.claims),
                Err(error) => refused = ApiError::bad_token(error),
            }
        }
        Err(refused)
    }
}

impl std::fmt::Debug for Tokens {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "those of {}", self.name)
    }
}

/// The most that the named roles let do; none when they let do nothing.
fn role(claims: &Value, config: &OidcConfig) -> Option<Role> {
    let named = words(claim(claims, &config.oidc_roles_claim)?);
    let is_any_of = |roles: &[String]| {
        named
            .iter()
            .any(|name| roles.iter().any(|role| role == name))
    };
    if is_any_of(&config.oidc_write_roles) {
        return Some(Role::Write);
    }
    is_any_of(&config.oidc_read_roles).then_some(Role::Read)
}

/// A claim by its name, or by the way that leads to it through objects. Names may hold dots themselves.
fn claim<'a>(claims: &'a Value, name: &str) -> Option<&'a Value> {
    let deep = || {
        name.split('.')
            .try_fold(claims, |value, key| value.get(key))
    };
    claims.get(name).or_else(deep)
}

/// The words of a text, as in the claim `scope` (RFC 8693, section 4.2), or the texts of a list.
fn words(value: &Value) -> Vec<&str> {
    match value {
        Value::String(text) => text.split_whitespace().collect(),
        Value::Array(values) => values.iter().filter_map(Value::as_str).collect(),
        _ => Vec::new(),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn roles_are_read_wherever_an_issuer_writes_them() {
        for (name, claims, expected) in [
            ("roles", json!({"roles": ["read"]}), Some(Role::Read)),
            (
                "roles",
                json!({"roles": ["write", "read"]}),
                Some(Role::Write),
            ),
            ("scope", json!({"scope": "openid read"}), Some(Role::Read)),
            ("scope", json!({"scope": "openid readers"}), None),
            (
                "realm_access.roles",
                json!({"realm_access": {"roles": ["write"]}}),
                Some(Role::Write),
            ),
            (
                "https://evals.example/roles",
                json!({"https://evals.example/roles": ["read"]}),
                Some(Role::Read),
            ),
            ("roles", json!({"roles": []}), None),
            ("roles", json!({"roles": {"write": true}}), None),
            ("roles", json!({"roles": [["write"]]}), None),
            ("roles", json!({}), None),
        ] {
            let config = OidcConfig {
                oidc_roles_claim: name.to_owned(),
                oidc_read_roles: vec!["read".to_owned()],
                oidc_write_roles: vec!["write".to_owned()],
                ..OidcConfig::default()
            };
            assert_eq!(role(&claims, &config), expected, "{name}: {claims}");
        }
    }
}
