//! The id of a new experiment: who chose it, and what it stands for already.

use axum::http::HeaderMap;
use domain::experiment::ExperimentId;
use domain::summary::Status;
use sha2::{Digest, Sha256};
use uuid::Uuid;

use crate::error::ApiError;
use crate::state::AppState;

const IDEMPOTENCY_KEY: &str = "idempotency-key";

/// The longest idempotency key, in bytes.
const LONGEST_KEY: usize = 255;

/// The id of a new experiment, by who chose it: that decides what it means when the id is taken.
pub(super) enum Id {
    MadeUp(ExperimentId),
    Chosen(ExperimentId),
    FromKey(ExperimentId),
}

impl Id {
    pub(super) fn new(chosen: Option<String>, headers: &HeaderMap) -> Result<Self, ApiError> {
        if let Some(chosen) = chosen {
            let id = chosen.parse::<ExperimentId>();
            return id
                .map(Self::Chosen)
                .map_err(|error| ApiError::invalid("/experiment_id", error.to_string()));
        }
        let (id, chosen_by): (String, fn(ExperimentId) -> Self) = match of_key("exp_", headers)? {
            None => (made_up("exp_"), Self::MadeUp),
            Some(id) => (id, Self::FromKey),
        };
        let id = id
            .parse()
            .expect("letters, digits and an underscore make an id");
        Ok(chosen_by(id))
    }

    pub(super) fn is_from_key(&self) -> bool {
        matches!(self, Self::FromKey(_))
    }

    /// Whether the id may be used. The artifacts of an experiment that Temporal has forgotten are still there; one that
    /// was ended because nothing could be archived has none.
    pub(super) async fn standing(&self, state: &AppState) -> Result<Standing, ApiError> {
        let id = match self {
            Self::MadeUp(_) => return Ok(Standing::Free),
            Self::Chosen(id) | Self::FromKey(id) => id,
        };
        let workflow_id = workflows::ids::experiment_workflow(id);
        let Some(execution) = state.workflows.describe(&workflow_id).await? else {
            return match state.store.summaries(id).await?.is_empty() {
                true => Ok(Standing::Free),
                false => Err(ApiError::Conflict(id.to_string())),
            };
        };
        let memo = execution.experiment.filter(|memo| memo.round == 0);
        let sha256 = memo.and_then(|memo| memo.spec_sha256);
        match (execution.status, sha256) {
            (Status::Terminated, Some(sha256)) if !state.store.has_spec(id, &sha256).await? => {
                Ok(Standing::Stillborn)
            }
            _ => Ok(Standing::Taken),
        }
    }
}

/// The id that stands for the idempotency key of a request, if it has one.
pub(crate) fn of_key(prefix: &str, headers: &HeaderMap) -> Result<Option<String>, ApiError> {
    match headers.get(IDEMPOTENCY_KEY) {
        None => Ok(None),
        Some(key) if key.is_empty() || key.len() > LONGEST_KEY => {
            let message = format!("the header `{IDEMPOTENCY_KEY}` has 1 to {LONGEST_KEY} bytes");
            Err(ApiError::invalid("", message))
        }
        Some(key) => {
            let hash = hex::encode(Sha256::digest(key.as_bytes()));
            Ok(Some(format!("{prefix}{}", &hash[..32])))
        }
    }
}

/// An id that nobody has chosen.
pub(crate) fn made_up(prefix: &str) -> String {
    format!("{prefix}{}", Uuid::now_v7().simple())
}

/// What an id stands for.
pub(super) enum Standing {
    Free,
    /// For what was started, could not be archived, and was ended again.
    Stillborn,
    Taken,
}

impl AsRef<ExperimentId> for Id {
    fn as_ref(&self) -> &ExperimentId {
        match self {
            Self::MadeUp(id) | Self::Chosen(id) | Self::FromKey(id) => id,
        }
    }
}
