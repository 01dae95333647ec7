//! Waiting for a condition with a deadline, the only way in which tests wait.

use std::time::{Duration, Instant};

const PAUSE: Duration = Duration::from_millis(25);

/// Probes until the answer is `Ok`, and gives it back. Panics at the deadline with what the last probe saw.
pub async fn eventually<T>(
    what: &str,
    deadline: Duration,
    mut probe: impl AsyncFnMut() -> Result<T, String>,
) -> T {
    let start = Instant::now();
    loop {
        let seen = match probe().await {
            Ok(value) => return value,
            Err(seen) => seen,
        };
        assert!(
            start.elapsed() < deadline,
            "not within {deadline:?}: {what}; last seen: {seen}"
        );
        tokio::time::sleep(PAUSE).await;
    }
}
