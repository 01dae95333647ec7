//! How fast items get done, from what was seen in the last seconds.

use std::collections::VecDeque;
use std::time::{Duration, Instant};

const WINDOW: Duration = Duration::from_secs(15);

/// The counts seen lately, oldest first.
#[derive(Debug, Default)]
pub(super) struct Pace {
    seen: VecDeque<(Instant, u64)>,
}

impl Pace {
    /// Items per second over the window that ends now; none until something has been seen to change.
    pub(super) fn see(&mut self, now: Instant, done: u64) -> Option<f64> {
        self.seen.push_back((now, done));
        while self.seen.len() > 2 && now.duration_since(self.seen[0].0) > WINDOW {
            self.seen.pop_front();
        }
        let (since, before) = *self.seen.front()?;
        let seconds = now.duration_since(since).as_secs_f64();
        let more = done.saturating_sub(before);
        (seconds > 0.0 && more > 0).then(|| more as f64 / seconds)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_last_seconds_count() {
        let start = Instant::now();
        let mut pace = Pace::default();
        assert_eq!(pace.see(start, 0), None);
        assert_eq!(pace.see(start + Duration::from_secs(10), 100), Some(10.0));
        assert_eq!(pace.see(start + Duration::from_secs(20), 120), Some(2.0));
    }

    #[test]
    fn nothing_moving_has_no_pace() {
        let start = Instant::now();
        let mut pace = Pace::default();
        pace.see(start, 5);
        assert_eq!(pace.see(start + Duration::from_secs(1), 5), None);
    }
}
