//! Why a run makes no calls just now, as its users are told.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

/// Why no call can begin just now.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct Wait {
    pub reason: WaitReason,
    /// When a call may begin at the earliest, as far as that is known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "schema", schema(nullable = false))]
    pub until: Option<Timestamp>,
    /// A sentence for users, without secrets and without the provider's words.
    pub detail: String,
}

/// What is waited for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub enum WaitReason {
    /// A rate of the run is used up, or the provider has asked to be left alone for a while.
    RateLimit,
    /// No worker takes the activities of a task queue; one is tried now and then.
    Worker,
    /// The provider is away; it is asked now and then whether it is back.
    Provider,
    /// All that the workers together may ask of the provider is in use.
    FleetLimit,
    /// Items whose last call failed are asked again after a wait.
    Backoff,
}
