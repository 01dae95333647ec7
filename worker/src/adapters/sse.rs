//! Services that answer a request with a stream of server-sent events.

#[cfg(test)]
mod tests;

use std::pin::pin;
use std::time::Instant;

use domain::config::SseAdapter;
use domain::item::DatasetItem;
use domain::output::{Answer, CallError, CallErrorKind};
use evaluation::RenderError;
use evaluation::events::{Events, Fell, Taken};
use futures::{Stream, StreamExt, stream};
use reqwest::header::CONTENT_TYPE;
use reqwest::{Client, Response};
use serde_json::{Value, json};
use sse_stream::{Error, SseByteStream};

use super::called::{Question, faulty, milliseconds};
use super::exchange::{LARGEST_ANSWER, too_large};
use super::http::Requests;
use super::wording::Wording;
use crate::providers::Provider;

const EVENT_STREAM: &str = "text/event-stream";

/// One service.
pub(super) struct Sse {
    requests: Requests,
    events: Events,
}

/// Why a stream cannot be read on.
#[derive(Debug, thiserror::Error)]
enum Broken {
    #[error("{0}")]
    Transport(reqwest::Error),
    #[error("too large")]
    TooLarge,
}

impl Sse {
    pub(super) fn open(
        config: &SseAdapter,
        provider: &Provider,
        model: &str,
        client: &Client,
        wording: Wording,
    ) -> Result<Self, CallError> {
        Ok(Self {
            requests: Requests::open(
                &config.request,
                provider,
                model,
                client,
                EVENT_STREAM,
                wording,
            )?,
            events: Events::compile(&config.events).map_err(|faults| faulty(&faults))?,
        })
    }

    /// All that equal calls have in common but the question; what events mean is in it, for it makes the answer.
    pub(super) fn common(config: &SseAdapter, provider: &Provider, model: &str) -> Value {
        json!({
            "type": "sse",
            "provider": config.provider,
            "base_url": provider.base_url().as_str(),
            "model": model,
            "request": config.request,
            "events": config.events,
        })
    }

    pub(super) fn question(&self, item: &DatasetItem) -> Result<Question, RenderError> {
        self.requests.question(item)
    }

    /// Reads the stream up to the event that completes the answer. A stream that ends before is a broken connection.
    pub(super) async fn ask(
        &self,
        question: Question,
        started: Instant,
    ) -> Result<Answer, CallError> {
        let wording = &self.requests.exchange.wording;
        let response = self.requests.send(question).await?;
        let content_type = response.headers().get(CONTENT_TYPE);
        let content_type = content_type.and_then(|value| value.to_str().ok());
        let content_type = content_type.unwrap_or_default().to_ascii_lowercase();
        if !content_type.starts_with(EVENT_STREAM) {
            let what = format!("answered with content type `{content_type}` and no events");
            return Err(wording.bad_answer(what));
        }
        let mut reading = self.events.begin();
        let mut first_text_ms = None;
        let mut events = pin!(SseByteStream::new(bytes(response)));
        while let Some(event) = events.next().await {
            let event = event.map_err(|error| of_stream(error, wording))?;
            if event.event.is_none() && event.data.is_none() {
                continue;
            }
            let name = event.event.as_deref().filter(|name| !name.is_empty());
            let data = event.data.as_deref().unwrap_or_default();
            let taken = reading.take(name.unwrap_or("message"), data);
            let taken = taken.map_err(|fell| match fell {
                Fell::Reported(error) => wording.bad_answer(format!("reports a failure: {error}")),
                Fell::TooLarge(reason) => wording.bad_answer(format!("answered with {reason}")),
            })?;
            if reading.has_text() {
                first_text_ms.get_or_insert_with(|| milliseconds(started.elapsed()));
            }
            if taken == Taken::Complete {
                let answer = reading.answer();
                let answer = answer
                    .ok_or_else(|| wording.bad_answer("completed its stream without an answer"))?;
                return Ok(Answer {
                    first_text_ms,
                    ..answer
                });
            }
        }
        let what = "ended its stream before the answer was complete".to_owned();
        Err(wording.told(CallErrorKind::Connection, what))
    }
}

/// The bytes of an answer, up to the most that one may have.
fn bytes(response: Response) -> impl Stream<Item = Result<bytes::Bytes, Broken>> {
    stream::try_unfold((response, 0), async |(mut response, read)| {
        let chunk = response.chunk().await.map_err(Broken::Transport)?;
        let Some(chunk) = chunk else {
            return Ok(None);
        };
        let read = read + chunk.len();
        match read > LARGEST_ANSWER {
            true => Err(Broken::TooLarge),
            false => Ok(Some((chunk, (response, read)))),
        }
    })
}

fn of_stream(error: Error, wording: &Wording) -> CallError {
    let body = match error {
        Error::Body(body) => body,
        other => return wording.bad_answer(format!("answered what are no events: {other}")),
    };
    match body.downcast::<Broken>().map(|broken| *broken) {
        Ok(Broken::Transport(error)) => wording.of_transport(error),
        Ok(Broken::TooLarge) => wording.bad_answer(too_large(LARGEST_ANSWER)),
        Err(other) => wording.told(
            CallErrorKind::Connection,
            format!("broke its stream: {other}"),
        ),
    }
}
