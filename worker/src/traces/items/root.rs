//! The span of an item, and all that Langfuse is told of it.

use std::time::SystemTime;

use domain::output::{CallError, Output};
use domain::result::ItemState;
use opentelemetry::trace::SpanKind;
use opentelemetry::{Array, KeyValue, Value as Attribute};
use serde_json::json;

use super::{Below, Chunk};
use crate::traces::Span;
use crate::traces::span::InLangfuse;

impl Chunk<'_> {
    /// Lasts as long as what is below it.
    pub(super) fn root(
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
        let tags = Attribute::Array(Array::String(tags));
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
        Span {
            trace: self.place.trace,
            id: below.id,
            parent: self.place.id,
            name: "item".to_owned(),
            kind: SpanKind::Internal,
            began,
            ended,
            attributes,
            error: output.error.as_ref().map(CallError::outline),
            langfuse: Some(InLangfuse {
                trace: below.trace,
                is_root: true,
                attributes: shown,
            }),
        }
    }
}

/// A state, as results name it.
fn word(state: ItemState) -> String {
    match serde_json::to_value(state) {
        Ok(serde_json::Value::String(word)) => word,
        _ => String::new(),
    }
}
