//! The spans of items that have been scored: one for each item, and below it one for each call and each score.
//!
//! They are made of what the artifact store holds, not of what a worker remembers. What is asked for twice has the same
//! spans twice, under the same names.

use std::collections::HashMap;
use std::time::{Duration, SystemTime};

use artifacts::run::{Caller, Run};
use domain::dataset::DatasetRef;
use domain::item::DatasetItem;
use domain::output::Output;
use domain::result::{ItemResult, ItemState};
use domain::score::{Score, ScoreValue, ScorerError};
use domain::spec::{ExperimentSpec, RunModel};
use evaluation::scorers::{self, Scorer};
use jiff::Timestamp;
use opentelemetry::trace::{SpanId, SpanKind, TraceId};
use opentelemetry::{KeyValue, Value as Attribute};
use serde_json::json;

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

    fn root(
        &self,
        below: &Below<'_>,
        output: &Output,
        began: SystemTime,
        ended: SystemTime,
    ) -> Span {
        let (run, result) = (self.run, below.result);
        let mut attributes = self.common(below);
        attributes.extend([
            KeyValue::new(
                "ai_evolution.experiment.name",
                self.spec.experiment_name.clone(),
            ),
            KeyValue::new("ai_evolution.model", self.model.name.clone()),
            KeyValue::new("ai_evolution.round", i64::from(run.round)),
            KeyValue::new("ai_evolution.item.state", word(result.state)),
            KeyValue::new("openinference.span.kind", "CHAIN"),
        ]);
        let experiment = run.experiment.to_string();
        let metadata = json!({
            "item_id": result.item.id,
            "sample": result.sample,
            "model": self.model.name,
            "round": run.round,
            "state": result.state,
        });
        let about = json!({"model": self.model.name, "index": run.index, "round": run.round});
        let tags = result
            .item
            .tags
            .iter()
            .map(|tag| tag.clone().into())
            .collect();
        let tags = Attribute::Array(opentelemetry::Array::String(tags));
        let mut shown = vec![
            KeyValue::new("langfuse.trace.name", self.spec.experiment_name.clone()),
            KeyValue::new("langfuse.trace.tags", tags),
            KeyValue::new("langfuse.trace.metadata", metadata.to_string()),
            KeyValue::new("langfuse.observation.type", "span"),
            KeyValue::new("langfuse.experiment.id", experiment),
            KeyValue::new(
                "langfuse.experiment.name",
                self.spec.experiment_name.clone(),
            ),
            KeyValue::new("langfuse.experiment.metadata", about.to_string()),
            KeyValue::new(
                "langfuse.experiment.dataset.id",
                self.dataset.dataset_id.clone(),
            ),
            KeyValue::new("langfuse.experiment.item.id", result.item.id.clone()),
            KeyValue::new(
                "langfuse.experiment.item.root_observation_id",
                below.id.to_string(),
            ),
        ];
        if self.messages {
            let input = json!(result.item.input).to_string();
            attributes.push(KeyValue::new("input.value", input.clone()));
            shown.push(KeyValue::new("langfuse.observation.input", input));
            if let Some(answer) = &output.answer {
                let answer = answer.value.to_string();
                attributes.push(KeyValue::new("output.value", answer.clone()));
                shown.push(KeyValue::new("langfuse.observation.output", answer));
            }
            if let Some(expected) = &result.item.expected {
                let expected = expected.to_string();
                shown.push(KeyValue::new(
                    "langfuse.experiment.item.expected_output",
                    expected,
                ));
            }
            let metadata = json!(result.item.metadata).to_string();
            shown.push(KeyValue::new("langfuse.experiment.item.metadata", metadata));
        }
        let error = output
            .error
            .as_ref()
            .map(domain::output::CallError::outline);
        if let Some(error) = &error {
            shown.push(KeyValue::new("langfuse.observation.level", "ERROR"));
            shown.push(KeyValue::new(
                "langfuse.observation.status_message",
                error.clone(),
            ));
        }
        Span {
            trace: self.place.trace,
            id: below.id,
            parent: self.place.id,
            name: "item".to_owned(),
            kind: SpanKind::Internal,
            began,
            ended,
            attributes,
            error,
            langfuse: Some(InLangfuse {
                trace: below.trace,
                is_root: true,
                attributes: shown,
            }),
        }
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
            error: call.error.as_ref().map(domain::output::CallError::outline),
            langfuse: Some(InLangfuse {
                trace: below.trace,
                is_root: false,
                attributes: respondent.in_langfuse(call),
            }),
        }
    }

    /// The span of a score, and of the calls that were made for it.
    fn score(
        &self,
        below: &Below<'_>,
        output: &Output,
        score: Result<&Score, &ScorerError>,
    ) -> Vec<Span> {
        let name = match score {
            Ok(score) => &score.name,
            Err(error) => &error.name,
        };
        let id = names::score_span(below.place, name);
        let mut spans = self.question_calls(below, output, name, id);
        let began = spans.iter().map(|span| span.began).min();
        let ended = spans.iter().map(|span| span.ended).max();
        let mut attributes = self.common(below);
        attributes.extend([
            KeyValue::new("gen_ai.evaluation.name", name.clone()),
            KeyValue::new("openinference.span.kind", "EVALUATOR"),
        ]);
        let mut error = None;
        match score {
            Ok(score) => {
                attributes.push(KeyValue::new("ai_evolution.eval_id", score.eval_id.clone()));
                attributes.push(KeyValue::new(
                    "gen_ai.evaluation.score.value",
                    score.value.as_f64(),
                ));
                attributes.extend(label(score));
                if let Some(comment) = score.comment.as_ref().filter(|_| self.messages) {
                    attributes.push(KeyValue::new(
                        "gen_ai.evaluation.explanation",
                        comment.clone(),
                    ));
                }
            }
            Err(failed) => {
                attributes.push(KeyValue::new(
                    "ai_evolution.eval_id",
                    failed.eval_id.clone(),
                ));
                attributes.push(KeyValue::new("error.type", "scorer_failed"));
                // The message may repeat the answer.
                error = Some(match self.messages {
                    true => failed.message.clone(),
                    false => "the scorer could not score".to_owned(),
                });
            }
        }
        let mut shown = vec![KeyValue::new("langfuse.observation.type", "evaluator")];
        if let Ok(score) = score {
            let value = json!({"name": name, "value": score.value}).to_string();
            shown.push(KeyValue::new("langfuse.observation.output", value));
        }
        if let Some(error) = &error {
            shown.push(KeyValue::new("langfuse.observation.level", "ERROR"));
            shown.push(KeyValue::new(
                "langfuse.observation.status_message",
                error.clone(),
            ));
        }
        spans.push(Span {
            trace: self.place.trace,
            id,
            parent: below.id,
            name: format!("evaluate {name}"),
            kind: SpanKind::Internal,
            began: began.unwrap_or(self.now),
            ended: ended.unwrap_or(self.now),
            attributes,
            error,
            langfuse: Some(InLangfuse {
                trace: below.trace,
                is_root: false,
                attributes: shown,
            }),
        });
        spans
    }

    fn question_calls(
        &self,
        below: &Below<'_>,
        output: &Output,
        scorer: &str,
        parent: SpanId,
    ) -> Vec<Span> {
        let mut spans = Vec::new();
        for asked in &self.asked {
            let asking = &self.scorers[asked.scorer];
            if asking.name() != scorer {
                continue;
            }
            for question in asking.questions(&below.result.item, output) {
                for call in asked.calls.get(&question.id).into_iter().flatten() {
                    let id = names::question_span(below.place, asked.key, call, began_at(call));
                    let call = self.call(below, parent, id, &asked.respondent, &question, call);
                    spans.push(call);
                }
            }
        }
        spans
    }
}

fn label(score: &Score) -> Option<KeyValue> {
    let label = match (score.passed(), score.value) {
        (Some(true), _) => "pass",
        (Some(false), _) => "fail",
        (None, ScoreValue::Boolean(_) | ScoreValue::Number(_)) => return None,
    };
    Some(KeyValue::new("gen_ai.evaluation.score.label", label))
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

/// A state, as results name it.
fn word(state: ItemState) -> String {
    match serde_json::to_value(state) {
        Ok(serde_json::Value::String(word)) => word,
        _ => String::new(),
    }
}
