//! A destination of spans whose answer is waited for, so that what has been told is told when the work goes on.

use std::sync::Arc;
use std::time::Duration;

use opentelemetry_otlp::SpanExporter as Otlp;
use opentelemetry_sdk::Resource;
use opentelemetry_sdk::trace::{SpanData, SpanExporter};

/// Spans of one request; with prompts and answers, these are a few megabytes.
const SPANS_AT_ONCE: usize = 256;

/// The waits before another attempt; then spans are given up.
const WAITS: [Duration; 3] = [
    Duration::from_millis(100),
    Duration::from_millis(400),
    Duration::from_millis(1500),
];

/// Whoever takes spans by OTLP.
#[derive(Clone, Debug)]
pub struct Destination {
    exporter: Arc<Otlp>,
}

/// How many spans were given up, and why the last attempt failed.
#[derive(Debug, thiserror::Error)]
#[error("{spans} spans were not taken: {reason}")]
pub struct NotSent {
    pub spans: usize,
    pub reason: String,
}

impl Destination {
    pub(super) fn new(mut exporter: Otlp, resource: &Resource) -> Self {
        exporter.set_resource(resource);
        Self {
            exporter: Arc::new(exporter),
        }
    }

    /// Sends spans, each part a few times while it is not taken. After a part that is given up, the rest is not tried.
    pub async fn send(&self, spans: Vec<SpanData>) -> Result<(), NotSent> {
        let mut left = spans.len();
        for part in spans.chunks(SPANS_AT_ONCE) {
            self.send_part(part).await.map_err(|reason| NotSent {
                spans: left,
                reason,
            })?;
            left -= part.len();
        }
        Ok(())
    }

    async fn send_part(&self, part: &[SpanData]) -> Result<(), String> {
        let mut waits = WAITS.into_iter();
        loop {
            let (exporter, spans) = (Arc::clone(&self.exporter), part.to_vec());
            // The exporter for HTTP blocks, so it has a thread for that; the one for gRPC finds the runtime there.
            let send = move || futures::executor::block_on(exporter.export(spans));
            let reason = match tokio::task::spawn_blocking(send).await {
                Ok(Ok(())) => return Ok(()),
                Ok(Err(error)) => error.to_string(),
                Err(error) => error.to_string(),
            };
            let Some(wait) = waits.next() else {
                return Err(reason);
            };
            tokio::time::sleep(wait).await;
        }
    }
}
