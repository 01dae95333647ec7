//! Whoever keeps traces: takes spans by OTLP over HTTP, and tells what was heard.

use std::collections::{BTreeMap, BTreeSet};

use opentelemetry_proto::tonic::collector::trace::v1::ExportTraceServiceRequest;
use opentelemetry_proto::tonic::common::v1::any_value::Value as Any;
use opentelemetry_proto::tonic::common::v1::{AnyValue, KeyValue};
use prost::Message as _;
use serde_json::{Value, json};

use crate::receiver::{Message, Receiver};

/// Lives until it is dropped.
pub struct Collector {
    receiver: Receiver,
}

/// A span as it was told; ids in hexadecimal, times in nanoseconds since 1970.
#[derive(Clone, Debug, PartialEq)]
pub struct Span {
    pub service: String,
    pub trace: String,
    pub id: String,
    /// Empty at the beginning of a trace.
    pub parent: String,
    pub name: String,
    pub kind: i32,
    pub began: u64,
    pub ended: u64,
    pub attributes: BTreeMap<String, Value>,
    /// What it says of its failure; none when it has not failed.
    pub error: Option<String>,
}

impl Collector {
    /// Takes everything.
    pub async fn start() -> Self {
        Self {
            receiver: Receiver::start(|_, _| (200, String::new())).await,
        }
    }

    /// Its general address, below which spans go to `/v1/traces`.
    pub fn url(&self) -> String {
        self.receiver.url("")
    }

    pub fn messages(&self) -> Vec<Message> {
        self.receiver.messages()
    }

    /// All spans, each once by its id: of those that were told again, the last.
    pub fn spans(&self) -> Vec<Span> {
        let mut spans = BTreeMap::new();
        for message in self.messages() {
            assert_eq!(message.path, "/v1/traces");
            spans.extend(
                decoded(&message)
                    .into_iter()
                    .map(|span| (span.id.clone(), span)),
            );
        }
        spans.into_values().collect()
    }
}

impl Collector {
    /// How many spans of each name and trace there are, for whoever misses one.
    pub fn names(&self) -> BTreeMap<String, usize> {
        let mut names = BTreeMap::new();
        for span in self.spans() {
            *names
                .entry(format!("{} {}", span.trace, span.name))
                .or_default() += 1;
        }
        names
    }
}

/// The spans of a message.
pub fn decoded(message: &Message) -> Vec<Span> {
    assert_eq!(message.headers["content-type"], "application/x-protobuf");
    let request =
        ExportTraceServiceRequest::decode(&*message.bytes).expect("it is a request of OTLP");
    let mut spans = Vec::new();
    for resource in request.resource_spans {
        let about = resource.resource.unwrap_or_default();
        let about = attributes(about.attributes);
        let service = about["service.name"]
            .as_str()
            .expect("it is a text")
            .to_owned();
        for span in resource
            .scope_spans
            .into_iter()
            .flat_map(|scope| scope.spans)
        {
            let status = span.status.unwrap_or_default();
            spans.push(Span {
                service: service.clone(),
                trace: hex(&span.trace_id),
                id: hex(&span.span_id),
                parent: hex(&span.parent_span_id),
                name: span.name,
                kind: span.kind,
                began: span.start_time_unix_nano,
                ended: span.end_time_unix_nano,
                attributes: attributes(span.attributes),
                error: (status.code == 2).then_some(status.message),
            });
        }
    }
    spans
}

/// The parents that nobody has told of.
pub fn unknown_parents(spans: &[Span]) -> BTreeSet<String> {
    let known: BTreeSet<&str> = spans.iter().map(|span| span.id.as_str()).collect();
    let parents = spans.iter().map(|span| span.parent.clone());
    parents
        .filter(|parent| !parent.is_empty() && !known.contains(parent.as_str()))
        .collect()
}

/// Those of a name, or of names that begin so.
pub fn named<'a>(spans: &'a [Span], prefix: &str) -> Vec<&'a Span> {
    let named = spans.iter().filter(|span| span.name.starts_with(prefix));
    named.collect()
}

fn attributes(pairs: Vec<KeyValue>) -> BTreeMap<String, Value> {
    let pairs = pairs.into_iter();
    pairs.map(|pair| (pair.key, plain(pair.value))).collect()
}

fn plain(value: Option<AnyValue>) -> Value {
    match value.and_then(|value| value.value) {
        Some(Any::StringValue(text)) => json!(text),
        Some(Any::BoolValue(value)) => json!(value),
        Some(Any::IntValue(number)) => json!(number),
        Some(Any::DoubleValue(number)) => json!(number),
        Some(Any::ArrayValue(array)) => array
            .values
            .into_iter()
            .map(|value| plain(Some(value)))
            .collect(),
        other => panic!("{other:?}"),
    }
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}
