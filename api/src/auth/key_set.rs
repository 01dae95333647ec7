//! The public keys of an issuer: a JSON Web Key Set (RFC 7517).

use anyhow::Context;
use jsonwebtoken::jwk::{AlgorithmParameters, EllipticCurve, Jwk, KeyAlgorithm, PublicKeyUse};
use jsonwebtoken::{Algorithm, DecodingKey};
use serde::Deserialize;
use serde_json::Value;

const RSA: [Algorithm; 6] = [
    Algorithm::RS256,
    Algorithm::RS384,
    Algorithm::RS512,
    Algorithm::PS256,
    Algorithm::PS384,
    Algorithm::PS512,
];

/// The keys that verify signatures. Keys that do something else, and secrets, are left out.
#[derive(Debug, Default)]
pub(super) struct KeySet(Vec<Key>);

struct Key {
    id: Option<String>,
    /// What the key may be used with. It is the key that says so, never the token.
    algorithms: Vec<Algorithm>,
    key: DecodingKey,
}

#[derive(Deserialize)]
struct Document {
    keys: Vec<Value>,
}

impl KeySet {
    /// Reads a key set. A key of a kind that is not known harms no other.
    pub(super) fn parse(text: &str) -> anyhow::Result<Self> {
        let document: Document = serde_json::from_str(text).context("it is no JSON Web Key Set")?;
        let jwks = document.keys.into_iter().map(serde_json::from_value);
        Ok(Self(jwks.filter_map(|jwk| Key::of(&jwk.ok()?)).collect()))
    }

    /// The keys that may have signed a token with this header.
    pub(super) fn fitting(&self, id: Option<&str>, algorithm: Algorithm) -> Vec<DecodingKey> {
        let fits = |key: &&Key| {
            let is_meant = id.is_none() || key.id.as_deref() == id;
            is_meant && key.algorithms.contains(&algorithm)
        };
        self.0
            .iter()
            .filter(fits)
            .map(|key| key.key.clone())
            .collect()
    }
}

impl Key {
    fn of(jwk: &Jwk) -> Option<Self> {
        let is_to_verify = matches!(
            jwk.common.public_key_use,
            None | Some(PublicKeyUse::Signature)
        );
        let mut algorithms = match &jwk.algorithm {
            AlgorithmParameters::RSA(_) => RSA.to_vec(),
            AlgorithmParameters::EllipticCurve(key) => match key.curve {
                EllipticCurve::P256 => vec![Algorithm::ES256],
                EllipticCurve::P384 => vec![Algorithm::ES384],
                _ => return None,
            },
            AlgorithmParameters::OctetKeyPair(key) => match key.curve {
                EllipticCurve::Ed25519 => vec![Algorithm::EdDSA],
                _ => return None,
            },
            // A secret, or nothing that is known.
            _ => return None,
        };
        if let Some(only) = jwk.common.key_algorithm {
            algorithms.retain(|algorithm| KeyAlgorithm::from(*algorithm) == only);
        }
        let is_of_use = is_to_verify && !algorithms.is_empty();
        is_of_use.then_some(Self {
            id: jwk.common.key_id.clone(),
            algorithms,
            key: DecodingKey::from_jwk(jwk).ok()?,
        })
    }
}

impl std::fmt::Debug for Key {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{:?} for {:?}", self.id, self.algorithms)
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_key_decides_what_it_verifies_and_secrets_verify_nothing() {
        let document = json!({"keys": [
            {"kty": "RSA", "kid": "r", "n": "sXch", "e": "AQAB"},
            {"kty": "RSA", "kid": "only", "alg": "PS256", "n": "sXch", "e": "AQAB"},
            {"kty": "RSA", "kid": "enc", "use": "enc", "n": "sXch", "e": "AQAB"},
            {"kty": "EC", "kid": "e", "crv": "P-256", "x": "AA", "y": "AA"},
            {"kty": "OKP", "kid": "o", "crv": "Ed25519", "x": "AA"},
            {"kty": "oct", "kid": "secret", "k": "AA"},
            {"kty": "oct", "kid": "secret", "alg": "HS256", "k": "AA"},
            {"kty": "new"},
            "?",
        ]});
        let keys = KeySet::parse(&document.to_string()).unwrap();
        let count = |id, algorithm| keys.fitting(id, algorithm).len();
        assert_eq!(count(Some("r"), Algorithm::RS256), 1);
        assert_eq!(count(Some("r"), Algorithm::ES256), 0);
        assert_eq!(count(Some("only"), Algorithm::PS256), 1);
        assert_eq!(count(Some("only"), Algorithm::RS256), 0);
        assert_eq!(count(Some("enc"), Algorithm::RS256), 0);
        assert_eq!(count(Some("e"), Algorithm::ES256), 1);
        assert_eq!(count(Some("o"), Algorithm::EdDSA), 1);
        assert_eq!(count(None, Algorithm::PS256), 2);
        assert_eq!(count(Some("another"), Algorithm::RS256), 0);
        for algorithm in [Algorithm::HS256, Algorithm::HS384, Algorithm::HS512] {
            assert_eq!(count(None, algorithm), 0);
            assert_eq!(count(Some("secret"), algorithm), 0);
        }
    }

    #[test]
    fn what_is_no_key_set_is_refused() {
        for text in ["", "[]", "{}", r#"{"keys": 3}"#] {
            assert!(KeySet::parse(text).is_err(), "{text}");
        }
    }
}
