//! Whether a destination can be reached: after it has not answered, nothing is told to it for a while, so that work is not held
//! up again and again by one that is away.

use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use runtime::traces::NotSent;

/// How long nothing is told after something was given up.
const SILENCE: Duration = Duration::from_secs(30);

#[derive(Debug, Default)]
pub(super) struct Reach {
    silent_until: Mutex<Option<Instant>>,
}

impl Reach {
    /// Tells, unless that has just failed.
    pub(super) async fn tell(
        &self,
        spans: usize,
        telling: impl Future<Output = Result<(), NotSent>>,
    ) -> Result<(), NotSent> {
        if self.is_silent() {
            let reason = "what was told before was not taken".to_owned();
            return Err(NotSent { spans, reason });
        }
        let told = telling.await;
        if told.is_err() {
            let until = Instant::now() + SILENCE;
            *self
                .silent_until
                .lock()
                .unwrap_or_else(PoisonError::into_inner) = Some(until);
        }
        told
    }

    fn is_silent(&self) -> bool {
        let until = self
            .silent_until
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        until.is_some_and(|until| Instant::now() < until)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn what_was_not_taken_is_not_followed_at_once_by_more() {
        let reach = Reach::default();
        assert!(reach.tell(1, async { Ok(()) }).await.is_ok());
        let away = || async {
            Err(NotSent {
                spans: 2,
                reason: "away".to_owned(),
            })
        };
        assert!(reach.tell(2, away()).await.is_err());
        let told = reach
            .tell(3, async { unreachable!("it is not tried") })
            .await;
        assert_eq!(told.unwrap_err().spans, 3);
    }
}
