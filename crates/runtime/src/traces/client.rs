//! Spans of the calls to Temporal by which a request changes something, and the trace that goes on from there.

use futures::future::BoxFuture;
use opentelemetry::trace::{FutureExt, SpanKind, Status, TraceContextExt, Tracer};
use opentelemetry::{Context, KeyValue};
use temporalio_client::errors::{WorkflowInteractionError, WorkflowStartError};
use temporalio_client::{
    CancelWorkflowInput, ClientInterceptor, Next, SignalWorkflowInput, StartWorkflowInput,
    StartWorkflowOutput, TerminateWorkflowInput,
};

use super::{Live, carried};

/// Named and told as the OpenTelemetry plugins of Temporal's SDKs have it. What is not asked for by a request has no span.
pub(crate) struct Traced(pub(crate) Live);

impl Traced {
    fn span(&self, name: String, workflow_id: &str) -> Context {
        let parent = Context::current();
        if !parent.has_active_span() {
            return parent;
        }
        let span = self
            .0
            .tracer
            .span_builder(name)
            .with_kind(SpanKind::Client)
            .with_attributes([KeyValue::new("temporalWorkflowID", workflow_id.to_owned())])
            .start_with_context(&self.0.tracer, &parent);
        parent.with_span(span)
    }
}

async fn ended<T, E: std::fmt::Display>(
    context: Context,
    call: impl Future<Output = Result<T, E>>,
) -> Result<T, E> {
    let result = call.with_context(context.clone()).await;
    if let Err(error) = &result {
        context.span().set_status(Status::error(error.to_string()));
    }
    context.span().end();
    result
}

impl ClientInterceptor for Traced {
    fn start_workflow<'a>(
        &'a self,
        mut input: StartWorkflowInput,
        next: Next<
            'a,
            StartWorkflowInput,
            BoxFuture<'a, Result<StartWorkflowOutput, WorkflowStartError>>,
        >,
    ) -> BoxFuture<'a, Result<StartWorkflowOutput, WorkflowStartError>> {
        let name = format!("StartWorkflow:{}", input.workflow_type);
        let context = self.span(name, &input.options.workflow_id);
        if context.has_active_span() {
            let headers = input.options.header.get_or_insert_default();
            carried::write(context.span().span_context(), &mut headers.fields);
        }
        Box::pin(ended(context, next.run(input)))
    }

    fn signal_workflow<'a>(
        &'a self,
        mut input: SignalWorkflowInput,
        next: Next<'a, SignalWorkflowInput, BoxFuture<'a, Result<(), WorkflowInteractionError>>>,
    ) -> BoxFuture<'a, Result<(), WorkflowInteractionError>> {
        let name = format!("SignalWorkflow:{}", input.signal_name);
        let context = self.span(name, &input.workflow_id);
        if context.has_active_span() {
            let headers = input.options.header.get_or_insert_default();
            carried::write(context.span().span_context(), &mut headers.fields);
        }
        Box::pin(ended(context, next.run(input)))
    }

    fn cancel_workflow<'a>(
        &'a self,
        input: CancelWorkflowInput,
        next: Next<'a, CancelWorkflowInput, BoxFuture<'a, Result<(), WorkflowInteractionError>>>,
    ) -> BoxFuture<'a, Result<(), WorkflowInteractionError>> {
        let context = self.span("CancelWorkflow".to_owned(), &input.workflow_id);
        Box::pin(ended(context, next.run(input)))
    }

    fn terminate_workflow<'a>(
        &'a self,
        input: TerminateWorkflowInput,
        next: Next<'a, TerminateWorkflowInput, BoxFuture<'a, Result<(), WorkflowInteractionError>>>,
    ) -> BoxFuture<'a, Result<(), WorkflowInteractionError>> {
        let context = self.span("TerminateWorkflow".to_owned(), &input.workflow_id);
        Box::pin(ended(context, next.run(input)))
    }
}
