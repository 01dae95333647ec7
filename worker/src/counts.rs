//! What the worker counts for Prometheus. Labels are the provider table's names and our own words, nothing that users choose.
//!
//! Calls to models are measured as the semantic conventions of OpenTelemetry for generative AI have it
//! (`gen_ai.client.operation.duration`, `gen_ai.client.token.usage`), with underscores for dots as Prometheus asks.

use std::time::Instant;

use domain::money::Money;
use domain::output::{Answer, CallError, TokenUsage};
use domain::result::StateCounts;
use domain::summary::{Delivery, Status};
use metrics::{
    Gauge, Unit, counter, describe_counter, describe_gauge, describe_histogram, gauge, histogram,
};
use serde::Serialize;

use crate::adapters::Adapter;

const CALLS: &str = "ai_evolution_calls_total";
const IN_FLIGHT: &str = "ai_evolution_calls_in_flight";
const COST: &str = "ai_evolution_cost_nanodollars_total";
const ITEMS: &str = "ai_evolution_items_total";
const RUNS: &str = "ai_evolution_runs_total";
const DELIVERIES: &str = "ai_evolution_deliveries_total";
const SPANS_LOST: &str = "ai_evolution_spans_lost_total";
const DURATION: &str = "gen_ai_client_operation_duration_seconds";
const TOKENS: &str = "gen_ai_client_token_usage";

/// Says what each of them is.
pub(crate) fn describe() {
    describe_counter!(CALLS, "Calls that have ended, by provider and outcome.");
    describe_gauge!(IN_FLIGHT, "Calls under way, by provider.");
    describe_counter!(
        COST,
        "What answers have cost by the provider table, in billionths of a US dollar."
    );
    describe_counter!(
        ITEMS,
        "Items that were scored, by state; again when they are rescored."
    );
    describe_counter!(RUNS, "Runs that have ended, by status.");
    describe_counter!(
        DELIVERIES,
        "Deliveries to sinks, by kind of sink and outcome."
    );
    describe_counter!(
        SPANS_LOST,
        "Spans that were not taken by whoever keeps traces, by destination."
    );
    describe_histogram!(
        DURATION,
        Unit::Seconds,
        "Time from request to answer or failure."
    );
    describe_histogram!(TOKENS, "Tokens of an answer, by type.");
}

/// Spans that nobody has taken. `destination` is one of our words.
pub(crate) fn spans_lost(destination: &'static str, spans: usize) {
    counter!(SPANS_LOST, "destination" => destination).increment(spans as u64);
}

/// A call under way. Dropping it counts it as over.
pub(crate) struct Call {
    provider: String,
    in_flight: Gauge,
    began: Instant,
}

impl Call {
    /// A call that begins; none when nobody is called.
    pub(crate) fn begin(adapter: &Adapter) -> Option<Self> {
        let provider = provider(adapter)?;
        let in_flight = gauge!(IN_FLIGHT, "provider" => provider.clone());
        in_flight.increment(1);
        Some(Self {
            provider,
            in_flight,
            began: Instant::now(),
        })
    }

    pub(crate) fn ended(self, outcome: &Result<Answer, CallError>) {
        let outcome = match outcome {
            Ok(_) => "answered".to_owned(),
            Err(error) => word(error.kind),
        };
        histogram!(DURATION, "gen_ai_provider_name" => self.provider.clone())
            .record(self.began.elapsed());
        counter!(CALLS, "provider" => self.provider.clone(), "outcome" => outcome).increment(1);
    }
}

impl Drop for Call {
    fn drop(&mut self) {
        self.in_flight.decrement(1);
    }
}

/// Counts what an answer has used and cost.
pub(crate) fn used(adapter: &Adapter, usage: TokenUsage, cost: Option<Money>) {
    let Some(provider) = provider(adapter) else {
        return;
    };
    for (kind, tokens) in [
        ("input", usage.input_tokens),
        ("output", usage.output_tokens),
    ] {
        histogram!(TOKENS, "gen_ai_provider_name" => provider.clone(), "gen_ai_token_type" => kind)
            .record(tokens as f64);
    }
    if let Some(cost) = cost {
        counter!(COST, "provider" => provider).increment(cost.nanos());
    }
}

pub(crate) fn scored(states: StateCounts) {
    for (state, items) in [
        ("ok", states.ok),
        ("generation_failed", states.generation_failed),
        ("scorer_failed", states.scorer_failed),
        ("skipped", states.skipped),
    ] {
        counter!(ITEMS, "state" => state).increment(items);
    }
}

pub(crate) fn run_ended(status: Status) {
    counter!(RUNS, "status" => word(status)).increment(1);
}

pub(crate) fn delivered(delivery: &Delivery) {
    let outcome = match delivery.error {
        None => "delivered",
        Some(_) => "failed",
    };
    counter!(DELIVERIES, "sink" => delivery.sink.clone(), "outcome" => outcome).increment(1);
}

/// The provider's name in the table; activities of others are one, whatever their queues are called.
fn provider(adapter: &Adapter) -> Option<String> {
    let name = match adapter {
        Adapter::Recorded(_) => return None,
        Adapter::Activity(_) => "activity",
        called => called.provider()?,
    };
    Some(name.to_owned())
}

/// A value as it is written in JSON, such as `rate_limited`.
fn word(value: impl Serialize) -> String {
    match serde_json::to_value(value) {
        Ok(serde_json::Value::String(word)) => word,
        _ => "other".to_owned(),
    }
}
