//! The answer to a request that hyper cannot read. It answers such a one by itself, with a bare status; clients are told as
//! of every other failure.

use std::str;

use axum::response::IntoResponse;
use uuid::Uuid;

use crate::error::{ApiError, Failure};
use crate::server::HEADER_BYTES;

/// The header of hyper's own answers, which have no body.
const NO_BODY: &str = "content-length: 0\r\n";

/// A problem document in place of hyper's own answer; none when it is something else.
pub(super) fn instead_of(bytes: &[u8]) -> Option<Vec<u8>> {
    let head = str::from_utf8(bytes).ok()?;
    let status = head.strip_prefix("HTTP/1.1 ")?.get(..3)?;
    let error = match status {
        "400" => ApiError::NotHttp,
        "431" => ApiError::HeadTooLarge(HEADER_BYTES),
        _ => return None,
    };
    let (before, after) = head.split_once(NO_BODY)?;
    if !head.ends_with("\r\n\r\n") {
        return None;
    }
    let response = error.into_response();
    let mut problem = response.extensions().get::<Failure>()?.problem.clone();
    let id = Uuid::new_v4().to_string();
    tracing::warn!(
        request.id = id,
        http.status = problem.status,
        "{}",
        problem.detail
    );
    problem.request_id = Some(id.clone());
    let body = serde_json::to_string(&problem).ok()?;
    let length = body.len();
    Some(
        format!(
            "{before}content-type: application/problem+json\r\nx-content-type-options: nosniff\r\n\
             x-request-id: {id}\r\ncontent-length: {length}\r\n{after}{body}"
        )
        .into_bytes(),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bare_answer_becomes_a_problem_document_and_nothing_else_does() {
        let bare = "HTTP/1.1 431 Request Header Fields Too Large\r\nconnection: close\r\ncontent-length: 0\r\ndate: x\r\n\r\n";
        let answer = String::from_utf8(instead_of(bare.as_bytes()).unwrap()).unwrap();
        let (head, body) = answer.split_once("\r\n\r\n").unwrap();
        let problem: serde_json::Value = serde_json::from_str(body).unwrap();
        assert_eq!(problem["code"], "headers_too_large");
        let length = format!("content-length: {}", body.len());
        assert!(
            head.contains(&length) && head.ends_with("date: x"),
            "{head}"
        );
        assert!(head.contains(problem["request_id"].as_str().unwrap()));
        for other in [
            "HTTP/1.1 404 Not Found\r\ncontent-length: 0\r\n\r\n",
            "HTTP/1.1 400 Bad Request\r\ncontent-length: 7\r\n\r\n",
            "HTTP/1.1 400 Bad Request\r\ncontent-length: 0\r\n",
            "{\"HTTP/1.1 400\": 1}",
        ] {
            assert_eq!(instead_of(other.as_bytes()), None, "{other}");
        }
    }
}
