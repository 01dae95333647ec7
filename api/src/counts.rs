//! What the service counts for Prometheus: experiments, and requests as the semantic conventions of OpenTelemetry for HTTP have it
//! (`http.server.request.duration`, `http.server.active_requests`), with underscores for dots as Prometheus asks.

use std::time::Instant;

use axum::http::{Method, StatusCode};
use domain::summary::Status;
use metrics::{Unit, describe_gauge, describe_histogram, gauge, histogram};

const DURATION: &str = "http_server_request_duration_seconds";
const ACTIVE: &str = "http_server_active_requests";
const EXPERIMENTS: &str = "ai_evolution_experiments";

/// Every status with the word for it in the API. What is paused runs, to Temporal.
const STATUSES: [(Status, &str); 6] = [
    (Status::Running, "running"),
    (Status::Completed, "completed"),
    (Status::Failed, "failed"),
    (Status::Cancelled, "cancelled"),
    (Status::Terminated, "terminated"),
    (Status::TimedOut, "timed_out"),
];

/// Says what each of them is.
pub(crate) fn describe() {
    describe_histogram!(
        DURATION,
        Unit::Seconds,
        "Time from a request to its answer, by route."
    );
    describe_gauge!(ACTIVE, "Requests under way.");
    describe_gauge!(EXPERIMENTS, "Experiments that Temporal knows, by status.");
}

/// There are so many experiments of each status, and none of those that are not named.
pub(crate) fn experiments(counted: &[(Status, u64)]) {
    for (status, word) in STATUSES {
        let counted = counted.iter().find(|(counted, _)| *counted == status);
        let count = counted.map_or(0, |(_, count)| *count);
        gauge!(EXPERIMENTS, "status" => word).set(count as f64);
    }
}

/// A request under way. Dropping it counts it as over.
pub(crate) struct Request {
    began: Instant,
}

impl Request {
    pub(crate) fn begin() -> Self {
        gauge!(ACTIVE).increment(1);
        Self {
            began: Instant::now(),
        }
    }

    /// The request was answered. What fits no route is counted under none, and methods of the caller's own are one, so
    /// that nobody outside decides how many series there are.
    pub(crate) fn ended(self, method: &Method, route: &str, status: StatusCode) {
        let method = match *method {
            Method::GET => "GET",
            Method::HEAD => "HEAD",
            Method::POST => "POST",
            Method::PUT => "PUT",
            Method::PATCH => "PATCH",
            Method::DELETE => "DELETE",
            Method::OPTIONS => "OPTIONS",
            _ => "_OTHER",
        };
        let labels = [
            ("http_request_method", method.to_owned()),
            ("http_route", route.to_owned()),
            ("http_response_status_code", status.as_u16().to_string()),
        ];
        histogram!(DURATION, &labels).record(self.began.elapsed());
    }
}

impl Drop for Request {
    fn drop(&mut self) {
        gauge!(ACTIVE).decrement(1);
    }
}
