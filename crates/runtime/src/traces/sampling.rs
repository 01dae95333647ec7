//! Which traces are recorded: decided once for a whole trace, by the samplers of OpenTelemetry's specification.

use clap::ValueEnum;
use opentelemetry::Context;
use opentelemetry::trace::{SpanContext, SpanKind, TraceContextExt, TraceId};
use opentelemetry_sdk::trace::{Sampler, SamplingDecision, ShouldSample};

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
#[value(rename_all = "snake_case")]
pub enum TraceSampler {
    AlwaysOn,
    AlwaysOff,
    Traceidratio,
    #[value(name = "parentbased_always_on")]
    ParentbasedAlwaysOn,
    #[value(name = "parentbased_always_off")]
    ParentbasedAlwaysOff,
    #[value(name = "parentbased_traceidratio")]
    ParentbasedTraceidratio,
}

/// A sampler that is set up.
#[derive(Clone, Debug)]
pub struct Sampling(pub(super) Sampler);

impl Sampling {
    /// `share` is that of the samplers that have one.
    pub(super) fn new(sampler: TraceSampler, share: f64) -> anyhow::Result<Self> {
        anyhow::ensure!(
            (0.0..=1.0).contains(&share),
            "OTEL_TRACES_SAMPLER_ARG is {share}, which is not between 0 and 1"
        );
        let by_share = Sampler::TraceIdRatioBased(share);
        let below = |sampler| Sampler::ParentBased(Box::new(sampler));
        Ok(Self(match sampler {
            TraceSampler::AlwaysOn => Sampler::AlwaysOn,
            TraceSampler::AlwaysOff => Sampler::AlwaysOff,
            TraceSampler::Traceidratio => by_share,
            TraceSampler::ParentbasedAlwaysOn => below(Sampler::AlwaysOn),
            TraceSampler::ParentbasedAlwaysOff => below(Sampler::AlwaysOff),
            TraceSampler::ParentbasedTraceidratio => below(by_share),
        }))
    }

    /// Whether a trace is recorded; of one that was carried here, `carried` is what came with it.
    pub fn records(&self, trace: TraceId, carried: Option<&SpanContext>) -> bool {
        let parent =
            carried.map(|carried| Context::new().with_remote_span_context(carried.clone()));
        let sampled = self
            .0
            .should_sample(parent.as_ref(), trace, "", &SpanKind::Server, &[], &[]);
        sampled.decision == SamplingDecision::RecordAndSample
    }
}

#[cfg(test)]
mod tests {
    use opentelemetry::trace::{SpanId, TraceFlags, TraceState};

    use super::*;

    #[test]
    fn a_trace_is_recorded_as_its_client_says_unless_the_sampler_knows_better() {
        let trace = TraceId::from(7);
        let (id, flags) = (SpanId::from(1), TraceFlags::default());
        let unsampled = SpanContext::new(trace, id, flags, true, TraceState::default());
        let records = |sampler, carried| {
            let sampling = Sampling::new(sampler, 1.0).unwrap();
            sampling.records(trace, carried)
        };
        assert!(records(TraceSampler::ParentbasedAlwaysOn, None));
        assert!(!records(
            TraceSampler::ParentbasedAlwaysOn,
            Some(&unsampled)
        ));
        assert!(records(TraceSampler::AlwaysOn, Some(&unsampled)));
        assert!(!records(TraceSampler::AlwaysOff, None));
        let error = Sampling::new(TraceSampler::Traceidratio, 2.0).unwrap_err();
        assert!(error.to_string().contains("OTEL_TRACES_SAMPLER_ARG"));
    }
}
