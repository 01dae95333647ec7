//! The spans of items that have been scored: one for each item, and below it one for each call and each score.
//!
//! They are made of what the artifact store holds, not of what a worker remembers. What is asked for twice has the same
//! spans twice, under the same names. `root` is the span of an item, `scores` those of its scores.

mod root;
mod scores;
#[cfg(test)]
mod tests;

use std::collections::HashMap;
use std::time::{Duration, SystemTime};

use artifacts::run::{Caller, Run};
use domain::dataset::DatasetRef;
use domain::item::DatasetItem;
use domain::output::{CallError, Output};
use domain::result::{ItemResult, ItemState};
use domain::spec::{ExperimentSpec, RunModel};
use evaluation::scorers::{self, Scorer};
use jiff::Timestamp;
use opentelemetry::KeyValue;
use opentelemetry::trace::{SpanId, SpanKind, TraceId};

use super::genai::Respondent;
use super::span::InLangfuse;
use super::{DetailConfig, Span, TracedItems, Traces, activities, names};

/// A sample of an item of a run.
#[derive(Clone, Copy)]
pub(crate) struct Place<'a> {
    pub(crate) run: &'a Run,
    pub(crate) item: &'a str,
    pub(crate) sample: u32,
}

/// Calls by what they are about: an item, or a scorer's question.
type Calls = HashMap<String, Vec<Output>>;

/// Whom a scorer asks, and what is recorded of it.
pub(crate) struct Asked<'a> {
    /// The scorer's place in the experiment.
    pub(crate) scorer: usize,
    pub(crate) caller: &'a Caller,
    pub(crate) respondent: &'a scorers::Respondent,
    pub(crate) calls: Vec<Output>,
}

/// A chunk that has been scored.
pub(crate) struct Scored<'a> {
    /// The activity that has scored it.
    pub(crate) place: &'a activities::Place,
    pub(crate) run: &'a Run,
    pub(crate) spec: &'a ExperimentSpec,
    pub(crate) model: &'a RunModel,
    pub(crate) dataset: &'a DatasetRef,
    pub(crate) scorers: &'a [Scorer],
    pub(crate) results: &'a [ItemResult],
    /// All that is recorded for the outputs.
    pub(crate) calls: Vec<Output>,
    pub(crate) asked: Vec<Asked<'a>>,
}

impl Traces {
    pub(crate) fn spans(&self, scored: Scored<'_>) -> Vec<Span> {
        let messages = self.detail.capture_message_content;
        let round = scored.run.round;
        let asked = scored.asked.into_iter().filter_map(|asked| {
            let respondent = asked.respondent;
            Some(Questions {
                scorer: asked.scorer,
                key: asked.caller.scorer.as_deref().unwrap_or_default(),
                respondent: Respondent::new(&respondent.adapter, &respondent.name, messages)?,
                calls: of_round(asked.calls, round),
            })
        });
        let chunk = Chunk {
            place: scored.place,
            run: scored.run,
            spec: scored.spec,
            model: scored.model,
            dataset: scored.dataset,
            scorers: scored.scorers,
            respondent: Respondent::new(&scored.model.adapter, &scored.model.name, messages),
            calls: of_round(scored.calls, round),
            asked: asked.collect(),
            messages,
            now: SystemTime::now(),
        };
        let results = scored.results.iter();
        let told = results.filter(|result| self.detail.tells(result));
        told.flat_map(|result| chunk.item(result)).collect()
    }
}

impl DetailConfig {
    fn tells(&self, result: &ItemResult) -> bool {
        match self.trace_items {
            TracedItems::All => true,
            TracedItems::Failed => result.state != ItemState::Ok,
            TracedItems::Share(share) => names::lot(&result.item.id) < share,
        }
    }
}

/// The calls of a round: those of earlier ones were told then. What came from the cache was none.
fn of_round(calls: Vec<Output>, round: u32) -> Calls {
    let mut by_item = Calls::new();
    for call in calls {
        if call.round == round && !call.cached {
            by_item.entry(call.item_id.clone()).or_default().push(call);
        }
    }
    by_item
}

struct Questions<'a> {
    scorer: usize,
    key: &'a str,
    respondent: Respondent<'a>,
    calls: Calls,
}

struct Chunk<'a> {
    place: &'a activities::Place,
    run: &'a Run,
    spec: &'a ExperimentSpec,
    model: &'a RunModel,
    dataset: &'a DatasetRef,
    scorers: &'a [Scorer],
    respondent: Option<Respondent<'a>>,
    calls: Calls,
    asked: Vec<Questions<'a>>,
    messages: bool,
    now: SystemTime,
}

/// What the spans of an item have in common.
struct Below<'a> {
    place: Place<'a>,
    id: SpanId,
    trace: TraceId,
    result: &'a ItemResult,
}

impl Chunk<'_> {
    /// The item's span and those below it; none of an item that was never asked.
    fn item(&self, result: &ItemResult) -> Vec<Span> {
        let Some(output) = &result.output else {
            return Vec::new();
        };
        let place = Place {
            run: self.run,
            item: &result.item.id,
            sample: result.sample,
        };
        let below = Below {
            place,
            id: names::item_span(place),
            trace: names::item_trace(place),
            result,
        };
        let mut spans = self.item_calls(&below);
        let began = spans.iter().map(|span| span.began).min();
        for score in &result.scores {
            spans.extend(self.score(&below, output, Ok(score)));
        }
        for error in &result.scorer_errors {
            spans.extend(self.score(&below, output, Err(error)));
        }
        let ended = spans.iter().map(|span| span.ended).max();
        spans.push(self.root(
            &below,
            output,
            began.unwrap_or(self.now),
            ended.unwrap_or(self.now),
        ));
        spans
    }

    fn common(&self, below: &Below<'_>) -> Vec<KeyValue> {
        let experiment = self.run.experiment.to_string();
        let mut common = vec![
            KeyValue::new("session.id", experiment.clone()),
            KeyValue::new("ai_evolution.experiment.id", experiment),
            KeyValue::new("ai_evolution.item.id", below.result.item.id.clone()),
        ];
        if self.dataset.samples > 1 {
            let sample = i64::from(below.result.sample);
            common.push(KeyValue::new("ai_evolution.item.sample", sample));
        }
        common
    }

    fn item_calls(&self, below: &Below<'_>) -> Vec<Span> {
        let Some(respondent) = &self.respondent else {
            return Vec::new();
        };
        let item = &below.result.item;
        let calls = self.calls.get(&item.id).into_iter().flatten();
        let calls = calls.filter(|call| call.sample == below.result.sample);
        calls
            .map(|call| {
                let id = names::call_span(below.place, call.attempts, began_at(call));
                self.call(below, below.id, id, respondent, item, call)
            })
            .collect()
    }

    fn call(
        &self,
        below: &Below<'_>,
        parent: SpanId,
        id: SpanId,
        respondent: &Respondent<'_>,
        item: &DatasetItem,
        call: &Output,
    ) -> Span {
        let mut attributes = self.common(below);
        attributes.extend(respondent.attributes(call));
        attributes.push(KeyValue::new(
            "ai_evolution.attempt",
            i64::from(call.attempts),
        ));
        if self.messages {
            attributes.extend(respondent.messages(item, call));
        }
        Span {
            trace: self.place.trace,
            id,
            parent,
            name: respondent.span_name(),
            kind: SpanKind::Client,
            began: began_at(call).into(),
            ended: ended_at(call).into(),
            attributes,
            error: call.error.as_ref().map(CallError::outline),
            langfuse: Some(InLangfuse {
                trace: below.trace,
                is_root: false,
                attributes: respondent.in_langfuse(call),
            }),
        }
    }
}

/// When a call began. Calls that older workers have recorded do not say so, unless by their latency.
fn began_at(call: &Output) -> Timestamp {
    let ended = ended_at(call);
    let latency = call.answer.as_ref().and_then(|answer| answer.latency_ms);
    let latency = latency.and_then(|ms| Duration::try_from_secs_f64(ms / 1000.0).ok());
    let by_latency = latency.and_then(|latency| ended.checked_sub(latency).ok());
    call.began_at.or(by_latency).unwrap_or(ended)
}

fn ended_at(call: &Output) -> Timestamp {
    call.ended_at.unwrap_or(Timestamp::UNIX_EPOCH)
}
