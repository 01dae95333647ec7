//! How calls to Temporal are made: never repeated, given up as soon as Temporal shows no sign of life.
//!
//! A server that is gone is told by its connection at once. One that does not answer is either slow, which is borne, or
//! away, which is told after less than a second: a call that takes long is doubted, and Temporal is asked for something
//! that is always quick.

use std::error::Error;
use std::future::Future;
use std::pin::pin;
use std::time::Duration;

use jiff::Timestamp;
use temporalio_client::grpc::WorkflowService;
use temporalio_client::request_extensions::RetryConfigForCall;
use temporalio_client::tonic::{Code, Request, Status};
use temporalio_client::{Client, RetryOptions, RpcOptions};
use temporalio_common::protos::temporal::api::workflowservice::v1::GetSystemInfoRequest;
use tokio::time::{sleep, timeout};

use crate::error::ApiError;

/// How long a call to a living server may take.
const PATIENCE: Duration = Duration::from_secs(10);

/// After how long a call is doubted.
const DOUBT: Duration = Duration::from_millis(450);

/// How long a living server takes for what is always quick.
const SIGN_OF_LIFE: Duration = Duration::from_millis(400);

/// Waits for a call as long as Temporal lives.
pub(super) async fn while_alive<T>(
    client: &Client,
    call: impl Future<Output = T>,
) -> Result<T, ApiError> {
    let mut call = pin!(call);
    loop {
        if let Ok(answer) = timeout(DOUBT, &mut call).await {
            return Ok(answer);
        }
        let is_alive = tokio::select! {
            biased;
            answer = &mut call => return Ok(answer),
            is_alive = is_alive(client) => is_alive,
        };
        if !is_alive {
            return Err(ApiError::temporal("it gives no sign of life"));
        }
    }
}

async fn is_alive(client: &Client) -> bool {
    let mut service = client.clone();
    let call = service.get_system_info(request(GetSystemInfoRequest::default()));
    tokio::select! {
        answer = call => answer.is_ok(),
        () = sleep(SIGN_OF_LIFE) => false,
    }
}

/// A request that is made once.
pub(super) fn request<T>(message: T) -> Request<T> {
    let mut request = Request::new(message);
    request.set_timeout(PATIENCE);
    request
        .extensions_mut()
        .insert(RetryConfigForCall(RetryOptions::no_retries()));
    request
}

/// The same for the calls that the client makes for us.
pub(super) fn rpc_options() -> RpcOptions {
    RpcOptions::builder()
        .timeout(PATIENCE)
        .retry_options(RetryOptions::no_retries())
        .build()
}

/// What a failed call means to the request that made it.
pub(super) fn failed(status: Status) -> ApiError {
    match status.code() {
        Code::Unavailable
        | Code::DeadlineExceeded
        | Code::Cancelled
        | Code::ResourceExhausted
        | Code::Aborted
        // The operator's to mend, not the client's.
        | Code::Unauthenticated
        | Code::PermissionDenied => ApiError::temporal(status),
        // A connection that breaks during a call has no code of its own.
        _ if status.source().is_some() => ApiError::temporal(status),
        _ => ApiError::internal(status),
    }
}

/// A protobuf time.
macro_rules! time {
    ($time:expr) => {
        $time
            .as_ref()
            .and_then(|time| jiff::Timestamp::new(time.seconds, time.nanos).ok())
    };
}
pub(super) use time;

/// A time that Temporal always gives.
pub(super) fn or_epoch(time: Option<Timestamp>) -> Timestamp {
    time.unwrap_or(Timestamp::UNIX_EPOCH)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_may_pass_is_unavailable_and_the_rest_is_our_fault() {
        for status in [
            Status::unavailable("gone"),
            Status::resource_exhausted("busy"),
        ] {
            assert!(matches!(failed(status), ApiError::Unavailable { .. }));
        }
        assert!(matches!(
            failed(Status::invalid_argument("what?")),
            ApiError::Internal(_)
        ));
    }
}
