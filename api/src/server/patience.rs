//! A connection that gives up on a client which keeps it waiting: with the headers of a request, or in taking an answer.
//!
//! The rest is bounded elsewhere: the wait between requests by hyper, that for a body by a layer.

use std::io::{self, IoSlice};
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::task::{Context, Poll};
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::time::{Sleep, sleep};

use crate::server::unread;

/// How long a client may take nothing of an answer that waits for it. Long, for it may be a person who reads page by page.
const LONGEST_WRITE: Duration = Duration::from_secs(300);

/// Counts the beginnings and ends of a connection's requests: it is odd while one is under way.
#[derive(Clone, Debug, Default)]
pub(super) struct Turns(Arc<AtomicU64>);

/// A request under way, from the end of its headers to the end of its answer.
#[derive(Debug)]
pub(super) struct Turn(Turns);

impl Turns {
    pub(super) fn begin(&self) -> Turn {
        self.0.fetch_add(1, Ordering::Relaxed);
        Turn(self.clone())
    }

    fn count(&self) -> u64 {
        self.0.load(Ordering::Relaxed)
    }
}

impl Drop for Turn {
    fn drop(&mut self) {
        self.0.0.fetch_add(1, Ordering::Relaxed);
    }
}

/// The connection. What is too late fails as timed out, which closes it.
pub(super) struct Patient<S> {
    stream: S,
    turns: Turns,
    longest_head: Duration,
    /// The end of the wait for the headers that come in, and the turn in which they do.
    head: Option<(u64, Pin<Box<Sleep>>)>,
    write: Option<Pin<Box<Sleep>>>,
    /// What is written in place of hyper's own words.
    instead: Option<Instead>,
}

/// An answer, how much of it is written, and how many bytes of hyper's it stands for.
struct Instead {
    answer: Vec<u8>,
    written: usize,
    of: usize,
}

impl<S> Patient<S> {
    /// From now on the first headers are waited for.
    pub(super) fn new(stream: S, turns: Turns, longest_head: Duration) -> Self {
        let first = (turns.count(), Box::pin(sleep(longest_head)));
        Self {
            stream,
            turns,
            longest_head,
            head: Some(first),
            write: None,
            instead: None,
        }
    }

    /// Whether headers come in that are no request yet: only hyper itself has something to say then.
    fn reads_head(&self) -> bool {
        self.turns.count().is_multiple_of(2) && self.head.is_some()
    }

    /// Passes on the outcome of a write, unless that has been waited for too long.
    fn written<T>(
        &mut self,
        cx: &mut Context<'_>,
        outcome: Poll<io::Result<T>>,
    ) -> Poll<io::Result<T>> {
        if outcome.is_ready() {
            self.write = None;
            return outcome;
        }
        let wait = self
            .write
            .get_or_insert_with(|| Box::pin(sleep(LONGEST_WRITE)));
        wait.as_mut().poll(cx).map(|()| Err(too_late()))
    }
}

fn too_late() -> io::Error {
    io::ErrorKind::TimedOut.into()
}

impl<S: AsyncRead + Unpin> AsyncRead for Patient<S> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let this = &mut *self;
        let turn = this.turns.count();
        let is_under_way = turn % 2 == 1;
        // Headers that came in before this turn have been complete, or it would not have begun.
        this.head.take_if(|(of, _)| *of != turn);
        let before = buffer.filled().len();
        let outcome = Pin::new(&mut this.stream).poll_read(cx, buffer);
        if outcome.is_ready() {
            let has_begun = buffer.filled().len() > before;
            if has_begun && !is_under_way && this.head.is_none() {
                this.head = Some((turn, Box::pin(sleep(this.longest_head))));
            }
            return outcome;
        }
        match &mut this.head {
            Some((_, wait)) => wait.as_mut().poll(cx).map(|()| Err(too_late())),
            None => Poll::Pending,
        }
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for Patient<S> {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        let this = &mut *self;
        if this.instead.is_none() && this.reads_head() {
            this.instead = unread::instead_of(bytes).map(|answer| Instead {
                answer,
                written: 0,
                of: bytes.len(),
            });
        }
        let Some(instead) = &mut this.instead else {
            let outcome = Pin::new(&mut this.stream).poll_write(cx, bytes);
            return this.written(cx, outcome);
        };
        while instead.written < instead.answer.len() {
            let rest = &instead.answer[instead.written..];
            match Pin::new(&mut this.stream).poll_write(cx, rest) {
                Poll::Ready(Ok(0)) => return Poll::Ready(Err(io::ErrorKind::WriteZero.into())),
                Poll::Ready(Ok(written)) => instead.written += written,
                outcome => return this.written(cx, outcome),
            }
        }
        let of = instead.of;
        this.instead = None;
        this.written(cx, Poll::Ready(Ok(of)))
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(cx)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        pieces: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        if let [piece] = pieces {
            return self.poll_write(cx, piece);
        }
        let outcome = Pin::new(&mut self.stream).poll_write_vectored(cx, pieces);
        self.written(cx, outcome)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }
}

#[cfg(test)]
mod tests {
    use tokio::io::{AsyncReadExt, AsyncWriteExt, DuplexStream, duplex};

    use super::*;

    const SHORT: Duration = Duration::from_millis(1);

    fn connection(longest_head: Duration) -> (DuplexStream, Turns, Patient<DuplexStream>) {
        let (client, server) = duplex(64);
        let turns = Turns::default();
        let patient = Patient::new(server, turns.clone(), longest_head);
        (client, turns, patient)
    }

    #[tokio::test]
    async fn headers_that_never_end_are_given_up() {
        for sent in ["", "GET / HTTP/1.1\r\nhost: "] {
            let (mut client, _, mut patient) = connection(SHORT);
            client.write_all(sent.as_bytes()).await.unwrap();
            let mut read = Vec::new();
            let error = patient.read_to_end(&mut read).await.unwrap_err();
            assert_eq!(error.kind(), io::ErrorKind::TimedOut);
            assert_eq!(read, sent.as_bytes());
        }
    }

    #[tokio::test]
    async fn a_request_under_way_and_the_wait_for_the_next_are_not_the_headers_business() {
        let (mut client, turns, mut patient) = connection(SHORT);
        client.write_all(b"head").await.unwrap();
        let mut read = [0; 4];
        patient.read_exact(&mut read).await.unwrap();
        let turn = turns.begin();
        let mut byte = [0];
        // Longer than headers may take.
        let wait = SHORT * 20;
        let body = tokio::time::timeout(wait, patient.read_exact(&mut byte)).await;
        assert!(body.is_err(), "a body is waited for");
        drop(turn);
        let idle = tokio::time::timeout(wait, patient.read_exact(&mut byte)).await;
        assert!(idle.is_err(), "the next request is waited for");
        client.write_all(b"GE").await.unwrap();
        let error = patient.read_exact(&mut [0; 4]).await.unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::TimedOut);
    }
}
