//! From a failed call to a kind of failure, in words that show no secret.

use std::time::Duration;

use domain::output::{CallError, CallErrorKind};
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

/// How the failures of one provider are told: by its name, and without its secrets.
#[derive(Clone)]
pub(super) struct Wording {
    pub(super) provider: String,
    pub(super) secrets: Vec<SecretString>,
}

impl Wording {
    /// What the provider has done. Secrets are taken out before the text is cut, so that no part of one is left.
    pub(super) fn told(&self, kind: CallErrorKind, what: String) -> CallError {
        let mut text = what;
        for secret in self.secrets.iter().map(ExposeSecret::expose_secret) {
            if secret.len() >= SHORTEST_SECRET {
                text = text.replace(secret, "[secret]");
            }
        }
        let text = text.replace(char::is_control, " ");
        let text = match text.char_indices().nth(LONGEST_TEXT) {
            Some((end, _)) => format!("{}…", &text[..end]),
            None => text,
        };
        CallError::new(kind, format!("provider `{}` {text}", self.provider))
    }

    /// An answer that was not understood.
    pub(super) fn bad_answer(&self, what: impl Into<String>) -> CallError {
        self.told(CallErrorKind::BadAnswer, what.into())
    }

    /// An answer with a status other than success.
    pub(super) fn of_status(
        &self,
        status: StatusCode,
        body: &str,
        headers: &HeaderMap,
    ) -> CallError {
        let kind = match kind_of_status(status) {
            // Google answers 400 to a key that it does not know.
            CallErrorKind::BadRequest if body.contains("API_KEY_INVALID") => CallErrorKind::Refused,
            kind => kind,
        };
        let number = status.as_u16();
        let what = match (status.is_redirection(), text_of(body)) {
            (true, _) => {
                format!("answered {number}: it leads to another address, which is not followed")
            }
            (_, text) if text.is_empty() => format!("answered {number}"),
            (_, text) => format!("answered {number}: {text}"),
        };
        let wait = match kind.is_retryable() {
            true => retry_after(headers, Timestamp::now()),
            false => None,
        };
        CallError {
            status: Some(number),
            retry_after_ms: wait.and_then(|wait| u64::try_from(wait.as_millis()).ok()),
            ..self.told(kind, what)
        }
    }

    /// A call that was broken off, or never made.
    pub(super) fn of_transport(&self, error: reqwest::Error) -> CallError {
        self.told(kind_of_transport(&error), describe(error))
    }

    pub(super) fn timed_out(&self, limit: Duration) -> CallError {
        let limit = humantime::format_duration(limit);
        let message = format!("provider `{}` gave no answer within {limit}", self.provider);
        CallError::new(CallErrorKind::Timeout, message)
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
pub(super) fn text_of(body: &str) -> String {
    let json: Option<Value> = serde_json::from_str(body).ok();
    let message = json.as_ref().and_then(|json| {
        ["/error/message", "/error", "/message", "/detail"]
            .iter()
            .find_map(|pointer| json.pointer(pointer)?.as_str())
    });
    message.unwrap_or(body).trim().to_owned()
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
        let wording = Wording {
            provider: "p".to_owned(),
            secrets: vec!["sk-secret-key".into(), "ab".into()],
        };
        let text = format!("{}sk-secret-key ab\n", "é".repeat(LONGEST_TEXT - 5));
        let error = wording.told(CallErrorKind::BadRequest, text);
        assert_eq!(
            error.message,
            format!("provider `p` {}[secr…", "é".repeat(LONGEST_TEXT - 5))
        );
    }
}
