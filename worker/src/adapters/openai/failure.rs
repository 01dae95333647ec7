//! From a failed call to a kind of failure, in words that show no secret.

use std::time::Duration;

use domain::output::{CallError, CallErrorKind};
use genai::webc;
use jiff::Timestamp;
use jiff::fmt::rfc2822;
use reqwest::StatusCode;
use reqwest::header::{HeaderMap, RETRY_AFTER};
use secrecy::{ExposeSecret, SecretString};
use serde_json::Value;

/// The most characters that are told of what a provider says.
const LONGEST_TEXT: usize = 500;

/// A text shorter than this is no secret, and may occur by chance.
const SHORTEST_SECRET: usize = 6;

/// The longest wait that a provider may ask for.
const LONGEST_WAIT: Duration = Duration::from_secs(3600);

pub(super) fn call_error(
    error: genai::Error,
    provider: &str,
    secrets: &[SecretString],
) -> CallError {
    use genai::Error;
    let told = |kind, what: String| told(kind, what, provider, secrets);
    match error {
        Error::WebModelCall { webc_error, .. } | Error::WebAdapterCall { webc_error, .. } => {
            match webc_error {
                webc::Error::ResponseFailedStatus {
                    status,
                    body,
                    headers,
                } => of_status(status, &body, &headers, provider, secrets),
                webc::Error::ResponseFailedNotJson { content_type, body } => told(
                    CallErrorKind::BadAnswer,
                    format!("answered with content type `{content_type}` and not JSON: {body}"),
                ),
                webc::Error::ResponseFailedInvalidJson { cause, .. } => told(
                    CallErrorKind::BadAnswer,
                    format!("answered with broken JSON: {cause}"),
                ),
                webc::Error::JsonValueExt(error) => told(
                    CallErrorKind::BadAnswer,
                    format!("answered what cannot be understood: {error}"),
                ),
                webc::Error::Reqwest(error) => told(kind_of_transport(&error), describe(error)),
            }
        }
        Error::HttpError {
            status,
            body,
            headers,
            ..
        } => of_status(status, &body, &headers, provider, secrets),
        Error::ChatResponseGeneration { cause, .. } => told(
            CallErrorKind::BadAnswer,
            format!("answered what cannot be understood: {cause}"),
        ),
        Error::NoChatResponse { .. }
        | Error::InvalidJsonResponseElement { .. }
        | Error::JsonValueExt(_)
        | Error::SerdeJson(_) => told(
            CallErrorKind::BadAnswer,
            format!("answered what cannot be understood: {error}"),
        ),
        error => told(
            CallErrorKind::BadRequest,
            format!("could not be asked: {error}"),
        ),
    }
}

/// An answer in which there is no text.
pub(super) fn no_text(body: &Value, provider: &str, secrets: &[SecretString]) -> CallError {
    let choice = body.pointer("/choices/0");
    let part = |pointer: &str| {
        choice
            .and_then(|choice| choice.pointer(pointer))
            .and_then(Value::as_str)
    };
    let what = match (choice, part("/message/refusal"), part("/finish_reason")) {
        (None, _, _) => format!(
            "answered without a choice, so there is no text: {}",
            text_of(&body.to_string())
        ),
        (_, Some(refusal), _) => format!("answered no text but a refusal: {refusal}"),
        (_, None, Some(reason)) => format!("answered no text, with finish reason `{reason}`"),
        (_, None, None) => "answered no text".to_owned(),
    };
    told(CallErrorKind::BadAnswer, what, provider, secrets)
}

fn of_status(
    status: StatusCode,
    body: &str,
    headers: &HeaderMap,
    provider: &str,
    secrets: &[SecretString],
) -> CallError {
    let kind = kind_of_status(status);
    let number = status.as_u16();
    let what = match (kind, status.is_redirection(), text_of(body)) {
        (_, true, _) => {
            format!("answered {number}: it leads to another address, which is not followed")
        }
        (_, _, text) if text.is_empty() => format!("answered {number}"),
        (_, _, text) => format!("answered {number}: {text}"),
    };
    let wait = match kind.is_retryable() {
        true => retry_after(headers, Timestamp::now()),
        false => None,
    };
    CallError {
        status: Some(number),
        retry_after_ms: wait.and_then(|wait| u64::try_from(wait.as_millis()).ok()),
        ..told(kind, what, provider, secrets)
    }
}

fn kind_of_status(status: StatusCode) -> CallErrorKind {
    match status.as_u16() {
        429 => CallErrorKind::RateLimited,
        408 | 409 | 425 | 500..=599 => CallErrorKind::ProviderUnavailable,
        // A redirect is a wrong address: every call would be led away alike.
        401 | 403 | 404 | 300..=399 => CallErrorKind::Refused,
        400..=499 => CallErrorKind::BadRequest,
        _ => CallErrorKind::BadAnswer,
    }
}

fn kind_of_transport(error: &reqwest::Error) -> CallErrorKind {
    match error {
        error if error.is_builder() => CallErrorKind::BadRequest,
        error if error.is_connect() => CallErrorKind::Unreachable,
        error if error.is_timeout() => CallErrorKind::Timeout,
        _ => CallErrorKind::Connection,
    }
}

/// The error and its causes, without the address.
fn describe(error: reqwest::Error) -> String {
    let error = error.without_url();
    let mut text = format!("could not be asked: {error}");
    let mut cause = std::error::Error::source(&error);
    while let Some(error) = cause {
        text.push_str(&format!(": {error}"));
        cause = error.source();
    }
    text
}

/// What a body says: the message of the usual error objects, else all of it.
fn text_of(body: &str) -> String {
    let json: Option<Value> = serde_json::from_str(body).ok();
    let message = json.as_ref().and_then(|json| {
        ["/error/message", "/error", "/message", "/detail"]
            .iter()
            .find_map(|pointer| json.pointer(pointer)?.as_str())
    });
    message.unwrap_or(body).trim().to_owned()
}

/// Secrets are taken out before the text is cut, so that no part of one is left.
fn told(kind: CallErrorKind, what: String, provider: &str, secrets: &[SecretString]) -> CallError {
    let mut text = what;
    for secret in secrets.iter().map(ExposeSecret::expose_secret) {
        if secret.len() >= SHORTEST_SECRET {
            text = text.replace(secret, "[secret]");
        }
    }
    let text = text.replace(char::is_control, " ");
    let text = match text.char_indices().nth(LONGEST_TEXT) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text,
    };
    CallError::new(kind, format!("provider `{provider}` {text}"))
}

/// The wait asked for, in seconds or as a date, up to an hour.
fn retry_after(headers: &HeaderMap, now: Timestamp) -> Option<Duration> {
    let text = headers.get(RETRY_AFTER)?.to_str().ok()?.trim();
    let wait = match text.parse::<f64>() {
        Ok(seconds) => {
            Duration::try_from_secs_f64(seconds.clamp(0.0, LONGEST_WAIT.as_secs_f64())).ok()?
        }
        Err(_) => {
            let until = rfc2822::parse(text).ok()?.timestamp();
            Duration::try_from(until.duration_since(now)).unwrap_or_default()
        }
    };
    Some(wait.min(LONGEST_WAIT))
}

#[cfg(test)]
mod tests {
    use reqwest::header::HeaderValue;

    use super::*;

    #[test]
    fn a_wait_is_given_in_seconds_or_as_a_date_and_is_at_most_an_hour() {
        let now: Timestamp = "2026-11-23T08:49:37Z".parse().unwrap();
        for (text, seconds) in [
            ("7", Some(7.0)),
            (" 0 ", Some(0.0)),
            ("1.5", Some(1.5)),
            ("-3", Some(0.0)),
            ("86400", Some(3600.0)),
            ("inf", Some(3600.0)),
            ("nan", None),
            ("Mon, 23 Nov 2026 08:50:07 GMT", Some(30.0)),
            ("Mon, 23 Nov 2026 08:00:00 GMT", Some(0.0)),
            ("Tue, 24 Nov 2026 08:50:07 GMT", Some(3600.0)),
            ("soon", None),
            ("", None),
        ] {
            let headers = HeaderMap::from_iter([(RETRY_AFTER, HeaderValue::from_static(text))]);
            assert_eq!(
                retry_after(&headers, now).map(|wait| wait.as_secs_f64()),
                seconds,
                "{text}"
            );
        }
        assert_eq!(retry_after(&HeaderMap::new(), now), None);
    }

    #[test]
    fn the_usual_error_objects_are_told_by_their_message() {
        for (body, text) in [
            (r#"{"error": {"message": "bad", "code": 1}}"#, "bad"),
            (r#"{"error": "bad"}"#, "bad"),
            (r#"{"message": "bad"}"#, "bad"),
            (r#"{"detail": "bad"}"#, "bad"),
            (r#"{"detail": ["bad"]}"#, r#"{"detail": ["bad"]}"#),
            (" <h1>bad</h1>\n", "<h1>bad</h1>"),
            ("", ""),
        ] {
            assert_eq!(text_of(body), text);
        }
    }

    #[test]
    fn long_texts_are_cut_and_no_part_of_a_secret_is_left() {
        let secrets = ["sk-secret-key".into(), "ab".into()];
        let text = format!("{}sk-secret-key ab\n", "é".repeat(LONGEST_TEXT - 5));
        let error = told(CallErrorKind::BadRequest, text, "p", &secrets);
        assert_eq!(
            error.message,
            format!("provider `p` {}[secr…", "é".repeat(LONGEST_TEXT - 5))
        );
    }
}
