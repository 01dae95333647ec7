//! The service under test: its router, and requests to it.

use std::sync::Arc;

use api::{AppState, Entrance, Limits, TemporalUi, Workflows};
use artifacts::Store;
use axum::Router;
use axum::body::Body;
use axum::http::{HeaderMap, Request};
use axum::response::Response;
use serde_json::{Value, json};
use tempfile::TempDir;
use tower::ServiceExt;

use crate::memory::Memory;

/// The router, and what is behind it.
pub(crate) struct Service {
    router: Router,
    pub(crate) memory: Arc<Memory>,
    pub(crate) store: Store,
    pub(crate) folder: TempDir,
}

/// An answer, read to its end.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Value,
}

impl Answer {
    pub(crate) fn pointers(&self) -> Vec<&str> {
        let errors = self.body["errors"].as_array();
        let errors = errors.unwrap_or_else(|| panic!("no faults: {}", self.body));
        errors
            .iter()
            .filter_map(|fault| fault["pointer"].as_str())
            .collect()
    }
}

impl Service {
    pub(crate) fn new() -> Self {
        Self::with(Limits::default())
    }

    pub(crate) fn with(limits: Limits) -> Self {
        Self::behind(limits, Entrance::default())
    }

    /// A service that does not let everybody in.
    pub(crate) fn behind(limits: Limits, entrance: Entrance) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let store = Store::open(folder.path().to_str().unwrap(), []).unwrap();
        let memory = Arc::new(Memory::default());
        let ui = TemporalUi {
            base: "http://ui.test".parse().unwrap(),
            namespace: "space".to_owned(),
        };
        let workflows: Arc<dyn Workflows> = Arc::<Memory>::clone(&memory);
        let state = AppState::new(workflows, store.clone(), Some(ui), &api::openapi());
        Self {
            router: api::router(state, limits, entrance),
            memory,
            store,
            folder,
        }
    }

    /// The answer as it comes.
    pub(crate) async fn answer(&self, request: Request<Body>) -> Response {
        self.router.clone().oneshot(request).await.unwrap()
    }

    pub(crate) async fn send(&self, request: Request<Body>) -> Answer {
        let response = self.answer(request).await;
        let (parts, body) = response.into_parts();
        let bytes = axum::body::to_bytes(body, usize::MAX).await.unwrap();
        Answer {
            status: parts.status.as_u16(),
            headers: parts.headers,
            body: serde_json::from_slice(&bytes).unwrap_or(Value::Null),
        }
    }

    pub(crate) async fn get(&self, path: &str) -> Answer {
        self.send(Request::get(path).body(Body::empty()).unwrap())
            .await
    }

    /// The status and the text of an answer that is no JSON, to its end.
    pub(crate) async fn text(&self, path: &str, last_event: Option<&str>) -> (u16, String) {
        let mut request = Request::get(path);
        if let Some(id) = last_event {
            request = request.header("last-event-id", id);
        }
        let request = request.body(Body::empty()).unwrap();
        let response = self.router.clone().oneshot(request).await.unwrap();
        let status = response.status().as_u16();
        let bytes = axum::body::to_bytes(response.into_body(), usize::MAX).await;
        (status, String::from_utf8(bytes.unwrap().to_vec()).unwrap())
    }

    pub(crate) async fn post(&self, path: &str, body: &Value) -> Answer {
        let request = Request::post(path).header("content-type", "application/json");
        self.send(request.body(Body::from(body.to_string())).unwrap())
            .await
    }

    /// How many files the artifact store holds.
    pub(crate) fn files(&self) -> usize {
        fn count(folder: &std::path::Path) -> usize {
            let entries = std::fs::read_dir(folder)
                .unwrap()
                .map(|entry| entry.unwrap().path());
            entries
                .map(|path| if path.is_dir() { count(&path) } else { 1 })
                .sum()
        }
        count(self.folder.path())
    }
}

/// A request that creates an experiment; `change` makes it another.
pub(crate) fn request(change: impl FnOnce(&mut Value)) -> Value {
    let mut body = json!({"experiment_name": "sums", "config": {
        "dataset": {"type": "inline", "items": [
            {"id": "1", "input": {"prompt": "2+2"}, "expected": "4", "output": "4"},
            {"id": "2", "input": {"prompt": "2+3"}, "expected": "5", "output": "6"},
        ]},
        "adapter": {"type": "recorded"},
        "models": [{"name": "a"}],
        "scorers": [{"type": "exact_match"}],
    }});
    change(&mut body);
    body
}
