//! What a caller can see: what belongs to its tenant, or, for callers without one, what belongs to nobody.
//!
//! Ids come in through here and in no other way, so that a handler cannot reach what is another tenant's: to the caller it
//! does not exist.

use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use domain::experiment::ExperimentId;
use domain::schedule::ScheduleId;
use domain::tenant::Tenant;
use domain::uploaded::{DatasetName, NotAName};

use crate::error::ApiError;
use crate::extract::Id;

/// The tenant of the caller. Every request that is let in has one of these.
#[derive(Clone, Debug)]
pub(crate) struct Scope(pub(crate) Option<Tenant>);

impl Scope {
    pub(crate) fn tenant(&self) -> Option<&Tenant> {
        self.0.as_ref()
    }

    /// An id as it stands in a request. What is no id is the id of nothing.
    pub(crate) fn experiment(&self, id: &str) -> Result<ExperimentId, ApiError> {
        match id.parse::<ExperimentId>() {
            Ok(id) => Ok(id.within(self.0.clone())),
            Err(_) => Err(ApiError::not_found("experiment", id)),
        }
    }

    /// The id of a schedule as it stands in a path.
    pub(crate) fn schedule(&self, id: &str) -> Result<ScheduleId, ApiError> {
        match id.parse::<ScheduleId>() {
            Ok(id) => Ok(id.within(self.0.clone())),
            Err(_) => Err(ApiError::not_found("schedule", id)),
        }
    }

    /// The name of a dataset as it stands in a request.
    pub(crate) fn dataset(&self, name: &str) -> Result<DatasetName, NotAName> {
        Ok(name.parse::<DatasetName>()?.within(self.0.clone()))
    }

    /// The whole id of a workflow that the caller knows by this one.
    pub(crate) fn workflow(&self, id: &str) -> Result<String, ApiError> {
        let whole = workflows::ids::known_as(id, self.tenant());
        whole.ok_or_else(|| ApiError::not_found("workflow", id))
    }
}

impl<S: Send + Sync> FromRequestParts<S> for Scope {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, _state: &S) -> Result<Self, ApiError> {
        let scope = parts.extensions.get::<Self>().cloned();
        scope.ok_or_else(|| ApiError::internal("nobody has asked who the caller is"))
    }
}

/// The experiment that a path names, as far as the caller can see it.
pub(crate) struct ExperimentPath(pub(crate) ExperimentId);

impl<S: Send + Sync> FromRequestParts<S> for ExperimentPath {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, ApiError> {
        let scope = Scope::from_request_parts(parts, state).await?;
        let Id(id) = Id::from_request_parts(parts, state).await?;
        scope.experiment(&id).map(Self)
    }
}

/// The schedule that a path names, as far as the caller can see it.
pub(crate) struct SchedulePath(pub(crate) ScheduleId);

impl<S: Send + Sync> FromRequestParts<S> for SchedulePath {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, ApiError> {
        let scope = Scope::from_request_parts(parts, state).await?;
        let Id(id) = Id::from_request_parts(parts, state).await?;
        scope.schedule(&id).map(Self)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_of_others_are_the_ids_of_nothing() {
        let acme = Scope(Some("acme".parse().unwrap()));
        assert_eq!(acme.experiment("e").unwrap().whole(), "acme@e");
        assert_eq!(acme.workflow("e~1").unwrap(), "acme@e~1");
        assert_eq!(acme.dataset("d").unwrap().whole(), "acme@d");
        for scope in [acme, Scope(None)] {
            for id in ["other@e", "acme@e", "@e"] {
                assert!(scope.experiment(id).is_err(), "{id}");
                assert!(scope.workflow(id).is_err(), "{id}");
                assert!(scope.dataset(id).is_err(), "{id}");
                assert!(scope.schedule(id).is_err(), "{id}");
            }
        }
        assert_eq!(Scope(None).experiment("e").unwrap().whole(), "e");
    }
}
