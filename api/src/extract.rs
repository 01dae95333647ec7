//! What handlers take out of a request; what does not fit is refused in our words.

pub(crate) mod page;

use std::collections::HashMap;

use axum::body::Bytes;
use axum::extract::rejection::BytesRejection;
use axum::extract::{FromRequest, FromRequestParts, Request};
use axum::http::request::Parts;
use axum::http::{HeaderMap, StatusCode, header};
use serde::de::DeserializeOwned;
use serde_json::Value;

use crate::error::ApiError;

/// The parameters after the `?`; a parameter that is not known is refused.
pub(crate) struct Query<T>(pub(crate) T);

impl<T, S> FromRequestParts<S> for Query<T>
where
    T: DeserializeOwned,
    S: Send + Sync,
{
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, _state: &S) -> Result<Self, ApiError> {
        let pairs = url::form_urlencoded::parse(parts.uri.query().unwrap_or_default().as_bytes());
        let query = serde_urlencoded::Deserializer::new(pairs);
        serde_path_to_error::deserialize(query)
            .map(Self)
            .map_err(|error| {
                let pointer = match error.path().to_string().as_str() {
                    "." => String::new(),
                    parameter => format!("/{parameter}"),
                };
                ApiError::invalid(pointer, error.into_inner().to_string())
            })
    }
}

/// One part of the path, as text. What cannot be decoded names nothing that exists.
pub(crate) struct Id(pub(crate) String);

impl<S: Send + Sync> FromRequestParts<S> for Id {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, ApiError> {
        let path = axum::extract::Path::<HashMap<String, String>>::from_request_parts(parts, state);
        let Ok(axum::extract::Path(path)) = path.await else {
            return Err(ApiError::NoRoute);
        };
        path.into_values().next().map(Self).ok_or(ApiError::NoRoute)
    }
}

/// A body of JSON, not yet checked against anything.
pub(crate) struct JsonBody(pub(crate) Value);

impl<S: Send + Sync> FromRequest<S> for JsonBody {
    type Rejection = ApiError;

    async fn from_request(request: Request, state: &S) -> Result<Self, ApiError> {
        if !is_json(request.headers()) {
            return Err(ApiError::UnsupportedMediaType);
        }
        let limit = request
            .extensions()
            .get::<BodyLimit>()
            .map_or(0, |limit| limit.0);
        let bytes = Bytes::from_request(request, state)
            .await
            .map_err(|rejection| unread(rejection, limit))?;
        serde_json::from_slice(&bytes)
            .map(Self)
            .map_err(|error| ApiError::Malformed(error.to_string()))
    }
}

/// The most bytes a body may have, for the message that says so.
#[derive(Clone, Copy, Debug)]
pub(crate) struct BodyLimit(pub(crate) usize);

fn unread(rejection: BytesRejection, limit: usize) -> ApiError {
    match rejection.status() {
        StatusCode::PAYLOAD_TOO_LARGE => ApiError::TooLarge(limit),
        _ => ApiError::Malformed("it broke off before its end".to_owned()),
    }
}

/// `application/json`, or a type that is JSON underneath, such as `application/merge-patch+json`.
fn is_json(headers: &HeaderMap) -> bool {
    let content_type = headers
        .get(header::CONTENT_TYPE)
        .and_then(|value| value.to_str().ok());
    let essence = content_type
        .and_then(|value| value.split(';').next())
        .map(|essence| essence.trim().to_ascii_lowercase());
    essence.is_some_and(|essence| {
        essence == "application/json"
            || (essence.starts_with("application/") && essence.ends_with("+json"))
    })
}
