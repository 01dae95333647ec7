//! Scores in Langfuse: a trace for each item, with its scores, in the session of the experiment.
//!
//! Handed in by `POST /api/public/ingestion`, as Langfuse's API reference has it. Every id follows from the run, the item
//! and the scorer, so that what is handed in again replaces what is there.

use domain::result::ItemResult;
use domain::score::{Score, ScoreValue};
use domain::summary::RunSummary;
use serde::Deserialize;
use serde_json::{Value, json};

use crate::receivers::{self, Error as Unheard};
use crate::sinks::{Error, Finished};
use crate::traces::names::{digest, trace_id};

/// Events of one request. Langfuse takes up to 5 MB, which the second figure keeps a distance from.
const MOST_EVENTS: usize = 200;
const MOST_BYTES: usize = 2_000_000;

/// Bytes of an event's texts; beyond, they are left out, for the results have them.
const LONGEST_TEXT: usize = 100_000;

/// What Langfuse says of each event.
#[derive(Debug, Deserialize)]
struct Answer {
    #[serde(default)]
    errors: Vec<Refusal>,
}

#[derive(Debug, Deserialize)]
struct Refusal {
    status: u16,
    #[serde(default)]
    message: String,
}

pub(crate) async fn deliver(finished: &Finished<'_>) -> Result<(), Error> {
    let mut batch = Batch::default();
    for chunk in finished.store.scored_chunks(finished.run).await? {
        for result in finished.results(chunk).await? {
            for event in events(finished.summary, &result) {
                if batch.is_full_with(&event) {
                    hand_in(finished, std::mem::take(&mut batch)).await?;
                }
                batch.push(event);
            }
        }
    }
    hand_in(finished, batch).await
}

/// Events as JSON texts.
#[derive(Debug, Default)]
struct Batch {
    events: Vec<String>,
    bytes: usize,
}

impl Batch {
    fn is_full_with(&self, event: &str) -> bool {
        self.events.len() == MOST_EVENTS || self.bytes + event.len() > MOST_BYTES
    }

    fn push(&mut self, event: String) {
        self.bytes += event.len() + 1;
        self.events.push(event);
    }
}

async fn hand_in(finished: &Finished<'_>, batch: Batch) -> Result<(), Error> {
    if batch.events.is_empty() {
        return Ok(());
    }
    let Some(langfuse) = &finished.receivers.langfuse else {
        let reason = "the workers know no Langfuse: set LANGFUSE_HOST, LANGFUSE_PUBLIC_KEY and LANGFUSE_SECRET_KEY";
        return Err(Unheard::NotSetUp(reason.to_owned()).into());
    };
    let body = format!("{{\"batch\":[{}]}}", batch.events.join(","));
    let request = langfuse.ingest(&finished.receivers.http);
    let request = request
        .header("content-type", "application/json")
        .body(body);
    let answer = receivers::send(request).await?;
    let answer: Answer = match answer.bytes().await {
        Ok(bytes) => serde_json::from_slice(&bytes).unwrap_or(Answer { errors: Vec::new() }),
        Err(error) => return Err(Unheard::NoAnswer(error.without_url().to_string()).into()),
    };
    match answer.errors.first() {
        None => Ok(()),
        Some(first) => {
            let said = format!(
                "{} of {} events: {}",
                answer.errors.len(),
                batch.events.len(),
                first.message
            );
            let status = first
                .status
                .try_into()
                .unwrap_or(reqwest::StatusCode::BAD_REQUEST);
            Err(Unheard::Refused { status, said }.into())
        }
    }
}

/// The trace of an item and its scores. An item that was never asked has none.
fn events(summary: &RunSummary, result: &ItemResult) -> Vec<String> {
    let Some(output) = &result.output else {
        return Vec::new();
    };
    let (id, sample) = (&result.item.id, result.sample);
    let trace = trace_id(&summary.experiment_id, summary.index, id, sample);
    let at = output.ended_at.unwrap_or(summary.ended_at);
    let answer = output.answer.as_ref();
    let body = json!({
        "id": trace,
        "timestamp": at,
        "name": summary.experiment_name,
        "sessionId": summary.experiment_id,
        "input": short(json!(result.item.input)),
        "output": short(answer.map_or(Value::Null, |answer| answer.value.clone())),
        "tags": result.item.tags,
        "metadata": {
            "item_id": result.item.id,
            "sample": result.sample,
            "model": summary.model,
            "round": summary.round,
            "state": result.state,
            "expected": short(json!(result.item.expected)),
            "error": output.error,
        },
    });
    let mut events = vec![event(summary, "trace-create", &trace, body)];
    for score in &result.scores {
        events.push(scored(summary, result, &trace, score));
    }
    events
}

fn scored(summary: &RunSummary, result: &ItemResult, trace: &str, score: &Score) -> String {
    let (value, kind) = match score.value {
        ScoreValue::Boolean(value) => (json!(u8::from(value)), "BOOLEAN"),
        ScoreValue::Number(value) => (json!(value), "NUMERIC"),
    };
    let index = summary.index.to_string();
    let item = match result.sample {
        0 => &result.item.id,
        // Its trace tells it from the item's other samples.
        _ => trace,
    };
    let id = digest([&summary.experiment_id, &index, item, &score.name]);
    let body = json!({
        "id": id,
        "traceId": trace,
        "name": score.name,
        "value": value,
        "dataType": kind,
        "comment": score.comment,
        "metadata": {"eval_id": score.eval_id, "model": summary.model},
    });
    event(summary, "score-create", &id, body)
}

/// An event's own id is that of its body and the round: Langfuse passes over events that it has had.
fn event(summary: &RunSummary, kind: &str, id: &str, body: Value) -> String {
    let id = digest([kind, id, &summary.round.to_string()]);
    json!({"id": id, "type": kind, "timestamp": summary.ended_at, "body": body}).to_string()
}

/// A value, or how much was left out of it.
fn short(value: Value) -> Value {
    let bytes = value.to_string().len();
    match bytes > LONGEST_TEXT {
        true => json!(format!("left out: {bytes} bytes of JSON")),
        false => value,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_batch_stays_below_what_is_taken() {
        let mut batch = Batch::default();
        (0..MOST_EVENTS).for_each(|_| batch.push("{}".to_owned()));
        assert!(batch.is_full_with("{}"));
        let mut batch = Batch::default();
        batch.push("x".repeat(MOST_BYTES / 2));
        assert!(!batch.is_full_with("{}"));
        assert!(batch.is_full_with(&"x".repeat(MOST_BYTES / 2)));
    }

    #[test]
    fn what_is_long_is_left_out_and_said_to_be() {
        assert_eq!(short(json!("x")), "x");
        assert_eq!(
            short(json!("x".repeat(LONGEST_TEXT))),
            "left out: 100002 bytes of JSON"
        );
    }
}
