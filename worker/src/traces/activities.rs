//! Tells of each activity when it has ended.
//!
//! An activity that has done its work has one span, from when it was first asked for, in whichever attempt it succeeds: what is
//! below can be told before it. An attempt that fails has a span of its own.

use std::sync::Arc;
use std::time::SystemTime;

use opentelemetry::KeyValue;
use opentelemetry::trace::{SpanId, SpanKind, TraceId};
use runtime::traces::carried;
use temporalio_sdk::activities::{ActivityContext, ActivityError, ActivityInfo};
use temporalio_sdk::interceptors::{
    ActivityInboundInterceptor, ExecuteActivityInput, ExecuteActivityOutput, Next,
};
use workflows::ids;

use super::span::InLangfuse;
use super::{Span, Traces, names};

/// What a worker registers with its activities.
pub(crate) struct Told(pub(crate) Arc<Traces>);

/// An activity of a workflow, in a trace that is recorded.
#[derive(Clone, Debug)]
pub(crate) struct Place {
    pub(crate) trace: TraceId,
    /// The span of the workflow.
    parent: SpanId,
    /// The span of the activity, which is told when it has done its work.
    pub(crate) id: SpanId,
    workflow_id: String,
    run_id: String,
    activity_id: String,
    activity_type: String,
    attempt: u32,
    asked_for: SystemTime,
    began: SystemTime,
}

impl Traces {
    /// Where the activity is in its trace; none when the trace is not recorded.
    pub(crate) fn place(&self, ctx: &ActivityContext) -> Option<Place> {
        self.place_of(ctx.info(), carried::read(ctx.headers()))
    }

    fn place_of(
        &self,
        info: &ActivityInfo,
        carried: Option<opentelemetry::trace::SpanContext>,
    ) -> Option<Place> {
        let (workflow_id, run_id) = (info.workflow_id.clone()?, info.workflow_run_id.clone()?);
        let (trace, parent) = match &carried {
            Some(carried) if !carried.is_sampled() => return None,
            Some(carried) => (carried.trace_id(), carried.span_id()),
            // Asked for by a workflow that ran without traces.
            None => (
                names::trace_of_workflow(&run_id),
                names::workflow_span(&run_id),
            ),
        };
        if carried.is_none() && !self.records(trace) {
            return None;
        }
        let began = info.started_time.unwrap_or_else(SystemTime::now);
        Some(Place {
            trace,
            parent,
            id: names::activity_span(&run_id, &info.activity_id),
            workflow_id,
            run_id,
            activity_id: info.activity_id.clone(),
            activity_type: info.activity_type.clone(),
            attempt: info.attempt,
            asked_for: info.scheduled_time.unwrap_or(began),
            began,
        })
    }
}

impl ActivityInboundInterceptor for Told {
    fn execute_activity<'a>(
        &'a self,
        input: ExecuteActivityInput,
        next: Next<'a, ExecuteActivityInput, ExecuteActivityOutput<'a>>,
    ) -> ExecuteActivityOutput<'a> {
        let carried = carried::read(input.headers());
        let place = self.0.place_of(input.activity_info(), carried);
        Box::pin(async move {
            let result = next.run(input).await;
            if let Some(place) = place {
                self.0.tell(vec![place.ended(result.as_ref().err())]).await;
            }
            result
        })
    }
}

#[cfg(test)]
impl Place {
    pub(super) fn somewhere() -> Self {
        Self {
            trace: TraceId::from(1),
            parent: SpanId::from(2),
            id: SpanId::from(3),
            workflow_id: "e".to_owned(),
            run_id: "r".to_owned(),
            activity_id: "1".to_owned(),
            activity_type: "ScoreOutput".to_owned(),
            attempt: 1,
            asked_for: SystemTime::UNIX_EPOCH,
            began: SystemTime::UNIX_EPOCH,
        }
    }
}

impl Place {
    fn ended(self, failure: Option<&ActivityError>) -> Span {
        let session = ids::experiment_of(&self.workflow_id);
        let session = session.map_or(self.workflow_id.clone(), |id| id.to_string());
        let mut attributes = vec![
            KeyValue::new("temporalWorkflowID", self.workflow_id),
            KeyValue::new("temporalRunID", self.run_id.clone()),
            KeyValue::new("temporalActivityID", self.activity_id.clone()),
            KeyValue::new("temporalActivityType", self.activity_type.clone()),
            KeyValue::new("temporalAttempt", i64::from(self.attempt)),
            KeyValue::new("session.id", session),
            KeyValue::new("openinference.span.kind", "CHAIN"),
        ];
        let error = failure.map(kind);
        if let Some(kind) = &error {
            attributes.push(KeyValue::new("error.type", kind.clone()));
        }
        let (id, began) = match &error {
            None => (self.id, self.asked_for),
            Some(_) => {
                let id = names::attempt_span(&self.run_id, &self.activity_id, self.attempt);
                (id, self.began)
            }
        };
        let in_langfuse = vec![
            KeyValue::new("langfuse.trace.name", self.activity_type.clone()),
            KeyValue::new("langfuse.observation.type", "span"),
        ];
        Span {
            trace: self.trace,
            id,
            parent: self.parent,
            name: format!("RunActivity:{}", self.activity_type),
            kind: SpanKind::Server,
            began,
            ended: SystemTime::now(),
            attributes,
            error,
            langfuse: Some(InLangfuse {
                trace: names::activity_trace(&self.run_id, &self.activity_id),
                is_root: true,
                attributes: in_langfuse,
            }),
        }
    }
}

/// The type of a failure. Its message may repeat what a provider has said, so it is left to Temporal.
fn kind(failure: &ActivityError) -> String {
    match failure {
        ActivityError::Application(failure) => failure.type_name().unwrap_or("_OTHER").to_owned(),
        ActivityError::Cancelled { .. } => "Cancelled".to_owned(),
        _ => "_OTHER".to_owned(),
    }
}
