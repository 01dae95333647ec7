//! A span that has ended: what was done, when, below what, and what became of it.

use std::time::SystemTime;

use opentelemetry::trace::{
    SpanContext, SpanId, SpanKind, Status, TraceFlags, TraceId, TraceState,
};
use opentelemetry::{InstrumentationScope, KeyValue};
use opentelemetry_sdk::trace::{SpanData, SpanEvents, SpanLinks};

/// Who says so.
const SCOPE: &str = "ai-evolution";

/// As it is told by OTLP, in the trace that the request began.
#[derive(Clone, Debug)]
pub(crate) struct Span {
    pub(crate) trace: TraceId,
    pub(crate) id: SpanId,
    pub(crate) parent: SpanId,
    pub(crate) name: String,
    pub(crate) kind: SpanKind,
    pub(crate) began: SystemTime,
    pub(crate) ended: SystemTime,
    pub(crate) attributes: Vec<KeyValue>,
    /// Why it has failed.
    pub(crate) error: Option<String>,
    /// None of what Langfuse is not told.
    pub(crate) langfuse: Option<InLangfuse>,
}

/// How a span is shown in Langfuse, where every activity and every item is a trace of its own.
#[derive(Clone, Debug)]
pub(crate) struct InLangfuse {
    pub(crate) trace: TraceId,
    /// Whether the trace begins with it.
    pub(crate) is_root: bool,
    /// Beside those that the span has, and those of a failure.
    pub(crate) attributes: Vec<KeyValue>,
}

impl Span {
    pub(crate) fn data(&self) -> SpanData {
        self.told(self.trace, self.parent, self.attributes.clone())
    }

    pub(crate) fn data_in_langfuse(&self) -> Option<SpanData> {
        let shown = self.langfuse.as_ref()?;
        let parent = match shown.is_root {
            true => SpanId::INVALID,
            false => self.parent,
        };
        let mut attributes = [&self.attributes[..], &shown.attributes].concat();
        if let Some(error) = &self.error {
            attributes.extend([
                KeyValue::new("langfuse.observation.level", "ERROR"),
                KeyValue::new("langfuse.observation.status_message", error.clone()),
            ]);
        }
        Some(self.told(shown.trace, parent, attributes))
    }

    fn told(&self, trace: TraceId, parent: SpanId, attributes: Vec<KeyValue>) -> SpanData {
        let context = SpanContext::new(
            trace,
            self.id,
            TraceFlags::SAMPLED,
            false,
            TraceState::default(),
        );
        SpanData {
            span_context: context,
            parent_span_id: parent,
            parent_span_is_remote: false,
            span_kind: self.kind.clone(),
            name: self.name.clone().into(),
            start_time: self.began.min(self.ended),
            end_time: self.ended,
            attributes,
            dropped_attributes_count: 0,
            events: SpanEvents::default(),
            links: SpanLinks::default(),
            status: match &self.error {
                Some(error) => Status::error(error.clone()),
                None => Status::Unset,
            },
            instrumentation_scope: InstrumentationScope::builder(SCOPE)
                .with_version(env!("CARGO_PKG_VERSION"))
                .build(),
        }
    }
}
