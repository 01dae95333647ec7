//! The names of traces and spans. Each follows from what it names: what is told again after a crash has the name that it
//! had before, and whoever tells of an item elsewhere gives it the same, so that scores and spans meet there.

use domain::output::Output;
use jiff::Timestamp;
use opentelemetry::trace::{SpanId, TraceId};
use sha2::{Digest as _, Sha256};

use super::items::Place;

/// The trace of a sample of an item of a run, as OpenTelemetry and Langfuse name one: 32 hexadecimal digits, the first half
/// of the SHA-256 of the experiment's id, the run's index, the item's id and, unless it is the first, the sample's number,
/// each on a line.
pub(crate) fn trace_id(experiment_id: &str, index: u32, item_id: &str, sample: u32) -> String {
    let (index, number) = (index.to_string(), sample.to_string());
    match sample {
        0 => digest([experiment_id, &index, item_id]),
        _ => digest([experiment_id, &index, item_id, &number]),
    }
}

/// The first 32 hexadecimal digits of the SHA-256 of some lines.
pub(crate) fn digest<const N: usize>(lines: [&str; N]) -> String {
    hex::encode(&Sha256::digest(lines.join("\n"))[..16])
}

/// The trace of a workflow that nobody has begun a trace for, such as one that a schedule starts.
pub(super) fn trace_of_workflow(run_id: &str) -> TraceId {
    TraceId::from_bytes(head(["trace", run_id]))
}

pub(super) fn workflow_span(run_id: &str) -> SpanId {
    SpanId::from_bytes(head(["workflow", run_id]))
}

/// The span of an activity that has done its work, in whichever attempt.
pub(super) fn activity_span(run_id: &str, activity_id: &str) -> SpanId {
    SpanId::from_bytes(head(["activity", run_id, activity_id]))
}

/// The span of an attempt that has not.
pub(super) fn attempt_span(run_id: &str, activity_id: &str, attempt: u32) -> SpanId {
    SpanId::from_bytes(head(["attempt", run_id, activity_id, &attempt.to_string()]))
}

/// In Langfuse, where an activity is a trace of its own.
pub(super) fn activity_trace(run_id: &str, activity_id: &str) -> TraceId {
    TraceId::from_bytes(head(["activity", run_id, activity_id]))
}

/// In Langfuse, where a sample of an item is a trace of its own.
pub(super) fn item_trace(place: Place<'_>) -> TraceId {
    let run = place.run;
    let name = trace_id(run.experiment.as_ref(), run.index, place.item, place.sample);
    TraceId::from_hex(&name).unwrap_or(TraceId::INVALID)
}

pub(super) fn item_span(place: Place<'_>) -> SpanId {
    span("item", place, "", "")
}

/// One call: those of one question are different attempts, or have begun at different times.
pub(super) fn call_span(place: Place<'_>, attempt: u32, began_at: Timestamp) -> SpanId {
    span("call", place, &attempt.to_string(), &began_at.to_string())
}

pub(super) fn score_span(place: Place<'_>, scorer: &str) -> SpanId {
    span("score", place, scorer, "")
}

/// One call that a scorer makes.
pub(super) fn question_span(
    place: Place<'_>,
    respondent: &str,
    call: &Output,
    began_at: Timestamp,
) -> SpanId {
    let (sample, attempt) = (call.sample.to_string(), call.attempts.to_string());
    let which = digest([respondent, &call.item_id, &sample, &attempt]);
    span("question", place, &which, &began_at.to_string())
}

/// Where an item stands when lots are drawn, from 0 to 1: the same in every run.
pub(super) fn lot(item_id: &str) -> f64 {
    u64::from_be_bytes(head(["lot", item_id])) as f64 / u64::MAX as f64
}

fn span(kind: &str, place: Place<'_>, which: &str, more: &str) -> SpanId {
    let run = place.run;
    SpanId::from_bytes(head([
        kind,
        run.experiment.as_ref(),
        &run.index.to_string(),
        &run.round.to_string(),
        place.item,
        &place.sample.to_string(),
        which,
        more,
    ]))
}

/// The first bytes of the SHA-256 of some lines.
fn head<const LINES: usize, const BYTES: usize>(lines: [&str; LINES]) -> [u8; BYTES] {
    let digest = Sha256::digest(lines.join("\n"));
    std::array::from_fn(|place| digest[place])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_sample_has_its_own_trace() {
        assert_ne!(trace_id("e", 0, "a", 0), trace_id("e", 0, "a", 1));
    }

    /// `printf 'e\n0\nitem-1' | sha256sum | cut -c1-32`
    #[test]
    fn a_trace_id_can_be_worked_out_by_anybody() {
        assert_eq!(
            trace_id("e", 0, "item-1", 0),
            "4d93376fdfea9de70962eaa6091e9bde"
        );
    }
}
