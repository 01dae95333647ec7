//! The spans of scores, and of the calls that scorers have made for them.

use domain::output::Output;
use domain::score::{Score, ScorerError};
use opentelemetry::KeyValue;
use opentelemetry::trace::{SpanId, SpanKind};
use serde_json::json;

use super::{Below, Chunk, began_at};
use crate::traces::span::InLangfuse;
use crate::traces::{Span, names};

impl Chunk<'_> {
    /// The span of a score, and of the calls that were made for it.
    pub(super) fn score(
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

/// Whether it passes, where the scorer says so.
fn label(score: &Score) -> Option<KeyValue> {
    let label = match score.passed()? {
        true => "pass",
        false => "fail",
    };
    Some(KeyValue::new("gen_ai.evaluation.score.label", label))
}
