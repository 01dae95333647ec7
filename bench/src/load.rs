//! A load: callers at once, each of which makes its next call when it has the answer to the last.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Instant;

use tokio::task::JoinSet;

use crate::http::Connection;
use crate::measure::Samples;

/// Something that can be called again and again.
pub(crate) trait Caller: Send + 'static {
    /// Makes the call of that number; an answer that is not the expected one is an error.
    fn call(&mut self, number: u32) -> impl Future<Output = anyhow::Result<()>> + Send;
}

/// What a load has seen.
#[derive(Clone, Debug)]
pub(crate) struct Seen {
    /// How long each call took, in milliseconds.
    pub(crate) latencies: Samples,
    /// From the first call to the last answer, in seconds.
    pub(crate) seconds: f64,
}

impl Seen {
    pub(crate) fn rate(&self) -> f64 {
        self.latencies.0.len() as f64 / self.seconds
    }
}

/// Makes `count` calls, shared among the callers.
pub(crate) async fn run(callers: Vec<impl Caller>, count: u32) -> anyhow::Result<Seen> {
    let next = Arc::new(AtomicU32::new(0));
    let start = Instant::now();
    let mut calling = JoinSet::new();
    for mut caller in callers {
        let next = Arc::clone(&next);
        calling.spawn(async move {
            let mut latencies = Samples::default();
            loop {
                let number = next.fetch_add(1, Ordering::Relaxed);
                if number >= count {
                    return anyhow::Ok(latencies);
                }
                let start = Instant::now();
                caller.call(number).await?;
                latencies.push(start.elapsed().as_secs_f64() * 1e3);
            }
        });
    }
    let mut latencies = Samples::default();
    while let Some(called) = calling.join_next().await {
        latencies.extend(called??);
    }
    Ok(Seen {
        latencies,
        seconds: start.elapsed().as_secs_f64(),
    })
}

/// Sends the same request again and again over one connection.
pub(crate) struct Sender {
    connection: Connection,
    request: Request,
}

/// A request and the status of its answer.
pub(crate) enum Request {
    Get(String, u16),
    Post(String, String, u16),
}

impl Sender {
    /// One for each request, connected.
    pub(crate) async fn several(
        address: SocketAddr,
        requests: impl IntoIterator<Item = Request>,
    ) -> anyhow::Result<Vec<Self>> {
        let mut senders = Vec::new();
        for request in requests {
            senders.push(Self {
                connection: Connection::open(address).await?,
                request,
            });
        }
        Ok(senders)
    }
}

impl Caller for Sender {
    async fn call(&mut self, _number: u32) -> anyhow::Result<()> {
        let (answer, status) = match &self.request {
            Request::Get(path, status) => (self.connection.get(path).await?, *status),
            Request::Post(path, body, status) => (self.connection.post(path, body).await?, *status),
        };
        answer.expect(status)?;
        Ok(())
    }
}
