//! What is told of the work to whoever keeps traces: by OTLP, and to Langfuse.
//!
//! Nothing is recorded while it happens. `workflows` and `activities` tell of each when it has ended, `items` makes the spans
//! of what is recorded in the artifact store when a chunk has been scored, and the answer is waited for before the
//! activity ends. `calls` carries the trace on to whoever is asked. `names` gives every span a name that follows from what it is. So a worker that is lost takes no span with
//! it, and the next one tells those that are told again under the same names. `span` is what is told, `langfuse` how it is
//! told there.

pub(crate) mod activities;
pub(crate) mod calls;
mod genai;
pub(crate) mod items;
mod langfuse;
pub(crate) mod names;
mod reach;
mod span;
pub(crate) mod workflows;

use std::str::FromStr;
use std::sync::Arc;

use clap::Args;
use opentelemetry::trace::TraceId;
use opentelemetry_sdk::trace::SpanData;
use runtime::traces::{Destination, NotSent, Sampling, TracesConfig};
use tokio_util::task::TaskTracker;

use self::reach::Reach;
pub(crate) use self::span::Span;
use crate::counts;
use crate::receivers::Receivers;

/// The name of the program, unless OTEL_SERVICE_NAME gives another.
const PROGRAM: &str = "ai-evolution-worker";

/// How much of the work is told.
#[derive(Clone, Debug, Args)]
pub struct DetailConfig {
    /// Items whose calls and scores are in traces: `all`, `failed`, or a share of them such as `0.1`, the same with each run.
    #[arg(long, env = "TRACE_ITEMS", default_value = "all")]
    pub trace_items: TracedItems,
    /// Whether traces tell what models are asked and answer.
    #[arg(long, env = "OTEL_INSTRUMENTATION_GENAI_CAPTURE_MESSAGE_CONTENT")]
    pub capture_message_content: bool,
}

/// Which items are in traces.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum TracedItems {
    All,
    Failed,
    Share(f64),
}

impl FromStr for TracedItems {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        match (text, text.parse::<f64>()) {
            ("all", _) => Ok(Self::All),
            ("failed", _) => Ok(Self::Failed),
            (_, Ok(share)) if (0.0..=1.0).contains(&share) => Ok(Self::Share(share)),
            _ => Err("it is `all`, `failed` or a number from 0 to 1".to_owned()),
        }
    }
}

/// Whoever is told of the work of a worker.
pub(crate) struct Traces {
    otlp: Option<(Destination, Reach)>,
    langfuse: Option<(langfuse::Project, Reach)>,
    sampling: Sampling,
    detail: DetailConfig,
    /// What is told while nobody waits for it.
    telling: TaskTracker,
}

impl Traces {
    /// None when there is nobody to tell. Needs a runtime.
    pub(crate) fn new(
        config: &TracesConfig,
        detail: DetailConfig,
        receivers: &Receivers,
    ) -> anyhow::Result<Option<Self>> {
        let otlp = config.destination(PROGRAM)?;
        let langfuse = langfuse::Project::of(receivers, &config.resource(PROGRAM));
        if otlp.is_none() && langfuse.is_none() {
            return Ok(None);
        }
        Ok(Some(Self {
            otlp: otlp.map(|otlp| (otlp, Reach::default())),
            langfuse: langfuse.map(|langfuse| (langfuse, Reach::default())),
            sampling: config.sampling()?,
            detail,
            telling: TaskTracker::new(),
        }))
    }

    /// Tells of what has ended, and waits until it has been heard. Work is not kept from going on by those who do not listen.
    pub(crate) async fn tell(&self, spans: Vec<Span>) {
        let to_otlp = async {
            let Some((otlp, reach)) = &self.otlp else {
                return Ok(());
            };
            let spans: Vec<SpanData> = spans.iter().map(Span::data).collect();
            reach.tell(spans.len(), otlp.send(spans)).await
        };
        let to_langfuse = async {
            let Some((langfuse, reach)) = &self.langfuse else {
                return Ok(());
            };
            let spans = spans.iter().filter_map(Span::data_in_langfuse);
            let spans: Vec<SpanData> = spans.collect();
            reach.tell(spans.len(), langfuse.send(spans)).await
        };
        let (by_otlp, by_langfuse) = tokio::join!(to_otlp, to_langfuse);
        for (destination, told) in [("otlp", by_otlp), ("langfuse", by_langfuse)] {
            if let Err(NotSent { spans, reason }) = told {
                tracing::warn!(destination, spans, reason, "spans were not taken");
                counts::spans_lost(destination, spans);
            }
        }
    }

    /// The same for what ends where nothing can be waited for.
    fn tell_in_background(self: &Arc<Self>, runtime: &tokio::runtime::Handle, span: Span) {
        let traces = Arc::clone(self);
        self.telling
            .spawn_on(async move { traces.tell(vec![span]).await }, runtime);
    }

    /// Waits until everything has been told.
    pub(crate) async fn told(&self) {
        self.telling.close();
        self.telling.wait().await;
    }

    fn records(&self, trace: TraceId) -> bool {
        self.sampling.records(trace, None)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn items_are_told_of_all_of_those_that_failed_or_by_share() {
        let items = |text: &str| text.parse::<TracedItems>();
        assert_eq!(items("all"), Ok(TracedItems::All));
        assert_eq!(items("failed"), Ok(TracedItems::Failed));
        assert_eq!(items("0.25"), Ok(TracedItems::Share(0.25)));
        for nonsense in ["", "some", "1.5", "-1", "NaN"] {
            assert!(items(nonsense).is_err(), "{nonsense}");
        }
    }
}
