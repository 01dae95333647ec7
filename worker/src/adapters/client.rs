//! The HTTP client of all calls.

use std::time::Duration;

use reqwest::redirect::Policy;

/// It tries nothing again, and leaves the time limit of a call to the call.
pub(super) fn client() -> anyhow::Result<reqwest::Client> {
    let client = reqwest::Client::builder()
        .user_agent(concat!("ai-evolution/", env!("CARGO_PKG_VERSION")))
        .connect_timeout(Duration::from_secs(10))
        // Over HTTP/2 all calls would share one connection, and most servers limit its streams to about 100.
        .http1_only()
        .pool_max_idle_per_host(1024)
        .redirect(Policy::custom(|attempt| {
            let origin = attempt.previous().last().map(|url| url.origin());
            let stays = origin.is_some_and(|origin| origin == attempt.url().origin());
            // A key goes to no other host.
            match stays && attempt.previous().len() <= 3 {
                true => attempt.follow(),
                false => attempt.stop(),
            }
        }))
        .build()?;
    Ok(client)
}
