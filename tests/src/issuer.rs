//! An OpenID Connect issuer: keys made for one test, tokens signed with them, and the documents that tell of them.

use aws_lc_rs::encoding::AsDer;
use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::rsa::KeySize;
use aws_lc_rs::signature::{
    ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, Ed25519KeyPair, KeyPair, RSA_PKCS1_SHA256,
    RSA_PSS_SHA256, RsaEncoding, RsaKeyPair,
};
use base64::Engine;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use serde_json::{Value, json};

use crate::file_server::{FileServer, Page};

/// The issuer's web server. It tells no keys until it is given some.
pub struct Issuer {
    server: FileServer,
}

/// A pair of keys, and what tokens are signed with it by.
pub struct Signer {
    pub id: String,
    pair: Pair,
}

enum Pair {
    Rsa(RsaKeyPair, &'static dyn RsaEncoding, &'static str),
    Ec(EcdsaKeyPair),
    Ed(Ed25519KeyPair),
}

impl Issuer {
    pub async fn start() -> Self {
        let server = FileServer::start().await;
        Self { server }
    }

    /// What tokens call it in `iss`.
    pub fn name(&self) -> String {
        self.server.url("")
    }

    /// From now on these are its keys.
    pub fn tell(&self, signers: &[&Signer]) {
        let discovery = json!({"issuer": self.name(), "jwks_uri": self.server.url("/keys")});
        let serve = |path: &str, document: &Value| {
            let page = Page::File(document.to_string().into_bytes());
            self.server.serve(path, vec![page]);
        };
        serve("/keys", &key_set(signers));
        serve("/.well-known/openid-configuration", &discovery);
    }

    /// How often it was asked for its keys.
    pub fn asked(&self) -> usize {
        let asked = self.server.asked();
        asked.iter().filter(|path| *path == "/keys").count()
    }
}

/// The public halves, as a JSON Web Key Set.
pub fn key_set(signers: &[&Signer]) -> Value {
    let keys: Vec<Value> = signers.iter().map(|signer| signer.public()).collect();
    json!({"keys": keys})
}

impl Signer {
    pub fn rsa(id: &str) -> Self {
        let pair = RsaKeyPair::generate(KeySize::Rsa2048).expect("a key can be made");
        Self::new(id, Pair::Rsa(pair, &RSA_PKCS1_SHA256, "RS256"))
    }

    pub fn pss(id: &str) -> Self {
        let pair = RsaKeyPair::generate(KeySize::Rsa2048).expect("a key can be made");
        Self::new(id, Pair::Rsa(pair, &RSA_PSS_SHA256, "PS256"))
    }

    pub fn ec(id: &str) -> Self {
        let pair = EcdsaKeyPair::generate(&ECDSA_P256_SHA256_FIXED_SIGNING);
        Self::new(id, Pair::Ec(pair.expect("a key can be made")))
    }

    pub fn ed(id: &str) -> Self {
        let pair = Ed25519KeyPair::generate().expect("a key can be made");
        Self::new(id, Pair::Ed(pair))
    }

    fn new(id: &str, pair: Pair) -> Self {
        let id = id.to_owned();
        Self { id, pair }
    }

    pub fn algorithm(&self) -> &'static str {
        match &self.pair {
            Pair::Rsa(_, _, name) => name,
            Pair::Ec(_) => "ES256",
            Pair::Ed(_) => "EdDSA",
        }
    }

    /// A token that says this.
    pub fn token(&self, claims: &Value) -> String {
        let header = json!({"alg": self.algorithm(), "kid": self.id, "typ": "JWT"});
        self.token_with(&header, claims)
    }

    /// A token with a header of the test's own.
    pub fn token_with(&self, header: &Value, claims: &Value) -> String {
        let said = unsigned(header, claims);
        let signature = self.sign(said.as_bytes());
        format!("{said}.{}", encode(&signature))
    }

    fn sign(&self, message: &[u8]) -> Vec<u8> {
        let random = SystemRandom::new();
        match &self.pair {
            Pair::Rsa(pair, encoding, _) => {
                let mut signature = vec![0; pair.public_modulus_len()];
                let signed = pair.sign(*encoding, &random, message, &mut signature);
                signed.expect("a message can be signed");
                signature
            }
            Pair::Ec(pair) => {
                let signature = pair.sign(&random, message);
                signature
                    .expect("a message can be signed")
                    .as_ref()
                    .to_vec()
            }
            Pair::Ed(pair) => pair.sign(message).as_ref().to_vec(),
        }
    }

    /// The public half as a JSON Web Key (RFC 7518, section 6; RFC 8037 for Ed25519).
    fn public(&self) -> Value {
        let mut key = match &self.pair {
            Pair::Rsa(pair, ..) => {
                // A DER sequence of two numbers: nine bytes before the modulus of 2048 bits, the exponent is 65537.
                let der = pair.public_key().as_ref();
                json!({"kty": "RSA", "n": encode(&der[9..265]), "e": "AQAB"})
            }
            Pair::Ec(pair) => {
                // One byte that says "uncompressed", then both coordinates.
                let point = &pair.public_key().as_ref()[1..];
                json!({"kty": "EC", "crv": "P-256", "x": encode(&point[..32]), "y": encode(&point[32..])})
            }
            Pair::Ed(pair) => {
                json!({"kty": "OKP", "crv": "Ed25519", "x": encode(pair.public_key().as_ref())})
            }
        };
        key["kid"] = json!(self.id);
        key["use"] = json!("sig");
        key
    }

    /// The bytes of the public half, as they may be had by everybody.
    pub fn public_bytes(&self) -> Vec<u8> {
        match &self.pair {
            Pair::Rsa(pair, ..) => {
                let der = pair.public_key().as_der().expect("a key can be written");
                der.as_ref().to_vec()
            }
            Pair::Ec(pair) => pair.public_key().as_ref().to_vec(),
            Pair::Ed(pair) => pair.public_key().as_ref().to_vec(),
        }
    }
}

/// The first two parts of a token.
pub fn unsigned(header: &Value, claims: &Value) -> String {
    let part = |value: &Value| encode(value.to_string().as_bytes());
    format!("{}.{}", part(header), part(claims))
}

/// As the parts of a token are written.
pub fn encode(bytes: &[u8]) -> String {
    BASE64_URL_SAFE_NO_PAD.encode(bytes)
}
