//! Waiting for the effect of a command that others bring about.

use std::future::Future;
use std::time::Duration;

use tokio::time::{Instant, sleep};

use crate::error::ApiError;

/// How long an answer may wait for the effect of a command, which a worker or Temporal has to bring about.
const PATIENCE: Duration = Duration::from_secs(2);
const LOOK_AGAIN_AFTER: Duration = Duration::from_millis(40);

/// What is looked at, as soon as it shows the effect, or as it stands when that takes long, as without a worker.
pub(crate) async fn settled<T, F>(
    look: impl Fn() -> F,
    shows_effect: impl Fn(&T) -> bool,
) -> Result<T, ApiError>
where
    F: Future<Output = Result<T, ApiError>>,
{
    let since = Instant::now();
    loop {
        let seen = look().await?;
        if shows_effect(&seen) || since.elapsed() > PATIENCE {
            return Ok(seen);
        }
        sleep(LOOK_AGAIN_AFTER).await;
    }
}
