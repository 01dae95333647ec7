//! Numbers for Prometheus: recorded anywhere by the macros of the crate `metrics`, and read here as text.
//!
//! Labels are bounded by what the operator has written: providers, routes, task queues, states. No id and no name that a
//! user chooses is ever a label.

mod endpoint;
mod meter;

use std::sync::Arc;
use std::time::Duration;

use anyhow::Context;
use metrics_exporter_prometheus::{Matcher, PrometheusBuilder, PrometheusHandle};
use temporalio_common::telemetry::metrics::CoreMeter;
use tokio_util::sync::CancellationToken;

pub use self::endpoint::serve;

/// The content type of the text format of Prometheus.
pub const CONTENT_TYPE: &str = "text/plain; version=0.0.4; charset=utf-8";

/// Upper bounds of times, in seconds: from what a cache answers to the slowest of models.
const SECONDS: [f64; 15] = [
    0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 120.0,
];

/// Upper bounds of the time of a call to a model and of its tokens, as the semantic conventions of OpenTelemetry for generative
/// AI have them.
const CALL_SECONDS: [f64; 14] = [
    0.01, 0.02, 0.04, 0.08, 0.16, 0.32, 0.64, 1.28, 2.56, 5.12, 10.24, 20.48, 40.96, 81.92,
];
const TOKENS: [f64; 14] = [
    1.0,
    4.0,
    16.0,
    64.0,
    256.0,
    1024.0,
    4096.0,
    16384.0,
    65536.0,
    262_144.0,
    1_048_576.0,
    4_194_304.0,
    16_777_216.0,
    67_108_864.0,
];

/// How often samples that nobody has read are folded together.
const UPKEEP: Duration = Duration::from_secs(5);

/// What was recorded so far.
#[derive(Clone)]
pub struct Recorded(PrometheusHandle);

/// Starts recording, for the whole process.
pub fn init() -> anyhow::Result<Recorded> {
    let call_duration = Matcher::Full("gen_ai_client_operation_duration_seconds".to_owned());
    let tokens = Matcher::Full("gen_ai_client_token_usage".to_owned());
    let handle = PrometheusBuilder::new()
        .set_buckets_for_metric(Matcher::Suffix("_seconds".to_owned()), &SECONDS)
        .and_then(|builder| builder.set_buckets_for_metric(call_duration, &CALL_SECONDS))
        .and_then(|builder| builder.set_buckets_for_metric(tokens, &TOKENS))
        .and_then(PrometheusBuilder::install_recorder)
        .context("metrics could not be started")?;
    Ok(Recorded(handle))
}

impl Recorded {
    /// Everything, in the text format of Prometheus.
    pub fn render(&self) -> String {
        self.0.render()
    }

    /// Keeps memory bounded while nobody reads.
    pub fn keep_up(&self, shutdown: CancellationToken) {
        let handle = self.0.clone();
        tokio::spawn(async move {
            while shutdown
                .run_until_cancelled(tokio::time::sleep(UPKEEP))
                .await
                .is_some()
            {
                handle.run_upkeep();
            }
        });
    }
}

/// Where Temporal's SDK records what it measures of itself.
pub fn meter() -> Arc<dyn CoreMeter> {
    Arc::new(meter::Meter)
}
