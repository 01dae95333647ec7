//! A model server for tests: real sockets, one reply for every request, and a record of the requests.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use artifacts::run::{Caller, Run};
use domain::item::DatasetItem;
use domain::output::{Answer, CallError};
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

use super::{Adapter, Resources};
use crate::providers::{Api, Key, Provider, Providers};

/// The API key of the stub.
pub(super) const KEY: &str = "sk-very-secret-key";

pub(super) struct Stub {
    port: u16,
    requests: Arc<Mutex<Vec<Request>>>,
}

/// What every request is answered.
#[derive(Clone)]
pub(super) enum Reply {
    Text {
        status: u16,
        headers: String,
        body: String,
    },
    /// The request is read and never answered.
    Silence,
    /// Events, after which nothing comes and nothing ends.
    Stalls(String),
    /// The connection is closed without an answer.
    HangUp,
    /// The connection is closed in the midst of the body.
    CutShort {
        content_type: &'static str,
        body: String,
    },
}

#[derive(Clone)]
pub(super) struct Request {
    /// Request line and headers.
    pub(super) head: String,
    pub(super) body: Value,
}

impl Reply {
    pub(super) fn json(status: u16, body: Value) -> Self {
        Self::text(status, "application/json", &body.to_string())
    }

    pub(super) fn text(status: u16, content_type: &str, body: &str) -> Self {
        Self::Text {
            status,
            headers: format!("content-type: {content_type}\r\n"),
            body: body.to_owned(),
        }
    }

    pub(super) fn with_header(mut self, name: &str, value: &str) -> Self {
        if let Self::Text { headers, .. } = &mut self {
            headers.push_str(&format!("{name}: {value}\r\n"));
        }
        self
    }

    fn bytes(&self) -> String {
        match self {
            Self::Text {
                status,
                headers,
                body,
            } => {
                let length = match status {
                    204 => String::new(),
                    _ => format!("content-length: {}\r\n", body.len()),
                };
                format!("HTTP/1.1 {status} X\r\nconnection: close\r\n{length}{headers}\r\n{body}")
            }
            Self::CutShort { content_type, body } => {
                let length = body.len() + 99;
                format!(
                    "HTTP/1.1 200 OK\r\ncontent-type: {content_type}\r\ncontent-length: {length}\r\n\r\n{body}"
                )
            }
            Self::Stalls(events) => {
                format!("HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\n\r\n{events}")
            }
            Self::Silence | Self::HangUp => String::new(),
        }
    }
}

impl Request {
    pub(super) fn has_header(&self, name: &str, value: &str) -> bool {
        self.head.lines().any(|line| {
            line.split_once(": ")
                .is_some_and(|header| header.0.eq_ignore_ascii_case(name) && header.1 == value)
        })
    }
}

impl Stub {
    pub(super) async fn start(reply: Reply) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let requests = Arc::default();
        let stub = Self {
            port,
            requests: Arc::clone(&requests),
        };
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                tokio::spawn(serve(stream, reply.clone(), Arc::clone(&requests)));
            }
        });
        stub
    }

    /// An address at which nobody listens any more.
    pub(super) async fn gone() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        Self {
            port: listener.local_addr().unwrap().port(),
            requests: Arc::default(),
        }
    }

    pub(super) fn base_url(&self) -> String {
        format!("http://127.0.0.1:{}/base/v1?api-version=1", self.port)
    }

    pub(super) fn requests(&self) -> Vec<Request> {
        self.requests.lock().unwrap().clone()
    }

    /// The only request so far.
    pub(super) fn request(&self) -> Request {
        let requests = self.requests();
        assert_eq!(requests.len(), 1);
        requests[0].clone()
    }
}

pub(super) fn item() -> DatasetItem {
    serde_json::from_value(json!({"id": "1", "input": {"prompt": "2+2?"}})).unwrap()
}

/// The stub as a provider with a key and a header of its own.
pub(super) fn provider(stub: &Stub, api: Api) -> Provider {
    let provider = Provider::new(&stub.base_url(), Key::Present(KEY.into()));
    let provider = provider.and_then(|it| it.with_header("X-Team", "evaluations".into()));
    provider.unwrap().with_api(api)
}

/// An adapter that asks a provider.
pub(super) async fn open_at(
    provider: Provider,
    mut config: Value,
    model: &str,
) -> Result<Adapter, CallError> {
    let providers = Providers::standard().with("stub", provider);
    let resources = Resources::new(providers, ".".into()).unwrap();
    config["provider"] = json!("stub");
    let config = serde_json::from_value(config).unwrap();
    let caller = Caller::outputs(&Run {
        experiment: "e".parse().unwrap(),
        index: 0,
        round: 0,
    });
    let timeout = Duration::from_secs(20);
    Adapter::open(&config, model, &caller, timeout, &resources).await
}

/// An adapter that asks the stub.
pub(super) async fn open(
    stub: &Stub,
    api: Api,
    config: Value,
    model: &str,
) -> Result<Adapter, CallError> {
    open_at(provider(stub, api), config, model).await
}

/// Asks the stub once, and gives back what it was asked.
pub(super) async fn ask(
    api: Api,
    config: Value,
    reply: Reply,
) -> (Result<Answer, CallError>, Option<Request>) {
    let stub = Stub::start(reply).await;
    let adapter = open(&stub, api, config, "m").await.unwrap();
    let answer = adapter.answer(&item(), 0).await;
    (answer, stub.requests().into_iter().next())
}

pub(super) fn completion(message: Value) -> Reply {
    let choice = json!({"index": 0, "finish_reason": "length", "message": message});
    Reply::json(
        200,
        json!({"id": "c", "model": "m-2026", "choices": [choice]}),
    )
}

async fn serve(mut stream: TcpStream, reply: Reply, requests: Arc<Mutex<Vec<Request>>>) {
    let mut received = Vec::new();
    let mut buffer = [0; 4096];
    let request = loop {
        let read = stream.read(&mut buffer).await.unwrap_or(0);
        received.extend_from_slice(&buffer[..read]);
        if let Some(request) = parse(&received) {
            break request;
        }
        if read == 0 {
            return;
        }
    };
    requests.lock().unwrap().push(request);
    if matches!(reply, Reply::Silence) {
        std::future::pending::<()>().await;
    }
    let _ = stream.write_all(reply.bytes().as_bytes()).await;
    if matches!(reply, Reply::Stalls(_)) {
        std::future::pending::<()>().await;
    }
    let _ = stream.shutdown().await;
}

/// The request, once all of it is there; one without a length has no body.
fn parse(received: &[u8]) -> Option<Request> {
    let text = std::str::from_utf8(received).ok()?;
    let (head, body) = text.split_once("\r\n\r\n")?;
    let body = match head.to_ascii_lowercase().contains("content-length") {
        true => serde_json::from_str(body).ok()?,
        false => Value::Null,
    };
    Some(Request {
        head: head.to_owned(),
        body,
    })
}
