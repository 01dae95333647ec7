//! Carries the trace through a workflow, and tells of the workflow when it has ended.
//!
//! In place of the SDK's own plugin, which begins a span when a workflow begins and ends it in the same worker: when that
//! worker is lost, the span is never told, nor those of the activities under way, and all below them hang in the air. Here
//! the span is named by the run of the workflow, so that everything below can be told before it. The wire is the plugin's.

use std::cell::RefCell;
use std::collections::HashMap;
use std::sync::Arc;
use std::time::SystemTime;

use opentelemetry::KeyValue;
use opentelemetry::trace::{SpanContext, SpanKind, TraceFlags, TraceState};
use runtime::traces::carried;
use temporalio_common::protos::temporal::api::common::v1::Payload;
use temporalio_sdk::workflow_interceptors::{
    CancellableWorkflowOutboundFuture, ContinueAsNewInput, ContinueAsNewResult,
    ExecuteWorkflowInput, ExecuteWorkflowResult, InitializeWorkflowInput, InitializeWorkflowOutput,
    ScheduleActivityInput, ScheduleActivityResult, StartChildWorkflowInput,
    StartChildWorkflowResult, SyncWorkflowInterceptorContext, WorkflowInterceptor,
    WorkflowInterceptorConstructor, WorkflowInterceptorContext, WorkflowInterceptorFuture,
    WorkflowNext,
};
use temporalio_sdk::{WorkflowContextView, WorkflowTermination};
use tokio::runtime::Handle;
use workflows::ids;

use super::{Span, Traces, names};

/// What a worker registers with its workflows. `runtime` tells of those that have ended.
pub(crate) fn interceptor(traces: Arc<Traces>, runtime: Handle) -> WorkflowInterceptorConstructor {
    WorkflowInterceptorConstructor::new(move |_| Carrying {
        traces: Arc::clone(&traces),
        runtime: runtime.clone(),
        came: RefCell::default(),
        own: RefCell::default(),
    })
}

struct Carrying {
    traces: Arc<Traces>,
    runtime: Handle,
    /// The span that began the workflow.
    came: RefCell<Option<SpanContext>>,
    /// The span of the workflow; none before it runs, and none of a workflow that belongs to no experiment.
    own: RefCell<Option<SpanContext>>,
}

impl Carrying {
    fn comes(&self, headers: &HashMap<String, Payload>) {
        if let Some(came) = carried::read(headers) {
            *self.came.borrow_mut() = Some(came);
        }
    }

    fn begins(&self, run_id: &str) -> SpanContext {
        let came = self.came.borrow();
        let trace = match came.as_ref() {
            Some(came) => came.trace_id(),
            None => names::trace_of_workflow(run_id),
        };
        let flags = match self.traces.sampling.records(trace, came.as_ref()) {
            true => TraceFlags::SAMPLED,
            false => TraceFlags::default(),
        };
        let id = names::workflow_span(run_id);
        SpanContext::new(trace, id, flags, true, TraceState::default())
    }

    fn goes_on(&self, headers: &mut HashMap<String, Payload>) {
        if let Some(own) = self.own.borrow().as_ref() {
            carried::write(own, headers);
        }
    }
}

impl WorkflowInterceptor for Carrying {
    fn initialize_workflow(
        &self,
        _: WorkflowContextView,
        input: InitializeWorkflowInput,
        next: WorkflowNext<'_, InitializeWorkflowInput, InitializeWorkflowOutput>,
    ) -> InitializeWorkflowOutput {
        self.comes(input.headers());
        next.run(input)
    }

    fn execute<'a>(
        &'a self,
        ctx: WorkflowInterceptorContext,
        input: ExecuteWorkflowInput,
        next: WorkflowNext<
            'a,
            ExecuteWorkflowInput,
            WorkflowInterceptorFuture<'a, ExecuteWorkflowResult>,
        >,
    ) -> WorkflowInterceptorFuture<'a, ExecuteWorkflowResult> {
        if ids::experiment_of(ctx.workflow_id()).is_none() {
            return next.run(input);
        }
        self.comes(input.headers());
        let own = self.begins(ctx.run_id());
        *self.own.borrow_mut() = Some(own.clone());
        let began = ctx.workflow_time();
        let run = next.run(input);
        WorkflowInterceptorFuture::new(async move {
            let result = run.await;
            let was_evicted = matches!(result, Err(WorkflowTermination::Evicted));
            if own.is_sampled() && !was_evicted && !ctx.is_replaying_history_events() {
                let span = self.span(&ctx, &own, began, &result);
                self.traces.tell_in_background(&self.runtime, span);
            }
            result
        })
    }

    fn schedule_activity(
        &self,
        _: WorkflowInterceptorContext,
        mut input: ScheduleActivityInput,
        next: WorkflowNext<
            'static,
            ScheduleActivityInput,
            CancellableWorkflowOutboundFuture<ScheduleActivityResult>,
        >,
    ) -> CancellableWorkflowOutboundFuture<ScheduleActivityResult> {
        self.goes_on(input.headers_mut());
        next.run(input)
    }

    fn start_child_workflow(
        &self,
        _: WorkflowInterceptorContext,
        mut input: StartChildWorkflowInput,
        next: WorkflowNext<
            'static,
            StartChildWorkflowInput,
            CancellableWorkflowOutboundFuture<StartChildWorkflowResult>,
        >,
    ) -> CancellableWorkflowOutboundFuture<StartChildWorkflowResult> {
        self.goes_on(input.headers_mut());
        next.run(input)
    }

    /// What continues is below the same span as what it continues.
    fn continue_as_new(
        &self,
        _: SyncWorkflowInterceptorContext,
        mut input: ContinueAsNewInput,
        next: WorkflowNext<'static, ContinueAsNewInput, ContinueAsNewResult>,
    ) -> ContinueAsNewResult {
        match self.came.borrow().as_ref() {
            Some(came) => carried::write(came, input.headers_mut()),
            None => self.goes_on(input.headers_mut()),
        }
        next.run(input)
    }
}

impl Carrying {
    fn span(
        &self,
        ctx: &WorkflowInterceptorContext,
        own: &SpanContext,
        began: Option<SystemTime>,
        result: &ExecuteWorkflowResult,
    ) -> Span {
        let ended = ctx.workflow_time().unwrap_or_else(SystemTime::now);
        let came = self.came.borrow();
        let parent = came.as_ref().map(SpanContext::span_id);
        let mut attributes = vec![
            KeyValue::new("temporalWorkflowID", ctx.workflow_id().to_owned()),
            KeyValue::new("temporalRunID", ctx.run_id().to_owned()),
            KeyValue::new("openinference.span.kind", "CHAIN"),
        ];
        if let Some(experiment) = ids::experiment_of(ctx.workflow_id()) {
            attributes.push(KeyValue::new("session.id", experiment.to_string()));
        }
        Span {
            trace: own.trace_id(),
            id: own.span_id(),
            parent: parent.unwrap_or(opentelemetry::trace::SpanId::INVALID),
            name: format!("RunWorkflow:{}", ctx.workflow_type()),
            kind: SpanKind::Server,
            began: began.unwrap_or(ended),
            ended,
            attributes,
            error: match result {
                Err(WorkflowTermination::Failed(_)) => Some("the workflow has failed".to_owned()),
                _ => None,
            },
            langfuse: None,
        }
    }
}

#[cfg(test)]
mod tests {
    use clap::Parser;
    use runtime::traces::TracesConfig;
    use temporalio_client::WorkflowHistory;
    use temporalio_sdk::workflow_replayer::{WorkflowReplayer, WorkflowReplayerOptions};
    use workflows::experiment::ExperimentWorkflow;
    use workflows::multi_model::MultiModelWorkflow;
    use workflows::provider_limit::ProviderLimitWorkflow;

    use super::*;
    use crate::receivers::Receivers;
    use crate::traces::DetailConfig;

    #[derive(Parser)]
    struct Program {
        #[command(flatten)]
        traces: TracesConfig,
        #[command(flatten)]
        detail: DetailConfig,
    }

    /// Histories that were recorded without traces go on with them.
    #[tokio::test]
    async fn every_recorded_history_replays_while_traces_are_carried() {
        let endpoint = "http://127.0.0.1:9";
        let program = Program::parse_from(["worker", "--otel-exporter-otlp-endpoint", endpoint]);
        let traces = Traces::new(&program.traces, program.detail, &Receivers::nobody());
        let traces = Arc::new(traces.unwrap().unwrap());
        let options = WorkflowReplayerOptions::new()
            .register_workflow::<ExperimentWorkflow>()
            .unwrap()
            .register_workflow::<MultiModelWorkflow>()
            .unwrap()
            .register_workflow::<ProviderLimitWorkflow>()
            .unwrap()
            .workflow_interceptor(interceptor(Arc::clone(&traces), Handle::current()))
            .build();
        let replayer = WorkflowReplayer::new(options).unwrap();
        let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/histories");
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            let history = WorkflowHistory::from_json(&std::fs::read(&path).unwrap()).unwrap();
            let replayed = replayer.replay_workflow(history).await;
            assert!(replayed.is_ok(), "{}: {:?}", path.display(), replayed.err());
        }
        assert!(
            traces.telling.is_empty(),
            "what is replayed is not told again"
        );
    }
}
