//! The context of a trace on its way: in the headers of HTTP, and in the header of Temporal that all its SDKs use.
//!
//! Both are W3C Trace Context (`traceparent`, `tracestate`). Temporal's header `_tracer-data` holds them as a JSON object, as
//! the OpenTelemetry plugins of its SDKs write it, so that workers in other languages take part in the trace.

use std::collections::HashMap;

use opentelemetry::Context;
use opentelemetry::propagation::TextMapPropagator;
use opentelemetry::trace::{SpanContext, TraceContextExt};
use opentelemetry_sdk::propagation::TraceContextPropagator;
use temporalio_common::protos::temporal::api::common::v1::Payload;

/// The header of Temporal.
pub const HEADER: &str = "_tracer-data";

/// What is carried of a span, by the names of the headers.
fn fields(context: &SpanContext) -> HashMap<String, String> {
    let mut fields = HashMap::new();
    let context = Context::new().with_remote_span_context(context.clone());
    TraceContextPropagator::new().inject_context(&context, &mut fields);
    fields
}

/// What was carried, as the span that began it; none when it says nothing that can be understood.
fn span_context(fields: &HashMap<String, String>) -> Option<SpanContext> {
    let context = TraceContextPropagator::new().extract_with_context(&Context::new(), fields);
    let context = context.span().span_context().clone();
    context.is_valid().then_some(context)
}

/// Puts a span into the headers of a call to Temporal.
pub fn write(context: &SpanContext, headers: &mut HashMap<String, Payload>) {
    let Ok(data) = serde_json::to_vec(&fields(context)) else {
        return;
    };
    let payload = Payload {
        metadata: [("encoding".to_owned(), b"json/plain".to_vec())].into(),
        data,
        ..Default::default()
    };
    headers.insert(HEADER.to_owned(), payload);
}

/// The span in the headers of Temporal.
pub fn read(headers: &HashMap<String, Payload>) -> Option<SpanContext> {
    let payload = headers.get(HEADER)?;
    span_context(&serde_json::from_slice(&payload.data).ok()?)
}

/// The span in the headers of a request, each found by its name.
pub fn read_request<'a>(header: impl Fn(&str) -> Option<&'a str>) -> Option<SpanContext> {
    let names = ["traceparent", "tracestate"].into_iter();
    let found = names.filter_map(|name| Some((name.to_owned(), header(name)?.to_owned())));
    span_context(&found.collect())
}

/// A span as the header `traceparent` has it.
pub fn traceparent(context: &SpanContext) -> Option<String> {
    fields(context).remove("traceparent")
}

#[cfg(test)]
mod tests {
    use super::*;

    const TRACEPARENT: &str = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";

    #[test]
    fn a_span_of_a_request_goes_through_temporal_as_it_came() {
        let header = |name: &str| (name == "traceparent").then_some(TRACEPARENT);
        let came = read_request(header).unwrap();
        assert!(came.is_sampled());
        let mut headers = HashMap::new();
        write(&came, &mut headers);
        let arrived = read(&headers).unwrap();
        assert_eq!(traceparent(&arrived).as_deref(), Some(TRACEPARENT));
    }

    /// As the package `temporalio` for Python writes it with its `TracingInterceptor`.
    #[test]
    fn what_other_sdks_write_is_read_and_nonsense_is_passed_over() {
        let payload = |data: &str| Payload {
            data: data.as_bytes().to_vec(),
            ..Default::default()
        };
        let read = |data: &str| read(&HashMap::from([(HEADER.to_owned(), payload(data))]));
        let python = format!(r#"{{"traceparent":"{TRACEPARENT}"}}"#);
        assert_eq!(
            read(&python).and_then(|span| traceparent(&span)).as_deref(),
            Some(TRACEPARENT)
        );
        for nonsense in [
            "",
            "{}",
            r#"{"traceparent":7}"#,
            r#"{"traceparent":"00-0-0-01"}"#,
        ] {
            assert!(read(nonsense).is_none(), "{nonsense}");
        }
        assert!(read_request(|_| Some("nonsense")).is_none());
    }
}
