//! The address at which a program without an HTTP service of its own tells its metrics, and that it lives.

use std::convert::Infallible;
use std::net::SocketAddr;

use anyhow::Context;
use http_body_util::Full;
use hyper::body::{Bytes, Incoming};
use hyper::header::{CONTENT_TYPE, HeaderValue};
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper::{Method, Request, Response, StatusCode};
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;

use super::Recorded;

/// Answers `GET /metrics` and `GET /healthz` until `shutdown`; gives the address that it listens on.
pub async fn serve(
    listen: SocketAddr,
    recorded: Recorded,
    shutdown: CancellationToken,
) -> anyhow::Result<SocketAddr> {
    let listener = TcpListener::bind(listen)
        .await
        .with_context(|| format!("{listen} cannot be listened on"))?;
    let address = listener.local_addr()?;
    tokio::spawn(shutdown.run_until_cancelled_owned(accept(listener, recorded)));
    Ok(address)
}

async fn accept(listener: TcpListener, recorded: Recorded) {
    loop {
        let Ok((stream, _)) = listener.accept().await else {
            // Too many open files, for instance: others give theirs back.
            tokio::time::sleep(std::time::Duration::from_millis(100)).await;
            continue;
        };
        let recorded = recorded.clone();
        tokio::spawn(async move {
            let answering = service_fn(move |request| {
                let response = answer(&request, &recorded);
                async move { Ok::<_, Infallible>(response) }
            });
            let connection = http1::Builder::new()
                .timer(TokioTimer::new())
                .serve_connection(TokioIo::new(stream), answering);
            if let Err(error) = connection.await {
                tracing::debug!(%error, "a connection to the metrics broke");
            }
        });
    }
}

fn answer(request: &Request<Incoming>, recorded: &Recorded) -> Response<Full<Bytes>> {
    let is_get = [Method::GET, Method::HEAD].contains(request.method());
    let (status, content_type, body) = match request.uri().path() {
        "/metrics" if is_get => (StatusCode::OK, super::CONTENT_TYPE, recorded.render()),
        "/healthz" if is_get => (
            StatusCode::OK,
            "application/json",
            r#"{"status":"ok"}"#.to_owned(),
        ),
        "/metrics" | "/healthz" => (StatusCode::METHOD_NOT_ALLOWED, "text/plain", String::new()),
        _ => (StatusCode::NOT_FOUND, "text/plain", String::new()),
    };
    let mut response = Response::new(Full::from(body));
    *response.status_mut() = status;
    let content_type = HeaderValue::from_static(content_type);
    response.headers_mut().insert(CONTENT_TYPE, content_type);
    response
}
