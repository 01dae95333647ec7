//! A body that fails only after what it has sent is on its way: hyper drops what it has not written when a body fails, and
//! if that is the status, the client takes the failure for one of the network.

use std::pin::Pin;
use std::task::{Context, Poll, ready};

use axum::body::HttpBody;
use hyper::body::{Frame, SizeHint};

/// The body, and its failure while what came before that is written. Nothing may stand between it and hyper, which writes
/// what it has whenever it has to wait.
pub(super) struct Flushed<B: HttpBody> {
    body: B,
    failure: Option<B::Error>,
}

impl<B: HttpBody> Flushed<B> {
    pub(super) fn new(body: B) -> Self {
        Self {
            body,
            failure: None,
        }
    }
}

impl<B: HttpBody + Unpin> HttpBody for Flushed<B>
where
    B::Error: Unpin,
{
    type Data = B::Data;
    type Error = B::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<B::Data>, B::Error>>> {
        if let Some(failure) = self.failure.take() {
            return Poll::Ready(Some(Err(failure)));
        }
        match ready!(Pin::new(&mut self.body).poll_frame(cx)) {
            Some(Err(failure)) => {
                self.failure = Some(failure);
                cx.waker().wake_by_ref();
                Poll::Pending
            }
            frame => Poll::Ready(frame),
        }
    }

    fn is_end_stream(&self) -> bool {
        self.failure.is_none() && self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}

#[cfg(test)]
mod tests {
    use axum::body::{Body, Bytes};
    use axum::extract::Request;
    use axum::response::Response;
    use axum::{Router, routing};
    use futures::stream;
    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    use tokio::net::{TcpListener, TcpStream};
    use tokio_util::sync::CancellationToken;
    use tower_http::compression::CompressionLayer;

    use crate::server::{Bounds, serve};
    use std::time::Duration;

    /// A body that has all of its parts at once, the last of which is a failure.
    async fn broken(_: Request) -> Response {
        let parts = [Ok(Bytes::from_static(b"row 1\n")), Err("unreadable")];
        let mut response = Response::new(Body::from_stream(stream::iter(parts)));
        let text = "text/csv".parse().unwrap();
        response.headers_mut().insert("content-type", text);
        response
    }

    #[tokio::test]
    async fn the_status_of_a_body_that_breaks_off_is_sent() {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let router = Router::new().route("/", routing::get(broken));
        let second = Duration::from_secs(1);
        let bounds = Bounds {
            connections: 1,
            idle: second,
            head: second,
        };
        let router = router.layer(CompressionLayer::new());
        tokio::spawn(serve(listener, router, bounds, CancellationToken::new()));
        for encoding in ["identity", "gzip"] {
            let mut client = TcpStream::connect(address).await.unwrap();
            let request =
                format!("GET / HTTP/1.1\r\nhost: a\r\naccept-encoding: {encoding}\r\n\r\n");
            client.write_all(request.as_bytes()).await.unwrap();
            let mut answer = Vec::new();
            client.read_to_end(&mut answer).await.unwrap();
            let answer = String::from_utf8_lossy(&answer);
            assert!(
                answer.starts_with("HTTP/1.1 200 OK\r\n"),
                "{encoding}: {answer}"
            );
            // The empty chunk that ends a body.
            assert!(!answer.ends_with("\r\n0\r\n\r\n"), "{encoding}: {answer}");
        }
    }
}
