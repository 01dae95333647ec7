//! The codec endpoint of the Temporal UI and command line: they send encrypted payloads here and get them back readable.
//!
//! The protocol is Temporal's for remote codecs: `POST …/decode` and `…/encode` with payloads as protobuf's JSON. Outside
//! the document, since its clients are Temporal's own tools.

use std::collections::BTreeMap;

use axum::Json;
use axum::extract::State;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use domain::fault::Fault;
use runtime::encryption::{CodecError, Encryption};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use temporalio_common::protos::temporal::api::common::v1::Payload;

use crate::error::ApiError;
use crate::extract::JsonBody;
use crate::state::AppState;

/// Payloads as their JSON is written: `{"payloads": [{"metadata": {"encoding": "…"}, "data": "…"}]}`, in base64.
#[derive(Debug, Deserialize, Serialize)]
pub(crate) struct Payloads {
    #[serde(default)]
    payloads: Vec<Encoded>,
}

#[derive(Debug, Deserialize, Serialize)]
struct Encoded {
    #[serde(default)]
    metadata: BTreeMap<String, String>,
    #[serde(default)]
    data: String,
}

pub(crate) async fn decode(
    State(state): State<AppState>,
    JsonBody(body): JsonBody,
) -> Result<Json<Payloads>, ApiError> {
    translate(&state, body, Encryption::open)
}

pub(crate) async fn encode(
    State(state): State<AppState>,
    JsonBody(body): JsonBody,
) -> Result<Json<Payloads>, ApiError> {
    translate(&state, body, Encryption::seal)
}

/// Does the same with each payload; all that cannot be done are named.
fn translate(
    state: &AppState,
    body: Value,
    each: impl Fn(&Encryption, Payload) -> Result<Payload, CodecError>,
) -> Result<Json<Payloads>, ApiError> {
    let encryption = state.encryption.as_ref().ok_or(ApiError::NoRoute)?;
    let body: Payloads = serde_json::from_value(body)
        .map_err(|error| ApiError::Invalid(vec![Fault::new("", error.to_string())]))?;
    let mut payloads = Vec::new();
    let mut faults = Vec::new();
    for (index, encoded) in body.payloads.into_iter().enumerate() {
        let translated = encoded
            .payload()
            .and_then(|payload| each(encryption, payload).map_err(|error| error.to_string()));
        match translated {
            Ok(payload) => payloads.push(Encoded::of(payload)),
            Err(message) => faults.push(Fault::new(format!("/payloads/{index}"), message)),
        }
    }
    match faults.is_empty() {
        true => Ok(Json(Payloads { payloads })),
        false => Err(ApiError::Invalid(faults)),
    }
}

impl Encoded {
    fn payload(self) -> Result<Payload, String> {
        let read = |text: &str| {
            STANDARD
                .decode(text)
                .map_err(|error| format!("is not base64: {error}"))
        };
        let metadata = self
            .metadata
            .iter()
            .map(|(name, value)| Ok((name.clone(), read(value)?)))
            .collect::<Result<_, String>>()?;
        Ok(Payload {
            metadata,
            data: read(&self.data)?,
            ..Default::default()
        })
    }

    fn of(payload: Payload) -> Self {
        Self {
            metadata: payload
                .metadata
                .into_iter()
                .map(|(name, value)| (name, STANDARD.encode(value)))
                .collect(),
            data: STANDARD.encode(payload.data),
        }
    }
}
