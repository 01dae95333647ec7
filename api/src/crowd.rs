//! How many requests are in work at once. Those that watch are counted apart, so that they keep nobody else out.

use std::sync::Arc;
use std::time::Duration;

use axum::body::Body;
use axum::extract::{Request, State};
use axum::http::Uri;
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::timeout;
use url::form_urlencoded;

use crate::auth;
use crate::error::ApiError;
use crate::held::Held;

/// How long a request waits for a place before it is refused.
const PATIENCE: Duration = Duration::from_secs(1);

/// The places of requests. A request keeps its own until its answer is sent.
#[derive(Debug)]
pub(crate) struct Crowd {
    working: Arc<Semaphore>,
    watching: Arc<Semaphore>,
    patience: Duration,
}

impl Crowd {
    /// So many requests in work, and beside them so many that watch.
    pub(crate) fn new(working: u32, watching: u32) -> Self {
        let places = |count: u32| Arc::new(Semaphore::new(count as usize));
        Self {
            working: places(working),
            watching: places(watching),
            patience: PATIENCE,
        }
    }

    async fn place(&self, uri: &Uri) -> Result<OwnedSemaphorePermit, ApiError> {
        let places = match watches(uri) {
            true => &self.watching,
            false => &self.working,
        };
        if let Ok(place) = Arc::clone(places).try_acquire_owned() {
            return Ok(place);
        }
        let place = timeout(self.patience, Arc::clone(places).acquire_owned()).await;
        place.ok().and_then(Result::ok).ok_or(ApiError::Busy)
    }
}

/// Whether a request waits for what happens next: a stream of events, or an answer that waits.
fn watches(uri: &Uri) -> bool {
    let query = uri.query().unwrap_or_default().as_bytes();
    uri.path().ends_with("/events") || form_urlencoded::parse(query).any(|(key, _)| key == "wait")
}

/// Gives a request a place, or refuses it. What is open to everybody is answered in any crowd.
pub(crate) async fn admit(
    State(crowd): State<Arc<Crowd>>,
    request: Request,
    next: Next,
) -> Response {
    if auth::is_open(request.uri().path()) {
        return next.run(request).await;
    }
    match crowd.place(request.uri()).await {
        Ok(place) => next
            .run(request)
            .await
            .map(|body| Body::new(Held::new(body, place))),
        Err(error) => error.into_response(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn streams_and_answers_that_wait_are_watches() {
        for (uri, is_watch) in [
            ("/v1/experiments/e/events", true),
            ("/v1/experiments/e?wait=30s", true),
            ("/v1/experiments/e?a=b&wait=1s", true),
            ("/v1/experiments/e", false),
            ("/v1/experiments?name=wait", false),
        ] {
            assert_eq!(watches(&uri.parse().unwrap()), is_watch, "{uri}");
        }
    }

    #[tokio::test]
    async fn watches_leave_the_places_of_others_alone() {
        let mut crowd = Crowd::new(1, 1);
        crowd.patience = Duration::ZERO;
        let (watch, other) = (
            Uri::from_static("/e/events"),
            Uri::from_static("/v1/experiments"),
        );
        let watching = crowd.place(&watch).await.unwrap();
        assert!(matches!(crowd.place(&watch).await, Err(ApiError::Busy)));
        let working = crowd.place(&other).await.unwrap();
        assert!(matches!(crowd.place(&other).await, Err(ApiError::Busy)));
        drop((watching, working));
        for freed in [watch, other] {
            assert!(crowd.place(&freed).await.is_ok());
        }
    }
}
