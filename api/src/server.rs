//! The server's own loop: connections are accepted up to a number, and each is closed when its client keeps it waiting.
//!
//! `patience` is the connection that gives up on a silent client, `flushed` an answer that breaks off after its status,
//! `unread` what is answered to a request that hyper cannot read; the protocol itself is hyper's.

mod flushed;
mod patience;
mod unread;

use std::convert::Infallible;
use std::io;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use hyper::Request;
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::server::graceful::GracefulShutdown;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio_util::sync::CancellationToken;
use tower::Service;

use self::flushed::Flushed;
use self::patience::{Patient, Turns};
use crate::held::Held;

/// The most bytes of a request's line and headers. More are answered with 431.
pub(crate) const HEADER_BYTES: usize = 32 * 1024;

/// How long nothing is accepted after the system has refused a connection, as it does when no file can be opened.
const AFTER_REFUSAL: Duration = Duration::from_secs(1);

/// What bounds connections.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Bounds {
    /// How many are open at once. Further clients wait in the queue of the system.
    pub(crate) connections: u32,
    /// How long one may be open between two requests.
    pub(crate) idle: Duration,
    /// How long a client may take to send the line and the headers of a request.
    pub(crate) head: Duration,
}

/// Serves until `stop`, and then until the last request under way has been answered.
pub(crate) async fn serve(
    listener: TcpListener,
    router: Router,
    bounds: Bounds,
    stop: CancellationToken,
) {
    let places = Arc::new(Semaphore::new(bounds.connections as usize));
    let protocol = protocol(bounds);
    let connections = GracefulShutdown::new();
    while let Some((stream, place)) = stop.run_until_cancelled(next(&listener, &places)).await {
        let turns = Turns::default();
        let stream = TokioIo::new(Patient::new(stream, turns.clone(), bounds.head));
        let router = router.clone();
        let service = service_fn(move |request: Request<Incoming>| {
            let turn = turns.begin();
            let answer = router.clone().call(request);
            async move {
                let answer = answer.await?;
                Ok::<_, Infallible>(answer.map(|body| Flushed::new(Held::new(body, turn))))
            }
        });
        let connection = connections.watch(protocol.serve_connection(stream, service));
        tokio::spawn(async move {
            // A connection that breaks has nobody left to be told.
            let _ = connection.await;
            drop(place);
        });
    }
    drop(listener);
    connections.shutdown().await;
}

fn protocol(bounds: Bounds) -> http1::Builder {
    let mut protocol = http1::Builder::new();
    protocol
        .timer(TokioTimer::new())
        // Runs from the end of a request to the end of the next one's headers, the wait between them included.
        .header_read_timeout(bounds.idle.max(bounds.head))
        .max_header_size(HEADER_BYTES);
    protocol
}

/// The next connection, once there is a place for it.
async fn next(
    listener: &TcpListener,
    places: &Arc<Semaphore>,
) -> (TcpStream, OwnedSemaphorePermit) {
    let place = Arc::clone(places).acquire_owned().await;
    let place = place.expect("it is never closed");
    loop {
        match listener.accept().await {
            Ok((stream, _)) => {
                // Events are small, and are not to wait for more of them.
                let _ = stream.set_nodelay(true);
                return (stream, place);
            }
            Err(error) if is_of_the_client(&error) => {}
            Err(error) => {
                tracing::error!(%error, "no connection can be accepted");
                tokio::time::sleep(AFTER_REFUSAL).await;
            }
        }
    }
}

/// Whether the client has gone before it was accepted, which says nothing of the next one.
fn is_of_the_client(error: &io::Error) -> bool {
    matches!(
        error.kind(),
        io::ErrorKind::ConnectionRefused
            | io::ErrorKind::ConnectionAborted
            | io::ErrorKind::ConnectionReset
    )
}
