//! The bytes of a body, up to the limit. One that is too large is read on for a while, so that its sender hears why.

use std::error::Error;

use axum::body::Body;
use axum::extract::Request;
use axum::http::{HeaderMap, header};
use futures::StreamExt;
use tower_http::timeout::TimeoutError;

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
        let bytes = bytes.map_err(|error| broken_off(&error))?;
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

/// What is said of a body that ends before its end.
fn broken_off(error: &axum::Error) -> ApiError {
    let mut cause: Option<&dyn Error> = Some(error);
    let mut has_stalled = false;
    while let Some(error) = cause {
        has_stalled |= error.is::<TimeoutError>();
        cause = error.source();
    }
    match has_stalled {
        true => ApiError::Stalled,
        false => ApiError::Malformed("it broke off before its end".to_owned()),
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

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::sync::atomic::{AtomicUsize, Ordering};

    use axum::http::request::Builder;
    use futures::stream;

    use super::*;

    const LIMIT: usize = 100;

    /// What is said of a body of so many pieces of ten bytes, and how many of them were taken.
    async fn sent(request: Builder, pieces: usize) -> (Result<Vec<u8>, ApiError>, usize) {
        let taken = Arc::new(AtomicUsize::new(0));
        let count = Arc::clone(&taken);
        let pieces = stream::iter(0..pieces).map(move |_| {
            count.fetch_add(1, Ordering::Relaxed);
            Ok::<_, std::io::Error>(vec![b' '; 10])
        });
        let mut request = request.body(Body::from_stream(pieces)).unwrap();
        request.extensions_mut().insert(BodyLimit(LIMIT));
        let said = read(request).await;
        (said, taken.load(Ordering::Relaxed))
    }

    #[tokio::test]
    async fn a_body_that_is_too_large_is_read_on_for_a_while() {
        let (said, _) = sent(Request::post("/"), 10).await;
        assert_eq!(said.unwrap().len(), LIMIT);
        for (pieces, expected) in [(11, 11), (80, 80), (1000, 81)] {
            let (said, taken) = sent(Request::post("/"), pieces).await;
            assert!(matches!(said, Err(ApiError::TooLarge(LIMIT))), "{pieces}");
            assert_eq!(taken, expected, "{pieces}");
        }
    }

    #[tokio::test]
    async fn nothing_is_read_of_a_body_whose_sender_asks_first_or_would_never_end() {
        let polite = Request::post("/")
            .header("content-length", "200")
            .header("expect", "100-continue");
        let endless = Request::post("/").header("content-length", "801");
        for request in [polite, endless] {
            let (said, taken) = sent(request, 20).await;
            assert!(matches!(said, Err(ApiError::TooLarge(LIMIT))));
            assert_eq!(taken, 0);
        }
    }
}
