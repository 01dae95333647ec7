//! The layers that are rules of our own: one log line a request, complete problem documents, a time limit, safe headers.

use std::any::Any;
use std::time::{Duration, Instant};

use axum::extract::{MatchedPath, Request};
use axum::http::{Extensions, HeaderMap, HeaderName, HeaderValue, StatusCode, Version, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use tower_http::request_id::RequestId;

use crate::auth::Caller;
use crate::counts;
use crate::error::{ApiError, Failure, render};

/// Writes the log line of a request and puts the request's id into the problem document of one that failed.
pub(crate) async fn report(request: Request, next: Next) -> Response {
    let began = Instant::now();
    let method = request.method().clone();
    let path = request.uri().path().to_owned();
    let route = request
        .extensions()
        .get::<MatchedPath>()
        .map(|route| route.as_str().to_owned())
        .unwrap_or_default();
    let request_id = request
        .extensions()
        .get::<RequestId>()
        .and_then(|id| id.header_value().to_str().ok())
        .unwrap_or_default()
        .to_owned();
    let under_way = counts::Request::begin();
    let mut response = next.run(request).await;
    under_way.ended(&method, &route, response.status());
    let caller = response.extensions_mut().remove::<Caller>();
    let caller = caller.map(|caller| caller.name).unwrap_or_default();
    let status = response.status();
    let experiment = named(&route, &path, "{experiment_id}").map(str::to_owned);
    let experiment = experiment.or_else(|| created(&response));
    let failure = response.extensions_mut().remove::<Failure>();
    let duration_ms = began.elapsed().as_micros() as f64 / 1000.0;
    let detail = failure
        .as_ref()
        .map(|failure| failure.problem.detail.as_str())
        .unwrap_or_default();
    let causes = failure
        .as_ref()
        .map(|failure| failure.causes.as_str())
        .unwrap_or_default();
    macro_rules! line {
        ($level:ident) => {
            tracing::$level!(
                http.method = %method,
                http.path = path,
                http.route = route,
                http.status = status.as_u16(),
                http.duration_ms = duration_ms,
                request.id = request_id,
                request.caller = caller,
                experiment.id = experiment,
                workflow.id = named(&route, &path, "{workflow_id}"),
                error.detail = detail,
                error.causes = causes,
                "request"
            )
        };
    }
    match status {
        StatusCode::INTERNAL_SERVER_ERROR => line!(error),
        status if status.is_server_error() => line!(warn),
        _ if route == "/healthz" || route == "/readyz" => line!(debug),
        _ => line!(info),
    }
    match failure {
        Some(failure) => complete(response, failure, request_id),
        None => response,
    }
}

/// What stands in a path where its route has that name.
fn named<'a>(route: &str, path: &'a str, name: &str) -> Option<&'a str> {
    let mut parts = route.split('/').zip(path.split('/'));
    parts.find_map(|(part, value)| (part == name).then_some(value))
}

/// The experiment that an answer says was created.
fn created(response: &Response) -> Option<String> {
    let location = response.headers().get(header::LOCATION)?.to_str().ok()?;
    let id = location.strip_prefix("/v1/experiments/")?;
    Some(id.to_owned())
}

/// The same answer, with the request's id in its body.
fn complete(response: Response, failure: Failure, request_id: String) -> Response {
    let mut problem = failure.problem;
    problem.request_id = Some(request_id);
    let (mut parts, _) = response.into_parts();
    parts.headers.remove(header::CONTENT_LENGTH);
    Response::from_parts(parts, render(&problem).into_body())
}

/// Headers that keep browsers from guessing, framing and storing.
pub(crate) async fn harden(request: Request, next: Next) -> Response {
    let is_docs = request.uri().path().starts_with("/docs");
    let mut response = next.run(request).await;
    let policy = match is_docs {
        true => {
            "default-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; frame-ancestors 'none'"
        }
        false => "default-src 'none'; frame-ancestors 'none'",
    };
    let headers = [
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (header::REFERRER_POLICY, "no-referrer"),
        (header::CONTENT_SECURITY_POLICY, policy),
        (
            HeaderName::from_static("cross-origin-resource-policy"),
            "same-origin",
        ),
    ];
    for (name, value) in headers {
        // Not where an answer has said it: the dashboard has a policy of its own.
        response
            .headers_mut()
            .entry(name)
            .or_insert(HeaderValue::from_static(value));
    }
    if !is_docs {
        // What is true now may not be in a second, unless the answer says how to find out.
        response
            .headers_mut()
            .entry(header::CACHE_CONTROL)
            .or_insert(HeaderValue::from_static("no-store"));
    }
    response
}

/// Whether the body of an answer gets smaller: not if it is compressed as it is, and not if it is to be seen at once, as
/// events are.
pub(crate) fn is_worth_compressing(
    _: StatusCode,
    _: Version,
    headers: &HeaderMap,
    _: &Extensions,
) -> bool {
    let content_type = headers.get(header::CONTENT_TYPE);
    let content_type = content_type.and_then(|value| value.to_str().ok());
    content_type.is_some_and(|content_type| {
        !content_type.starts_with("text/event-stream")
            && (content_type.starts_with("text/") || content_type.contains("json"))
    })
}

/// How long a request may take.
#[derive(Clone, Copy, Debug)]
pub(crate) struct TimeLimit(pub(crate) Duration);

/// Ends a request that takes too long.
pub(crate) async fn limit_time(request: Request, next: Next) -> Response {
    let limit = request
        .extensions()
        .get::<TimeLimit>()
        .map_or(Duration::MAX, |limit| limit.0);
    match tokio::time::timeout(limit, next.run(request)).await {
        Ok(response) => response,
        Err(_) => ApiError::Timeout.into_response(),
    }
}

/// What a client sees of a panic: that something went wrong.
pub(crate) fn panicked(panic: Box<dyn Any + Send>) -> Response {
    let message = panic
        .downcast_ref::<String>()
        .cloned()
        .or_else(|| panic.downcast_ref::<&str>().map(|text| (*text).to_owned()));
    let message = message.unwrap_or_else(|| "a panic without a message".to_owned());
    ApiError::internal(format!("panic: {message}")).into_response()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_experiment_of_a_request_is_found_by_its_route() {
        let route = "/v1/experiments/{experiment_id}/results";
        let found = named(route, "/v1/experiments/sums-1/results", "{experiment_id}");
        assert_eq!(found, Some("sums-1"));
        assert_eq!(named("", "/v1/nothing", "{experiment_id}"), None);
        assert_eq!(
            named(route, "/v1/experiments/sums-1/results", "{workflow_id}"),
            None
        );
    }
}
