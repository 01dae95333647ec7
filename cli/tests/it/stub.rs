//! An API over a real socket that gives prepared answers, and remembers what it was asked.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex};

use serde_json::{Value, json};
use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::net::{TcpListener, TcpStream};

/// A request as it came in.
#[derive(Clone, Debug)]
pub(crate) struct Request {
    /// Such as `GET /v1/experiments?page_size=20`.
    pub(crate) line: String,
    pub(crate) headers: String,
    pub(crate) body: Value,
}

/// Answers to the requests whose line begins as given, in turn; the last one is given again and again.
struct Route {
    beginning: &'static str,
    answers: VecDeque<(u16, Value)>,
}

/// The stub, which lives until the test ends.
pub(crate) struct Stub {
    pub(crate) url: String,
    routes: Arc<Mutex<Vec<Route>>>,
    requests: Arc<Mutex<Vec<Request>>>,
}

impl Stub {
    pub(crate) async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let stub = Self {
            url,
            routes: Arc::default(),
            requests: Arc::default(),
        };
        let (routes, requests) = (stub.routes.clone(), stub.requests.clone());
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let (routes, requests) = (routes.clone(), requests.clone());
                tokio::spawn(async move { serve(stream, &routes, &requests).await });
            }
        });
        stub
    }

    /// Answers requests whose line begins so; the longest beginning wins.
    pub(crate) fn on(
        &self,
        beginning: &'static str,
        answers: impl IntoIterator<Item = (u16, Value)>,
    ) {
        let answers = answers.into_iter().collect();
        self.routes
            .lock()
            .unwrap()
            .push(Route { beginning, answers });
    }

    pub(crate) fn requests(&self) -> Vec<Request> {
        self.requests.lock().unwrap().clone()
    }
}

async fn serve(stream: TcpStream, routes: &Mutex<Vec<Route>>, requests: &Mutex<Vec<Request>>) {
    let mut stream = BufReader::new(stream);
    while let Some(request) = read(&mut stream).await {
        let (status, body) = answer(&request, routes);
        requests.lock().unwrap().push(request);
        let body = body.to_string();
        let head = format!(
            "HTTP/1.1 {status} -\r\ncontent-type: application/json\r\ncontent-length: {}\r\n\r\n",
            body.len()
        );
        stream.write_all(head.as_bytes()).await.unwrap();
        stream.write_all(body.as_bytes()).await.unwrap();
    }
}

/// The next request, or none when the client has left.
async fn read(stream: &mut BufReader<TcpStream>) -> Option<Request> {
    let mut head = String::new();
    while !head.ends_with("\r\n\r\n") {
        if stream.read_line(&mut head).await.ok()? == 0 {
            return None;
        }
    }
    let (line, headers) = head.split_once("\r\n")?;
    let headers = headers.to_lowercase();
    let length = headers
        .lines()
        .find_map(|header| header.strip_prefix("content-length: "));
    let mut body = vec![0; length.map_or(0, |length| length.parse().unwrap())];
    stream.read_exact(&mut body).await.ok()?;
    Some(Request {
        line: line.trim_end_matches(" HTTP/1.1").to_owned(),
        headers,
        body: serde_json::from_slice(&body).unwrap_or_default(),
    })
}

fn answer(request: &Request, routes: &Mutex<Vec<Route>>) -> (u16, Value) {
    let mut routes = routes.lock().unwrap();
    let route = routes
        .iter_mut()
        .filter(|route| request.line.starts_with(route.beginning))
        .max_by_key(|route| route.beginning.len());
    match route {
        Some(route) if route.answers.len() > 1 => route.answers.pop_front().unwrap(),
        Some(route) => route.answers[0].clone(),
        None => problem(404, "not_found", "there is no such thing", json!([])),
    }
}

pub(crate) fn problem(status: u16, code: &str, detail: &str, errors: Value) -> (u16, Value) {
    let problem = json!({
        "type": format!("/problems/{code}"), "title": "A problem", "status": status,
        "code": code, "detail": detail, "errors": errors, "request_id": "req-1",
    });
    (status, problem)
}

/// An experiment `e1` of one model, with so many of four items done.
pub(crate) fn experiment(status: &str, done: u64) -> Value {
    json!({
        "id": "e1", "experiment_name": "sums", "status": status,
        "created_at": "2026-01-02T03:04:05Z",
        "models": [{
            "model": "a", "workflow_id": "e1", "status": status,
            "stage": if status == "running" { "evaluating" } else { "done" },
            "dataset": {"dataset_id": "d", "count": 4, "chunk_size": 25},
            "items_done": done,
            "generated": generated(done),
            "states": {"ok": done, "generation_failed": 0, "scorer_failed": 0, "skipped": 0},
            "scorers": [scorer(done)],
        }],
        "links": links(),
    })
}

pub(crate) fn summary(status: &str) -> Value {
    json!({
        "experiment_id": "e1", "experiment_name": "sums", "status": status,
        "models": [{
            "model": "a", "status": status, "generated": generated(4), "scorers": [scorer(4)],
            "states": {"ok": 4, "generation_failed": 0, "scorer_failed": 0, "skipped": 0},
        }],
    })
}

pub(crate) fn links() -> Value {
    json!({
        "self": "/v1/experiments/e1", "results": "/v1/experiments/e1/results",
        "summary": "/v1/experiments/e1/summary", "workflow": "/v1/workflows/e1",
        "temporal_ui": "http://127.0.0.1:8088/namespaces/default/workflows/e1",
    })
}

fn generated(answered: u64) -> Value {
    json!({"answered": answered, "failed": 0, "calls": answered,
           "usage": {"input_tokens": 0, "output_tokens": 0}})
}

fn scorer(count: u64) -> Value {
    json!({
        "scorer": "numeric", "count": count, "errors": 0, "mean": 0.75,
        "confidence_interval": {"low": 0.301, "high": 0.954, "method": "wilson"},
        "histogram": {"bins": [1, 0, 0, 0, 0, 0, 0, 0, 0, 3], "below": 0, "above": 0},
    })
}
