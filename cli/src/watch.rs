//! Following an experiment to its end, through times when the API is away.

use std::time::{Duration, Instant};

use anyhow::Context as _;
use api_types::experiments::Experiment;
use domain::experiment::ExperimentId;

use crate::client::Client;
use crate::output::progress::Progress;
use crate::output::words::{duration, one_line};

const POLL_INTERVAL: Duration = Duration::from_millis(500);

/// Shows progress until the experiment has ended, and gives its last state.
///
/// The experiment needs neither us nor the API to go on, so the API may be away for as long as `patience`.
pub(crate) async fn watch(
    client: &Client,
    id: &ExperimentId,
    progress: &mut Progress,
    patience: Duration,
) -> anyhow::Result<Experiment> {
    let mut away_since: Option<Instant> = None;
    loop {
        match client.experiment(id).await {
            Ok(experiment) => {
                away_since = None;
                progress.show(&experiment)?;
                if experiment.status.is_final() {
                    return Ok(experiment);
                }
            }
            Err(error) if error.is_passing() => {
                let since = *away_since.get_or_insert_with(|| {
                    progress.remark(&format!(
                        "{}; trying for {} more",
                        one_line(&error.to_string(), 200),
                        duration(patience.as_secs_f64())
                    ));
                    Instant::now()
                });
                if since.elapsed() >= patience {
                    return Err(error).context("the experiment goes on, but cannot be watched");
                }
            }
            Err(error) => return Err(error.into()),
        }
        tokio::time::sleep(POLL_INTERVAL).await;
    }
}
