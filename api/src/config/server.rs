//! What clients may ask of a process at once, and how long they may keep it waiting.

use std::num::NonZeroU32;
use std::time::Duration;

use clap::Args;

/// Read once, as a part of the configuration.
#[derive(Clone, Debug, Args)]
pub struct ServerConfig {
    /// Connections that are open at once; further clients wait.
    #[arg(
        long,
        env = "MAX_CONNECTIONS",
        value_name = "CONNECTIONS",
        default_value = "10000"
    )]
    pub max_connections: NonZeroU32,
    /// Requests in work at once, but for those that watch; further ones are answered with 503.
    #[arg(
        long,
        env = "MAX_REQUESTS",
        value_name = "REQUESTS",
        default_value = "1024"
    )]
    pub max_requests: NonZeroU32,
    /// Requests that watch at once: streams of events, and answers that wait; further ones are answered with 503.
    #[arg(
        long,
        env = "MAX_WATCHERS",
        value_name = "REQUESTS",
        default_value = "8000"
    )]
    pub max_watchers: NonZeroU32,
    /// How long a client may take to send the headers of a request, and how long it may send nothing of a body.
    #[arg(long, env = "STALL_TIMEOUT", default_value = "10s", value_parser = humantime::parse_duration)]
    pub stall_timeout: Duration,
    /// How long a connection may be open between two requests.
    #[arg(long, env = "IDLE_TIMEOUT", default_value = "75s", value_parser = humantime::parse_duration)]
    pub idle_timeout: Duration,
}
