//! The keys of a file, each with an id.

use std::collections::BTreeMap;
use std::fmt;
use std::path::Path;

use anyhow::{Context, ensure};
use aws_lc_rs::aead::{AES_256_GCM, RandomizedNonceKey};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use secrecy::{ExposeSecret, SecretString};
use serde::Deserialize;

/// Keys by their ids, one of which encrypts; the others read what they have encrypted before.
pub struct PayloadKeys {
    current: String,
    keys: BTreeMap<String, RandomizedNonceKey>,
}

/// The file: `current = "id"` and a table `[keys]` of `id = "base64 of 32 bytes"`.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct KeyFile {
    current: String,
    keys: BTreeMap<String, SecretString>,
}

impl PayloadKeys {
    /// Reads a file of keys.
    pub fn load(path: &Path) -> anyhow::Result<Self> {
        let text = std::fs::read_to_string(path)
            .with_context(|| format!("the payload keys at {} cannot be read", path.display()))?;
        Self::read(&text)
            .with_context(|| format!("the payload keys at {} are not valid", path.display()))
    }

    /// Reads the text of such a file. What an error says holds no key.
    pub fn read(text: &str) -> anyhow::Result<Self> {
        // The error would quote the line, and the key with it.
        let file: KeyFile = toml::from_str(text).map_err(|error: toml::de::Error| {
            let line = error.span().map_or(1, |span| {
                text[..span.start.min(text.len())].matches('\n').count() + 1
            });
            anyhow::anyhow!("line {line}: {}", error.message())
        })?;
        ensure!(
            file.keys.contains_key(&file.current),
            "`current` is `{}`, and `[keys]` has no such key",
            file.current
        );
        let keys = file.keys.into_iter().map(|(id, secret)| {
            let key = key(&secret).with_context(|| format!("the key `{id}`"))?;
            Ok((id, key))
        });
        Ok(Self {
            current: file.current,
            keys: keys.collect::<anyhow::Result<_>>()?,
        })
    }

    /// The key that encrypts, with its id.
    pub(super) fn current(&self) -> (&str, &RandomizedNonceKey) {
        (&self.current, &self.keys[&self.current])
    }

    pub(super) fn get(&self, id: &str) -> Option<&RandomizedNonceKey> {
        self.keys.get(id)
    }
}

/// Nonces are drawn at random: by NIST SP 800-38D (section 8.3) a key may encrypt 2^32 payloads.
fn key(secret: &SecretString) -> anyhow::Result<RandomizedNonceKey> {
    let bytes = STANDARD
        .decode(secret.expose_secret().trim())
        .ok()
        .context("is not base64")?;
    ensure!(
        bytes.len() == 32,
        "has {} bytes; a key of AES-256 has 32 (`openssl rand -base64 32` makes one)",
        bytes.len()
    );
    RandomizedNonceKey::new(&AES_256_GCM, &bytes)
        .ok()
        .context("cannot be used")
}

impl fmt::Debug for PayloadKeys {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PayloadKeys")
            .field("current", &self.current)
            .field("ids", &self.keys.keys())
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fault(text: &str) -> String {
        let error = PayloadKeys::read(text).expect_err("the file is not valid");
        format!("{error:#}")
    }

    #[test]
    fn each_fault_is_named_and_no_key_is_told() {
        let good = "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=";
        let missing = fault(&format!("current = \"b\"\n[keys]\na = \"{good}\"\n"));
        assert!(missing.contains("no such key"), "{missing}");
        let short = fault("current = \"a\"\n[keys]\na = \"c2VjcmV0\"\n");
        assert!(
            short.contains("`a`: has 6 bytes") && !short.contains("c2VjcmV0"),
            "{short}"
        );
        let garbage = fault("current = \"a\"\n[keys]\na = \"***secret***\"\n");
        assert!(
            garbage.contains("not base64") && !garbage.contains("secret*"),
            "{garbage}"
        );
        let syntax = fault("current = \"a\"\n[keys]\na = topsecret\n");
        assert!(
            syntax.contains("line 3") && !syntax.contains("topsecret"),
            "{syntax}"
        );
        let unknown = fault(&format!(
            "current = \"a\"\nother = 1\n[keys]\na = \"{good}\"\n"
        ));
        assert!(unknown.contains("other"), "{unknown}");
    }

    #[test]
    fn what_is_printed_of_keys_are_their_ids() {
        let text =
            "current = \"a\"\n[keys]\na = \"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=\"\n";
        let printed = format!("{:?}", PayloadKeys::read(text).unwrap());
        assert_eq!(printed, r#"PayloadKeys { current: "a", ids: ["a"], .. }"#);
    }
}
