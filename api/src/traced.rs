//! A span for each request, below that of the client's, if the client has one.

use axum::extract::{MatchedPath, Request, State};
use axum::http::{HeaderName, HeaderValue, StatusCode};
use axum::middleware::Next;
use axum::response::Response;
use opentelemetry::KeyValue;
use opentelemetry::trace::{FutureExt, Status, TraceContextExt};
use runtime::traces::{Live, carried};

/// Asked by machines every few seconds, and of no interest afterwards.
const UNTRACED: [&str; 3] = ["/healthz", "/readyz", "/metrics"];

/// Serves a request within its span, named and told as the semantic conventions of OpenTelemetry for HTTP have it. The answer
/// says which span that was in `traceresponse`, as W3C Trace Context Level 2 has it.
pub(crate) async fn serve(
    State(live): State<Option<Live>>,
    request: Request,
    next: Next,
) -> Response {
    let route = request.extensions().get::<MatchedPath>();
    let route = route.map_or("", MatchedPath::as_str).to_owned();
    let live = live.filter(|_| !UNTRACED.contains(&route.as_str()));
    let Some(live) = live else {
        return next.run(request).await;
    };
    let method = request.method().to_string();
    let attributes = vec![
        KeyValue::new("http.request.method", method.clone()),
        KeyValue::new("http.route", route.clone()),
        KeyValue::new("url.path", request.uri().path().to_owned()),
    ];
    let headers = request.headers();
    let header = |name: &str| headers.get(name).and_then(|value| value.to_str().ok());
    let name = match route.as_str() {
        "" => method,
        route => format!("{method} {route}"),
    };
    let context = live.serve(name, carried::read_request(header), attributes);
    let mut response = next.run(request).with_context(context.clone()).await;
    let (span, status) = (context.span(), response.status());
    span.set_attribute(KeyValue::new(
        "http.response.status_code",
        i64::from(status.as_u16()),
    ));
    if status.is_server_error() {
        span.set_attribute(KeyValue::new("error.type", status.as_str().to_owned()));
        span.set_status(Status::error(reason(status)));
    }
    span.end();
    let traceparent = carried::traceparent(span.span_context());
    if let Some(value) = traceparent.and_then(|text| HeaderValue::try_from(text).ok()) {
        let name = HeaderName::from_static("traceresponse");
        response.headers_mut().insert(name, value);
    }
    response
}

fn reason(status: StatusCode) -> &'static str {
    status.canonical_reason().unwrap_or("it has failed")
}
