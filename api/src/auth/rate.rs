//! How many requests a caller may make: the generic cell rate algorithm, told in the fields of
//! draft-ietf-httpapi-ratelimit-headers-10 (`RateLimit-Policy` and `RateLimit`).

use std::fmt;
use std::num::NonZeroU32;
use std::time::Duration;

use axum::http::{HeaderName, HeaderValue};
use governor::clock::{Clock, DefaultClock};
use governor::middleware::StateInformationMiddleware;
use governor::state::keyed::DefaultKeyedStateStore;
use governor::{Quota, RateLimiter};

/// Seconds over which a rate is told.
const WINDOW: u32 = 60;

/// The requests of all callers, or of all tenants, counted for each.
pub(super) struct Rates {
    policy: &'static str,
    a_minute: NonZeroU32,
    limiter: RateLimiter<
        String,
        DefaultKeyedStateStore<String>,
        DefaultClock,
        StateInformationMiddleware,
    >,
}

/// What is left to a caller.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Left {
    policy: &'static str,
    a_minute: NonZeroU32,
    requests: u32,
    /// Until there is one more; only told when none is left.
    wait: Duration,
}

/// A caller has used up what it may.
#[derive(Clone, Copy, Debug)]
pub(super) struct Refused {
    policy: &'static str,
    a_minute: NonZeroU32,
    pub(super) retry_after: Duration,
}

impl Rates {
    /// So many requests a minute. A caller that was quiet for a minute may make all of them at once.
    /// `policy` is what headers call it.
    pub(super) fn new(policy: &'static str, a_minute: NonZeroU32) -> Self {
        let limiter = RateLimiter::keyed(Quota::per_minute(a_minute)).with_middleware();
        Self {
            policy,
            a_minute,
            limiter,
        }
    }

    /// Counts a request.
    pub(super) fn count(&self, whose: &str) -> Result<Left, Refused> {
        match self.limiter.check_key(&whose.to_owned()) {
            Ok(state) => Ok(Left {
                policy: self.policy,
                a_minute: self.a_minute,
                requests: state.remaining_burst_capacity(),
                wait: Duration::ZERO,
            }),
            Err(refused) => Err(Refused {
                policy: self.policy,
                a_minute: self.a_minute,
                retry_after: refused.wait_time_from(DefaultClock::default().now()),
            }),
        }
    }
}

impl Refused {
    pub(super) fn left(self) -> Left {
        Left {
            policy: self.policy,
            a_minute: self.a_minute,
            requests: 0,
            wait: self.retry_after,
        }
    }
}

impl Left {
    pub(super) fn headers(self) -> [(HeaderName, HeaderValue); 2] {
        let name = self.policy;
        let policy = format!("\"{name}\";q={};w={WINDOW}", self.a_minute);
        let left = format!(
            "\"{name}\";r={};t={}",
            self.requests,
            whole_seconds(self.wait)
        );
        let value = |text| HeaderValue::try_from(text).expect("letters and digits");
        [
            (HeaderName::from_static("ratelimit-policy"), value(policy)),
            (HeaderName::from_static("ratelimit"), value(left)),
        ]
    }
}

/// Rounded up, so that who waits as long is let in.
pub(crate) fn whole_seconds(wait: Duration) -> u64 {
    wait.as_secs() + u64::from(wait.subsec_nanos() > 0)
}

impl fmt::Debug for Rates {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} a minute", self.a_minute)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_caller_is_counted_alone_and_told_what_is_left() {
        let rates = Rates::new("requests", NonZeroU32::new(3).unwrap());
        let count = |caller: &str| rates.count(caller);
        assert_eq!(count("a").unwrap().requests, 2);
        assert_eq!(count("a").unwrap().requests, 1);
        assert_eq!(count("a").unwrap().requests, 0);
        let refused = count("a").unwrap_err();
        let seconds = whole_seconds(refused.retry_after);
        assert!((1..=20).contains(&seconds), "{seconds}");
        let [policy, left] = refused.left().headers();
        assert_eq!(policy.1, "\"requests\";q=3;w=60");
        assert_eq!(left.1, format!("\"requests\";r=0;t={seconds}").as_str());
        assert_eq!(count("b").unwrap().requests, 2);
    }
}
