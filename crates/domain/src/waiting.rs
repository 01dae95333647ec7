//! Why no model call begins just now, told in heartbeats and shown to users.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

/// Why no call begins.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Wait {
    pub reason: WaitReason,
    /// When a call may begin, or it is looked again.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub until: Option<Timestamp>,
    /// The same in words, without anything a provider said.
    pub detail: String,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum WaitReason {
    /// The provider has asked for fewer calls, or the run's own rate is used up.
    RateLimit,
    /// The provider is away.
    Provider,
    /// All calls that the fleet may make to the provider are taken.
    FleetLimit,
    /// Items whose last call failed are asked again after a wait.
    Backoff,
}
