//! The webhooks that experiments may name, and how a message to one is signed: by the scheme of Standard Webhooks 1.0
//! (<https://www.standardwebhooks.com>), so that receivers verify it with any of its libraries.

mod table;

use std::collections::BTreeMap;
use std::path::Path;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use hmac::{Hmac, KeyInit, Mac};
use jiff::Timestamp;
use reqwest::RequestBuilder;
use secrecy::{ExposeSecret, SecretSlice};
use sha2::Sha256;
use url::Url;

use crate::providers;
use crate::receivers::Error;

/// What a secret may begin with to say what it is.
const PREFIX: &str = "whsec_";

/// The webhooks by name.
#[derive(Clone, Debug, Default)]
pub struct Webhooks {
    webhooks: BTreeMap<String, Webhook>,
}

/// A receiver and the secret that it shares with the workers.
#[derive(Clone, Debug)]
pub(crate) struct Webhook {
    url: Url,
    secret: Result<Secret, String>,
}

/// A key for signatures, of 24 to 64 bytes.
#[derive(Clone, Debug)]
pub(crate) struct Secret(SecretSlice<u8>);

impl Webhooks {
    /// The `[webhooks.NAME]` entries of the table that also names the providers.
    pub fn read(path: &Path) -> Result<Self, providers::Error> {
        table::read(path)
    }

    /// What they are called.
    pub(crate) fn names(&self) -> Vec<String> {
        self.webhooks.keys().cloned().collect()
    }

    pub(crate) fn get(&self, name: &str) -> Result<&Webhook, Error> {
        self.webhooks.get(name).ok_or_else(|| {
            let known: Vec<String> = self
                .webhooks
                .keys()
                .map(|name| format!("`{name}`"))
                .collect();
            let known = match known.is_empty() {
                true => "none".to_owned(),
                false => known.join(", "),
            };
            Error::NotSetUp(format!(
                "the workers know no webhook `{name}`; they know {known}"
            ))
        })
    }
}

impl Webhook {
    /// A signed message, to be sent.
    pub(crate) fn message(
        &self,
        http: &reqwest::Client,
        id: &str,
        body: String,
    ) -> Result<RequestBuilder, Error> {
        let now = Timestamp::now().as_second();
        let request = http
            .post(self.url.clone())
            .header("content-type", "application/json")
            .header("webhook-id", id)
            .header("webhook-timestamp", now)
            .header("webhook-signature", self.sign(id, now, &body)?);
        Ok(request.body(body))
    }

    /// The signature of a message, as its header carries it.
    fn sign(&self, id: &str, timestamp: i64, body: &str) -> Result<String, Error> {
        match &self.secret {
            Ok(secret) => Ok(secret.sign(id, timestamp, body)),
            Err(reason) => Err(Error::NotSetUp(format!(
                "there is no secret to sign with: {reason}"
            ))),
        }
    }
}

impl Secret {
    /// Reads a secret as Standard Webhooks writes it: base64, after `whsec_` or by itself.
    fn parse(text: &str) -> Result<Self, String> {
        let text = text.trim();
        let bytes = STANDARD.decode(text.strip_prefix(PREFIX).unwrap_or(text));
        match bytes {
            Ok(bytes) if (24..=64).contains(&bytes.len()) => Ok(Self(bytes.into())),
            _ => Err("it is not the base64 of 24 to 64 bytes".to_owned()),
        }
    }

    fn sign(&self, id: &str, timestamp: i64, body: &str) -> String {
        let mut mac = Hmac::<Sha256>::new_from_slice(self.0.expose_secret())
            .expect("a key of any length will do");
        mac.update(format!("{id}.{timestamp}.{body}").as_bytes());
        format!("v1,{}", STANDARD.encode(mac.finalize().into_bytes()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The example of the specification and of its reference libraries.
    #[test]
    fn a_message_is_signed_as_the_specification_has_it() {
        let secret = Secret::parse("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw").unwrap();
        let signature = secret.sign(
            "msg_p5jXN8AQM9LWM0D4loKWxJek",
            1_614_265_330,
            "{\"test\": 2432232314}",
        );
        assert_eq!(signature, "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=");
    }

    #[test]
    fn a_secret_is_long_enough_and_is_never_shown() {
        for bad in [
            "",
            "whsec_",
            "secret",
            "whsec_c2hvcnQ=",
            "not base64 at all, whatever its length may be",
        ] {
            assert!(Secret::parse(bad).is_err(), "{bad}");
        }
        let secret = Secret::parse("MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw").unwrap();
        assert!(!format!("{secret:?}").contains("MfKQ"));
    }
}
