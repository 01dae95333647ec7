//! What handlers take out of a request; what does not fit is refused in our words.

pub(crate) mod body;
pub(crate) mod page;
pub(crate) mod seed;

use std::collections::HashMap;

use axum::extract::{FromRequest, FromRequestParts, Request};
use axum::http::request::Parts;
use axum::http::{HeaderMap, header};
use serde::de::DeserializeOwned;
use serde_json::{Map, Value};

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

/// The parts of a path that has several, by their names.
pub(crate) struct Ids(HashMap<String, String>);

impl Ids {
    pub(crate) fn get(&self, name: &str) -> Result<&str, ApiError> {
        self.0
            .get(name)
            .map(String::as_str)
            .ok_or(ApiError::NoRoute)
    }
}

impl<S: Send + Sync> FromRequestParts<S> for Ids {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, ApiError> {
        let path = axum::extract::Path::<HashMap<String, String>>::from_request_parts(parts, state);
        match path.await {
            Ok(axum::extract::Path(path)) => Ok(Self(path)),
            Err(_) => Err(ApiError::NoRoute),
        }
    }
}

/// A body as it is.
pub(crate) struct Bytes(pub(crate) Vec<u8>);

impl<S: Send + Sync> FromRequest<S> for Bytes {
    type Rejection = ApiError;

    async fn from_request(request: Request, _state: &S) -> Result<Self, ApiError> {
        body::read(request).await.map(Self)
    }
}

/// A body of JSON, not yet checked against anything.
pub(crate) struct JsonBody(pub(crate) Value);

impl<S: Send + Sync> FromRequest<S> for JsonBody {
    type Rejection = ApiError;

    async fn from_request(request: Request, _state: &S) -> Result<Self, ApiError> {
        if !is_json(request.headers()) {
            return Err(ApiError::UnsupportedMediaType);
        }
        parsed(&body::read(request).await?).map(Self)
    }
}

/// A body of JSON that may be left out: then it is an empty object.
pub(crate) struct OptionalJsonBody(pub(crate) Value);

impl<S: Send + Sync> FromRequest<S> for OptionalJsonBody {
    type Rejection = ApiError;

    async fn from_request(request: Request, _state: &S) -> Result<Self, ApiError> {
        let is_json = is_json(request.headers());
        let bytes = body::read(request).await?;
        match (bytes.is_empty(), is_json) {
            (true, _) => Ok(Self(Value::Object(Map::new()))),
            (false, false) => Err(ApiError::UnsupportedMediaType),
            (false, true) => parsed(&bytes).map(Self),
        }
    }
}

fn parsed(bytes: &[u8]) -> Result<Value, ApiError> {
    serde_json::from_slice(bytes).map_err(|error| ApiError::Malformed(error.to_string()))
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
