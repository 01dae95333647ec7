//! How many experiments of each status there are, asked of Temporal now and then, for Prometheus.

use std::time::Duration;

use jiff::Timestamp;

use crate::counts;
use crate::execution::{ExperimentFilter, Which};
use crate::state::AppState;

/// As often as Prometheus usually looks. One question that takes Temporal some ten milliseconds.
const EVERY: Duration = Duration::from_secs(15);

/// The first time is soon, for Temporal may only just be connected.
const SOON: Duration = Duration::from_secs(1);

/// Counts until the service stops. While Temporal cannot be asked, what was counted last stands.
pub(crate) fn keep_up(state: &AppState) {
    let state = state.clone();
    let stopping = state.stopping.clone();
    tokio::spawn(stopping.run_until_cancelled_owned(async move {
        let mut wait = SOON;
        loop {
            tokio::time::sleep(wait).await;
            // Of all tenants.
            let which = Which {
                tenant: None,
                filter: ExperimentFilter::default(),
                until: Timestamp::now(),
            };
            match state.workflows.count(&which).await {
                Ok(counted) => {
                    counts::experiments(&counted);
                    wait = EVERY;
                }
                Err(error) => tracing::debug!(?error, "experiments could not be counted"),
            }
        }
    }));
}
