//! In which form results are wanted.

use std::str::FromStr;

use axum::http::{HeaderMap, header};
use headers_accept::Accept;
use mediatype::names::{APPLICATION, CSV, JSON, TEXT};
use mediatype::{MediaType, Name};
use tables::Format;

use crate::error::ApiError;

/// Pages of JSON, or a file of this format and media type.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Form {
    Page,
    File(Format, &'static str),
}

/// What there is, the preferred first; <https://github.com/ndjson/ndjson-spec> and <https://jsonlines.org> name the same thing.
static FORMS: [(MediaType<'static>, Form); 5] = [
    (MediaType::new(APPLICATION, JSON), Form::Page),
    (
        MediaType::new(APPLICATION, Name::new_unchecked("x-ndjson")),
        Form::File(Format::Jsonl, "application/x-ndjson"),
    ),
    (
        MediaType::new(APPLICATION, Name::new_unchecked("jsonl")),
        Form::File(Format::Jsonl, "application/jsonl"),
    ),
    (
        MediaType::new(TEXT, CSV),
        Form::File(Format::Csv, "text/csv; charset=utf-8; header=present"),
    ),
    (
        MediaType::new(APPLICATION, Name::new_unchecked("vnd.apache.parquet")),
        Form::File(Format::Parquet, "application/vnd.apache.parquet"),
    ),
];

impl Form {
    /// The form that a request prefers. Who does not say, or not in a way that can be read, is given pages.
    pub(super) fn wanted(headers: &HeaderMap) -> Result<Self, ApiError> {
        let values = headers.get_all(header::ACCEPT).iter();
        let values: Vec<&str> = values.filter_map(|value| value.to_str().ok()).collect();
        let Ok(accept) = Accept::from_str(&values.join(",")) else {
            return Ok(Self::Page);
        };
        if accept.media_types().next().is_none() {
            return Ok(Self::Page);
        }
        let wanted = accept.negotiate(FORMS.iter().map(|(media_type, _)| media_type));
        let form = FORMS.iter().find(|(known, _)| wanted == Some(known));
        form.map(|(_, form)| *form).ok_or(ApiError::NotAcceptable)
    }
}

#[cfg(test)]
mod tests {
    use axum::http::HeaderValue;

    use super::*;

    fn wanted(accept: &'static str) -> Option<Form> {
        let mut headers = HeaderMap::new();
        headers.insert(header::ACCEPT, HeaderValue::from_static(accept));
        Form::wanted(&headers).ok()
    }

    #[test]
    fn the_preferred_form_is_given_and_pages_to_whoever_does_not_say() {
        let csv = Some(FORMS[3].1);
        assert_eq!(Form::wanted(&HeaderMap::new()).unwrap(), Form::Page);
        for accept in [
            "*/*",
            "",
            "application/*",
            "application/json, text/csv;q=0.9",
            "text/html, application/xhtml+xml, */*;q=0.8",
            "text/html, *; q=.2",
        ] {
            assert_eq!(wanted(accept), Some(Form::Page), "{accept}");
        }
        for accept in ["text/csv", "text/*", "application/json;q=0.1, text/csv"] {
            assert_eq!(wanted(accept), csv, "{accept}");
        }
        for accept in [
            "text/html",
            "application/json;q=0",
            "image/png, text/csv;q=0",
        ] {
            assert_eq!(wanted(accept), None, "{accept}");
        }
    }
}
