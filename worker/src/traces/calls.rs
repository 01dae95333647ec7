//! The trace as calls carry it on: whoever is asked over HTTP learns in `traceparent` below which span it works.

use std::sync::Arc;

use artifacts::run::Run;
use jiff::Timestamp;
use opentelemetry::trace::{SpanContext, TraceFlags, TraceId, TraceState};
use runtime::traces::carried;
use temporalio_sdk::activities::ActivityContext;

use super::items::Place;
use super::{TracedItems, Traces, names};

tokio::task_local! {
    static CALL: Option<String>;
}

/// The calls of an activity for the outputs of a run.
pub(crate) struct Calls {
    traces: Arc<Traces>,
    trace: TraceId,
    run: Run,
}

impl Traces {
    /// None when the trace is not recorded.
    pub(crate) fn calls(self: &Arc<Self>, ctx: &ActivityContext, run: &Run) -> Option<Calls> {
        Some(Calls {
            traces: Arc::clone(self),
            trace: self.place(ctx)?.trace,
            run: run.clone(),
        })
    }
}

impl Calls {
    /// What a call carries; nothing when nobody can know yet whether its span will be told.
    pub(crate) fn traceparent(
        &self,
        item: &str,
        sample: u32,
        attempt: u32,
        began_at: Timestamp,
    ) -> Option<String> {
        let is_told = match self.traces.detail.trace_items {
            TracedItems::All => true,
            TracedItems::Failed => false,
            TracedItems::Share(share) => names::lot(item) < share,
        };
        let run = &self.run;
        let id = names::call_span(Place { run, item, sample }, attempt, began_at);
        let flags = TraceFlags::SAMPLED;
        let span = SpanContext::new(self.trace, id, flags, false, TraceState::default());
        carried::traceparent(&span).filter(|_| is_told)
    }
}

/// Makes a call that carries what it is given.
pub(crate) async fn carrying<T>(traceparent: Option<String>, call: impl Future<Output = T>) -> T {
    CALL.scope(traceparent, call).await
}

/// What the call that is being made carries.
pub(crate) fn carries() -> Option<String> {
    CALL.try_with(Clone::clone).ok().flatten()
}
