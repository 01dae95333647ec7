//! The types of failures on the wire: how a workflow and the API tell why an activity or a run failed.

/// The dataset cannot be used. Not retryable.
pub const DATASET_INVALID: &str = "DatasetInvalid";
/// The place where the dataset's file is does not answer as it should. Retryable.
pub const DATASET_UNAVAILABLE: &str = "DatasetUnavailable";
/// The provider refuses the credentials or the model, so that no call can succeed. Not retryable.
pub const PROVIDER_REFUSED: &str = "ProviderRefused";
/// The experiment cannot be carried out as it is written. Not retryable.
pub const SPEC_INVALID: &str = "SpecInvalid";
/// Some items have no answer yet and will be asked again. Retryable.
pub const ITEMS_UNFINISHED: &str = "ItemsUnfinished";
/// As `ITEMS_UNFINISHED`, and the last word of the provider was that it is asked too often. Retryable.
pub const RATE_LIMITED: &str = "RateLimited";
/// The artifact store cannot be read or written. Retryable.
pub const ARTIFACTS_UNAVAILABLE: &str = "ArtifactsUnavailable";
/// A run ended before its time, for the reason its message gives.
pub const RUN_FAILED: &str = "RunFailed";
/// An artifact is missing or cannot be understood. Not retryable.
pub const ARTIFACT_INVALID: &str = "ArtifactInvalid";
/// The worker stops and leaves the rest to another. Retryable at once.
pub const HANDED_OVER: &str = "HandedOver";
/// A task inside the worker was aborted or panicked. Retryable.
pub const TASK_ABORTED: &str = "TaskAborted";
/// The provider is away, and the stretch waits for it. Retryable.
pub const PROVIDER_AWAY: &str = "ProviderAway";
/// No worker takes the activities of a task queue, and the stretch waits for one. Retryable.
pub const WORKER_AWAY: &str = "WorkerAway";
/// More items have failed than the experiment allows. Not retryable.
pub const TOO_MANY_FAILURES: &str = "TooManyFailures";
/// The specification is not in the store yet: the workflow was started while it was written. Retryable.
pub const NOT_ARCHIVED_YET: &str = "NotArchivedYet";
/// The worker's disk for temporary files is full or broken. Retryable, best by another worker.
pub const DISK_UNAVAILABLE: &str = "DiskUnavailable";
/// A sink cannot be delivered to. Retryable for a while; then the delivery is reported as failed.
pub const SINK_UNAVAILABLE: &str = "SinkUnavailable";
