//! API keys: hashes in a file that may be changed while the service runs.

use std::fmt;
use std::path::PathBuf;

use anyhow::{Context, ensure};
use base64::Engine;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use clap::ValueEnum;
use jiff::Timestamp;
use secrecy::{ExposeSecret, SecretString};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use subtle::ConstantTimeEq;
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;

use super::{Caller, file};

/// What a key of ours begins with, so that one which has leaked is recognised.
const PREFIX: &str = "aie_";

/// Random bytes of a key. With so many nobody guesses one, and a plain hash keeps it.
const BYTES: usize = 32;

/// What the bearer of a key may do.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ValueEnum)]
#[serde(rename_all = "snake_case")]
pub enum Role {
    /// Only read.
    Read,
    /// Read, create and control.
    Write,
}

/// The file: a list of keys.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct KeyFile {
    keys: Vec<Entry>,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Entry {
    name: String,
    /// Of the key, in hexadecimal.
    sha256: String,
    role: Role,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    expires: Option<Timestamp>,
}

/// The keys that open the service now.
#[derive(Clone)]
pub struct Keys(watch::Receiver<Vec<Known>>);

struct Known {
    sha256: [u8; 32],
    entry: Entry,
}

impl KeyFile {
    fn known(text: &str) -> anyhow::Result<Vec<Known>> {
        let file: Self = toml::from_str(text)?;
        let mut known: Vec<Known> = Vec::new();
        for entry in file.keys {
            let mut sha256 = [0; 32];
            hex::decode_to_slice(&entry.sha256, &mut sha256)
                .with_context(|| format!("`sha256` of the key `{}` is no SHA-256", entry.name))?;
            let is_new = known.iter().all(|other| other.sha256 != sha256);
            ensure!(is_new, "the key `{}` is there twice", entry.name);
            known.push(Known { sha256, entry });
        }
        Ok(known)
    }
}

impl Keys {
    /// Reads the file, and again whenever it changes.
    pub async fn follow(path: PathBuf, stop: CancellationToken) -> anyhow::Result<Self> {
        let known = file::follow(path, "the API keys", KeyFile::known, stop);
        Ok(Self(known.await?))
    }

    /// Keys as they stand in a file.
    pub fn parse(text: &str) -> anyhow::Result<Self> {
        Ok(Self(watch::channel(KeyFile::known(text)?).1))
    }

    /// Who bears this key. It is compared with every known one, in the same time whatever it is.
    pub(super) fn caller_of(&self, key: &str) -> Option<Caller> {
        let sha256: [u8; 32] = Sha256::digest(key).into();
        let known = self.0.borrow();
        let mut found = None;
        for key in known.iter() {
            if bool::from(key.sha256.ct_eq(&sha256)) {
                found = Some(&key.entry);
            }
        }
        let entry = found.filter(|entry| entry.expires.is_none_or(|end| Timestamp::now() < end))?;
        Some(Caller {
            name: entry.name.clone(),
            role: entry.role,
        })
    }
}

/// Not even hashes are printed.
impl fmt::Debug for Keys {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Keys")
    }
}

/// A key that was made just now, and its entry in the file.
pub struct NewKey {
    key: SecretString,
    entry: Entry,
}

impl NewKey {
    pub fn make(name: String, role: Role, expires: Option<Timestamp>) -> anyhow::Result<Self> {
        let mut bytes = [0; BYTES];
        getrandom::fill(&mut bytes).context("the system gives no random bytes")?;
        let key = format!("{PREFIX}{}", BASE64_URL_SAFE_NO_PAD.encode(bytes));
        let entry = Entry {
            name,
            sha256: hex::encode(Sha256::digest(&key)),
            role,
            expires,
        };
        Ok(Self {
            key: key.into(),
            entry,
        })
    }

    pub fn key(&self) -> &str {
        self.key.expose_secret()
    }

    /// To be added to the file.
    pub fn entry(&self) -> anyhow::Result<String> {
        #[derive(Serialize)]
        struct File<'a> {
            keys: [&'a Entry; 1],
        }
        let keys = [&self.entry];
        Ok(toml::to_string(&File { keys })?)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn made(role: Role, expires: Option<Timestamp>) -> NewKey {
        NewKey::make("ci".to_owned(), role, expires).unwrap()
    }

    #[test]
    fn a_key_that_was_made_opens_and_no_other_does() {
        let new = made(Role::Read, None);
        let keys = Keys::parse(&new.entry().unwrap()).unwrap();
        let caller = keys.caller_of(new.key()).unwrap();
        assert_eq!((caller.name.as_str(), caller.role), ("ci", Role::Read));
        for other in ["", "aie_", made(Role::Read, None).key()] {
            assert!(keys.caller_of(other).is_none());
        }
        assert!(new.key().starts_with("aie_") && new.key().len() == 47);
    }

    #[test]
    fn a_key_ends_when_its_time_is_over() {
        for (end, opens) in [
            ("2020-01-01T00:00:00Z", false),
            ("2999-01-01T00:00:00Z", true),
        ] {
            let new = made(Role::Write, Some(end.parse().unwrap()));
            let keys = Keys::parse(&new.entry().unwrap()).unwrap();
            assert_eq!(keys.caller_of(new.key()).is_some(), opens, "{end}");
        }
    }

    #[test]
    fn a_file_with_a_fault_is_refused_by_name() {
        let entry = made(Role::Write, None).entry().unwrap();
        let twice = format!("{entry}{entry}");
        let short = entry.replace("sha256 = \"", "sha256 = \"ab");
        for (text, word) in [
            (twice.as_str(), "twice"),
            (short.as_str(), "`ci` is no SHA-256"),
            ("keys = 3", "invalid type"),
        ] {
            let error = Keys::parse(text).unwrap_err();
            assert!(format!("{error:#}").contains(word), "{error:#}");
        }
    }
}
