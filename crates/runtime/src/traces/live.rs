//! Spans of work that is under way, sent in the background when they have ended.

use std::time::Duration;

use opentelemetry::trace::{SpanContext, TraceContextExt, TracerProvider};
use opentelemetry::{Context, KeyValue};
use opentelemetry_otlp::SpanExporter;
use opentelemetry_sdk::Resource;
use opentelemetry_sdk::trace::{
    BatchConfigBuilder, BatchSpanProcessor, SdkTracer, SdkTracerProvider,
};

use super::Sampling;

/// How long an ended span may wait for others.
const DELAY: Duration = Duration::from_secs(1);

/// Begins spans.
#[derive(Clone, Debug)]
pub struct Live {
    provider: SdkTracerProvider,
    pub(super) tracer: SdkTracer,
}

impl Live {
    pub(super) fn new(exporter: SpanExporter, resource: Resource, sampling: Sampling) -> Self {
        let batches = BatchConfigBuilder::default().with_scheduled_delay(DELAY);
        let processor = BatchSpanProcessor::builder(exporter)
            .with_batch_config(batches.build())
            .build();
        let provider = SdkTracerProvider::builder()
            .with_resource(resource)
            .with_sampler(sampling.0)
            .with_span_processor(processor)
            .build();
        let tracer = provider.tracer("ai-evolution");
        Self { provider, tracer }
    }

    /// A span for a request that is served; below `carried`, if a trace came with the request. It is current while the
    /// context is, and ends with [`TraceContextExt::span`]'s `end`.
    pub fn serve(
        &self,
        name: String,
        carried: Option<SpanContext>,
        attributes: Vec<KeyValue>,
    ) -> Context {
        use opentelemetry::trace::{SpanKind, Tracer as _};
        let parent = match carried {
            Some(carried) => Context::new().with_remote_span_context(carried),
            None => Context::new(),
        };
        let span = self
            .tracer
            .span_builder(name)
            .with_kind(SpanKind::Server)
            .with_attributes(attributes)
            .start_with_context(&self.tracer, &parent);
        parent.with_span(span)
    }

    /// Sends what has ended; nothing is recorded afterwards.
    pub async fn stop(self) {
        let stop = move || self.provider.shutdown();
        match tokio::task::spawn_blocking(stop).await {
            Ok(Ok(())) => {}
            Ok(Err(error)) => tracing::warn!(%error, "the last spans were not sent"),
            Err(error) => tracing::warn!(%error, "the last spans were not sent"),
        }
    }
}
