//! The bytes of a body, up to the limit. One that is too large is read on for a while, so that its sender hears why.

use axum::body::Body;
use axum::extract::Request;
use axum::http::{HeaderMap, header};
use futures::StreamExt;

use crate::error::ApiError;

/// How many times the limit is read and dropped before the sender is cut off.
const PATIENCE: usize = 8;

/// The most bytes a body may have.
#[derive(Clone, Copy, Debug)]
pub(crate) struct BodyLimit(pub(crate) usize);

/// Reads a body that is within the limit. A sender that is still writing when the connection closes sees it break, and
/// never reads the answer; so the rest of a body that is too large is read as well, and dropped.
pub(super) async fn read(request: Request) -> Result<Vec<u8>, ApiError> {
    let limit = request.extensions().get::<BodyLimit>();
    let limit = limit.map_or(0, |limit| limit.0);
    let (parts, body) = request.into_parts();
    let announced = announced(&parts.headers);
    let waits_for_a_word = parts.headers.contains_key(header::EXPECT);
    let is_endless = announced.is_some_and(|bytes| bytes > most_read(limit));
    if announced.is_some_and(|bytes| bytes > limit) && (waits_for_a_word || is_endless) {
        return Err(ApiError::TooLarge(limit));
    }
    let capacity = announced.unwrap_or_default().min(limit);
    collect(body, limit, capacity).await
}

async fn collect(body: Body, limit: usize, capacity: usize) -> Result<Vec<u8>, ApiError> {
    let mut kept = Vec::with_capacity(capacity);
    let mut dropped = 0;
    let mut stream = body.into_data_stream();
    while let Some(bytes) = stream.next().await {
        let broke_off = |_| ApiError::Malformed("it broke off before its end".to_owned());
        let bytes = bytes.map_err(broke_off)?;
        if dropped == 0 && kept.len() + bytes.len() <= limit {
            kept.extend_from_slice(&bytes);
            continue;
        }
        dropped += std::mem::take(&mut kept).len() + bytes.len();
        if dropped > most_read(limit) {
            break;
        }
    }
    match dropped {
        0 => Ok(kept),
        _ => Err(ApiError::TooLarge(limit)),
    }
}

fn most_read(limit: usize) -> usize {
    limit.saturating_mul(PATIENCE)
}

fn announced(headers: &HeaderMap) -> Option<usize> {
    headers
        .get(header::CONTENT_LENGTH)?
        .to_str()
        .ok()?
        .parse()
        .ok()
}
