//! From an error of genai, or an answer without a text, to a kind of failure.

use domain::output::{CallError, CallErrorKind};
use genai::webc;
use serde_json::Value;

use super::wire;
use crate::adapters::wording::{Wording, text_of};
use crate::providers::Api;

pub(super) fn call_error(error: genai::Error, api: Api, wording: &Wording) -> CallError {
    use genai::Error;
    match error {
        Error::WebModelCall { webc_error, .. } | Error::WebAdapterCall { webc_error, .. } => {
            match webc_error {
                webc::Error::ResponseFailedStatus {
                    status,
                    body,
                    headers,
                } => wording.of_status(status, &body, &headers),
                webc::Error::ResponseFailedNotJson { content_type, body } => wording.bad_answer(
                    format!("answered with content type `{content_type}` and not JSON: {body}"),
                ),
                webc::Error::ResponseFailedInvalidJson { cause, .. } => {
                    wording.bad_answer(format!("answered with broken JSON: {cause}"))
                }
                webc::Error::JsonValueExt(error) => {
                    wording.bad_answer(format!("answered what cannot be understood: {error}"))
                }
                webc::Error::Reqwest(error) => wording.of_transport(error),
            }
        }
        Error::HttpError {
            status,
            body,
            headers,
            ..
        } => wording.of_status(status, &body, &headers),
        Error::ChatResponseGeneration {
            cause,
            response_body,
            ..
        } => match wire::refusal(api, &response_body) {
            Some(refusal) => {
                wording.bad_answer(format!("answered no text but a refusal: {refusal}"))
            }
            None => wording.bad_answer(format!("answered what cannot be understood: {cause}")),
        },
        Error::NoChatResponse { .. }
        | Error::InvalidJsonResponseElement { .. }
        | Error::JsonValueExt(_)
        | Error::SerdeJson(_) => {
            wording.bad_answer(format!("answered what cannot be understood: {error}"))
        }
        error => wording.told(
            CallErrorKind::BadRequest,
            format!("could not be asked: {error}"),
        ),
    }
}

/// An answer in which there is no text.
pub(super) fn no_text(
    api: Api,
    body: &Value,
    finish_reason: Option<&str>,
    wording: &Wording,
) -> CallError {
    let what = match (wire::refusal(api, body), finish_reason) {
        (Some(refusal), _) => format!("answered no text but a refusal: {refusal}"),
        (None, Some(reason)) => format!("answered no text, with finish reason `{reason}`"),
        (None, None) if wire::has_message(api, body) => "answered no text".to_owned(),
        (None, None) => format!(
            "answered without a message, so there is no text: {}",
            text_of(&body.to_string())
        ),
    };
    wording.bad_answer(what)
}

/// An answer that was to be JSON and is not.
pub(super) fn not_json(
    error: &serde_json::Error,
    finish_reason: Option<&str>,
    wording: &Wording,
) -> CallError {
    let reason = finish_reason.map(|reason| format!(", with finish reason `{reason}`"));
    let reason = reason.unwrap_or_default();
    // Not the text itself: it may be long, and the ledger of failures is no place for answers.
    wording.bad_answer(format!("answered what is not JSON{reason}: {error}"))
}
