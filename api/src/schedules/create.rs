//! Creating a schedule: checked in full like an experiment, archived, and then handed to Temporal.

use api_types::schedules::{CreateSchedule, Schedule};
use axum::http::HeaderMap;
use domain::experiment::NewExperiment;
use domain::schedule::{NotAScheduleId, ScheduleId};
use serde_json::Value;
use sha2::{Digest, Sha256};

use crate::error::ApiError;
use crate::experiments::create::{checked, file, write};
use crate::experiments::identity;
use crate::experiments::plan::{Owner, Plan};
use crate::schedules::{checks, described};
use crate::scheduling::{Action, NewSchedule};
use crate::scope::Scope;
use crate::state::AppState;

/// What the ids begin with that nobody has chosen.
const PREFIX: &str = "sch_";

/// A schedule that may be created.
pub(super) struct Creation {
    id: ScheduleId,
    /// Whether the id stands for the idempotency key of the request.
    is_from_key: bool,
    request: CreateSchedule,
    experiment: NewExperiment,
}

impl Creation {
    /// Checks a body: its shape against the published schema, then what only the domain knows.
    pub(super) fn check(
        state: &AppState,
        body: Value,
        headers: &HeaderMap,
        scope: &Scope,
    ) -> Result<Self, ApiError> {
        let request: CreateSchedule = state.schemas.schedule.read(body)?;
        let from_key = match request.schedule_id {
            Some(_) => None,
            None => identity::of_key(PREFIX, headers)?,
        };
        let is_from_key = from_key.is_some();
        let id = request.schedule_id.clone().or(from_key);
        let id = id.unwrap_or_else(|| identity::made_up(PREFIX));
        let id: ScheduleId = id.parse().map_err(|error: NotAScheduleId| {
            ApiError::invalid("/schedule_id", error.to_string())
        })?;
        let id = id.within(scope.tenant().cloned());
        let mut faults = Vec::new();
        checks::spec(&request.spec, &mut faults);
        checks::catchup_window(request.catchup_window, &mut faults);
        let name = request.experiment_name.clone();
        match checked(state, name, request.config.clone()) {
            Ok(experiment) if faults.is_empty() => Ok(Self {
                id,
                is_from_key,
                request,
                experiment,
            }),
            Ok(_) => Err(ApiError::Invalid(faults)),
            Err(ApiError::Invalid(more)) => {
                faults.extend(more);
                Err(ApiError::Invalid(faults))
            }
            Err(error) => Err(error),
        }
    }

    /// Archives what the experiments do, and then creates the schedule. A request that is repeated under its key is answered
    /// with the schedule that is there.
    pub(super) async fn carry_out(self, state: AppState) -> Result<Schedule, ApiError> {
        let Self {
            id,
            is_from_key,
            request,
            experiment,
        } = self;
        let bytes = serde_json::to_vec(&request).map_err(ApiError::internal)?;
        let request_sha256 = hex::encode(Sha256::digest(bytes));
        let scope = Scope(id.tenant().cloned());
        let file = file(&state, &scope, &experiment).await?;
        let plan = Plan::new(Owner::Schedule(&id), experiment, file)?;
        write(&state, plan.objects).await?;
        let new = NewSchedule {
            id: id.clone(),
            request_sha256: request_sha256.clone(),
            spec: request.spec,
            overlap_policy: request.overlap_policy,
            catchup_window: request.catchup_window,
            pause_on_failure: request.pause_on_failure,
            paused: request.paused,
            note: request.note,
            action: Action {
                memo: plan.round.memo.clone(),
                input: plan.round.input(),
            },
        };
        match state.workflows.create_schedule(new).await {
            Ok(()) => Ok(described(&state, &id).await?.schedule),
            Err(ApiError::Conflict(_)) if is_from_key => {
                let there = described(&state, &id).await?;
                match there.request_sha256 == Some(request_sha256) {
                    true => Ok(there.schedule),
                    false => Err(ApiError::KeyReused),
                }
            }
            Err(error) => Err(error),
        }
    }
}
