//! Langfuse's endpoint for OTLP: HTTP with protobuf, as its documentation of OpenTelemetry has it.

use std::time::Duration;

use opentelemetry_proto::tonic::collector::trace::v1::ExportTraceServiceRequest;
use opentelemetry_proto::transform::common::tonic::ResourceAttributesWithSchema;
use opentelemetry_proto::transform::trace::tonic::group_spans_by_resource_and_scope;
use opentelemetry_sdk::Resource;
use opentelemetry_sdk::trace::SpanData;
use prost::Message as _;
use runtime::traces::NotSent;

use crate::receivers::langfuse::Langfuse;
use crate::receivers::{self, Receivers};

/// Spans of one request. Langfuse takes up to 5 MB.
const SPANS_AT_ONCE: usize = 128;

/// The waits before another attempt; then spans are given up.
const WAITS: [Duration; 3] = [
    Duration::from_millis(100),
    Duration::from_millis(400),
    Duration::from_millis(1500),
];

/// A project that is told of the work.
pub(super) struct Project {
    langfuse: Langfuse,
    http: reqwest::Client,
    resource: ResourceAttributesWithSchema,
}

impl Project {
    pub(super) fn of(receivers: &Receivers, resource: &Resource) -> Option<Self> {
        Some(Self {
            langfuse: receivers.langfuse.clone()?,
            http: receivers.http.clone(),
            resource: resource.into(),
        })
    }

    /// After a part that is given up, the rest is not tried.
    pub(super) async fn send(&self, spans: Vec<SpanData>) -> Result<(), NotSent> {
        let mut left = spans.len();
        for part in spans.chunks(SPANS_AT_ONCE) {
            self.send_part(part).await.map_err(|error| NotSent {
                spans: left,
                reason: error.to_string(),
            })?;
            left -= part.len();
        }
        Ok(())
    }

    async fn send_part(&self, part: &[SpanData]) -> Result<(), receivers::Error> {
        let spans = ExportTraceServiceRequest {
            resource_spans: group_spans_by_resource_and_scope(part.to_vec(), &self.resource),
        };
        let body = spans.encode_to_vec();
        let mut waits = WAITS.into_iter();
        loop {
            let request = self.langfuse.trace(&self.http).body(body.clone());
            match (receivers::send(request).await, waits.next()) {
                (Ok(_), _) => return Ok(()),
                (Err(error), Some(wait)) if error.is_retryable() => {
                    tracing::debug!(%error, "spans were not taken; trying again");
                    tokio::time::sleep(wait).await;
                }
                (Err(error), _) => return Err(error),
            }
        }
    }
}
