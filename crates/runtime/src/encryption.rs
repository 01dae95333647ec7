//! Encryption of what is sent to Temporal: inputs, results, memos, heartbeats and failures are read only where the keys are.
//!
//! The format is that of the encryption samples of Temporal's SDKs, so that workers in other languages can take part: a
//! payload whose `encoding` is `binary/encrypted`, with the id of its key in `encryption-key-id`. Its data is a nonce of 12
//! bytes, followed by the original payload (as protobuf) under AES-256-GCM, with the tag of 16 bytes at the end.

mod keys;

use std::sync::Arc;

use aws_lc_rs::aead::{Aad, NONCE_LEN, Nonce};
use futures::FutureExt;
use futures::future::{BoxFuture, ready};
use prost::Message;
use temporalio_common::data_converters::{
    DataConverter, DefaultFailureConverter, PayloadCodec, PayloadConversionError, PayloadConverter,
    SerializationContextData,
};
use temporalio_common::protos::temporal::api::common::v1::Payload;

pub use self::keys::PayloadKeys;

const ENCODING: &str = "encoding";
const ENCRYPTED: &[u8] = b"binary/encrypted";
const KEY_ID: &str = "encryption-key-id";

/// Encrypts with the current key, and reads what any of the keys has encrypted. What is not encrypted is read as it is, so
/// that encryption can begin while experiments run.
#[derive(Clone, Debug)]
pub struct Encryption {
    keys: Arc<PayloadKeys>,
}

/// Why a payload cannot be read or written.
#[derive(Debug, thiserror::Error)]
pub enum CodecError {
    #[error(
        "the payload is encrypted with the key `{0}`, which is not among the keys of this program"
    )]
    UnknownKey(String),
    #[error("the payload was not encrypted with the key `{0}`, or was changed since")]
    Forged(String),
    #[error("the payload is too short to have been encrypted")]
    TooShort,
    #[error("what was encrypted is not a payload")]
    NotAPayload(#[from] prost::DecodeError),
    #[error("the payload could not be encrypted")]
    Failed,
}

impl Encryption {
    pub fn new(keys: PayloadKeys) -> Self {
        Self {
            keys: Arc::new(keys),
        }
    }

    /// A converter that encrypts everything, messages of failures among it.
    pub(crate) fn converter(&self) -> DataConverter {
        DataConverter::new(
            PayloadConverter::default(),
            DefaultFailureConverter::new(true),
            self.clone(),
        )
    }

    /// Encrypts a payload, unless it is encrypted already.
    pub fn seal(&self, payload: Payload) -> Result<Payload, CodecError> {
        if is_encrypted(&payload) {
            return Ok(payload);
        }
        let (id, key) = self.keys.current();
        let mut sealed = payload.encode_to_vec();
        let nonce = key
            .seal_in_place_append_tag(Aad::empty(), &mut sealed)
            .map_err(|_| CodecError::Failed)?;
        let data = [nonce.as_ref().as_slice(), &sealed].concat();
        Ok(Payload {
            metadata: [
                (ENCODING.to_owned(), ENCRYPTED.to_owned()),
                (KEY_ID.to_owned(), id.as_bytes().to_owned()),
            ]
            .into(),
            data,
            ..Default::default()
        })
    }

    /// The payload that was encrypted; one that was not is given back as it is.
    pub fn open(&self, payload: Payload) -> Result<Payload, CodecError> {
        if !is_encrypted(&payload) {
            return Ok(payload);
        }
        let id = payload.metadata.get(KEY_ID).map(Vec::as_slice);
        let id = String::from_utf8_lossy(id.unwrap_or_default()).into_owned();
        let Some(key) = self.keys.get(&id) else {
            return Err(CodecError::UnknownKey(id));
        };
        let (nonce, sealed) = payload
            .data
            .split_at_checked(NONCE_LEN)
            .ok_or(CodecError::TooShort)?;
        let nonce = Nonce::try_assume_unique_for_key(nonce).map_err(|_| CodecError::TooShort)?;
        let mut opened = sealed.to_vec();
        let opened = key
            .open_in_place(nonce, Aad::empty(), &mut opened)
            .map_err(|_| CodecError::Forged(id))?;
        Ok(Payload::decode(&*opened)?)
    }
}

fn is_encrypted(payload: &Payload) -> bool {
    payload.metadata.get(ENCODING).map(Vec::as_slice) == Some(ENCRYPTED)
}

/// What has come of each payload, or the first failure.
fn all(
    payloads: Vec<Payload>,
    each: impl Fn(Payload) -> Result<Payload, CodecError>,
) -> BoxFuture<'static, Result<Vec<Payload>, PayloadConversionError>> {
    let done = payloads
        .into_iter()
        .map(each)
        .collect::<Result<_, _>>()
        .map_err(|error| PayloadConversionError::EncodingError(error.into()));
    ready(done).boxed()
}

impl PayloadCodec for Encryption {
    fn encode(
        &self,
        _: &SerializationContextData,
        payloads: Vec<Payload>,
    ) -> BoxFuture<'static, Result<Vec<Payload>, PayloadConversionError>> {
        all(payloads, |payload| self.seal(payload))
    }

    fn decode(
        &self,
        _: &SerializationContextData,
        payloads: Vec<Payload>,
    ) -> BoxFuture<'static, Result<Vec<Payload>, PayloadConversionError>> {
        all(payloads, |payload| self.open(payload))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Two keys; `current` is the one that encrypts.
    fn keys(current: &str) -> Encryption {
        let text = format!(
            "current = \"{current}\"\n[keys]\n\
             old = \"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=\"\n\
             new = \"AQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQE=\"\n"
        );
        Encryption::new(PayloadKeys::read(&text).expect("the keys are valid"))
    }

    fn payload() -> Payload {
        Payload {
            metadata: [(ENCODING.to_owned(), b"json/plain".to_vec())].into(),
            data: br#"{"model":"secret-model"}"#.to_vec(),
            ..Default::default()
        }
    }

    #[test]
    fn what_is_encrypted_can_be_read_and_shows_nothing() {
        let sealed = keys("new").seal(payload()).unwrap();
        assert_eq!(sealed.metadata[ENCODING], ENCRYPTED);
        assert_eq!(sealed.metadata[KEY_ID], b"new");
        let shown = String::from_utf8_lossy(&sealed.data).into_owned();
        assert!(!shown.contains("secret-model") && !shown.contains("json/plain"));
        assert_eq!(keys("new").open(sealed).unwrap(), payload());
    }

    #[test]
    fn no_two_are_encrypted_alike() {
        let encryption = keys("new");
        assert_ne!(
            encryption.seal(payload()).unwrap().data,
            encryption.seal(payload()).unwrap().data
        );
    }

    #[test]
    fn a_former_key_still_reads() {
        let sealed = keys("old").seal(payload()).unwrap();
        assert_eq!(keys("new").open(sealed).unwrap(), payload());
    }

    #[test]
    fn what_was_never_encrypted_is_read_as_it_is() {
        assert_eq!(keys("new").open(payload()).unwrap(), payload());
    }

    #[test]
    fn encrypting_twice_is_encrypting_once() {
        let encryption = keys("new");
        let once = encryption.seal(payload()).unwrap();
        assert_eq!(encryption.seal(once.clone()).unwrap(), once);
    }

    #[test]
    fn a_changed_payload_and_an_unknown_key_are_told_apart() {
        let encryption = keys("new");
        let sealed = encryption.seal(payload()).unwrap();
        let mut forged = sealed.clone();
        *forged.data.last_mut().unwrap() ^= 1;
        assert!(matches!(encryption.open(forged), Err(CodecError::Forged(id)) if id == "new"));
        let mut short = sealed.clone();
        short.data.truncate(5);
        assert!(matches!(encryption.open(short), Err(CodecError::TooShort)));
        let mut unknown = sealed;
        unknown.metadata.insert(KEY_ID.to_owned(), b"gone".to_vec());
        assert!(
            matches!(encryption.open(unknown), Err(CodecError::UnknownKey(id)) if id == "gone")
        );
    }

    /// Made by Python: `nonce + AESGCM(key).encrypt(nonce, payload.SerializeToString(), None)` of the packages cryptography
    /// and temporalio, with the key `old`, the nonce of bytes 0 to 11 and the payload `{"a":1}` as `json/plain`.
    #[test]
    fn what_another_sdk_has_encrypted_is_read() {
        let data = include_bytes!("encryption/from_python.bin").to_vec();
        let sealed = Payload {
            metadata: [
                (ENCODING.to_owned(), ENCRYPTED.to_owned()),
                (KEY_ID.to_owned(), b"old".to_vec()),
            ]
            .into(),
            data,
            ..Default::default()
        };
        assert_eq!(keys("new").open(sealed).unwrap().data, br#"{"a":1}"#);
    }
}
