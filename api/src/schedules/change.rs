//! Changing a schedule: what is given is checked as for a new one, and takes the place of what was there.

use api_types::schedules::{Schedule, UpdateSchedule};
use domain::config::ExperimentConfig;
use domain::experiment::check_name;
use domain::fault::Fault;
use domain::schedule::ScheduleId;

use crate::error::ApiError;
use crate::experiments::create::{checked, file, write};
use crate::experiments::plan::{Owner, Plan};
use crate::schedules::{checks, described, missing};
use crate::scheduling::{Action, ScheduleChange};
use crate::scope::Scope;
use crate::state::AppState;

pub(super) async fn carry_out(
    state: &AppState,
    id: &ScheduleId,
    request: UpdateSchedule,
) -> Result<Schedule, ApiError> {
    let there = described(state, id).await?.schedule;
    let mut faults = Vec::new();
    if let Some(spec) = &request.spec {
        checks::spec(spec, &mut faults);
    }
    checks::catchup_window(request.catchup_window, &mut faults);
    let plan = match (request.experiment_name, request.config) {
        (None, None) => None,
        (name, Some(config)) => {
            let name = name.unwrap_or(there.experiment_name);
            other_experiments(state, id, name, config, &mut faults).await?
        }
        (Some(name), None) => other_name(state, id, name, there.spec_sha256, &mut faults).await?,
    };
    if !faults.is_empty() {
        return Err(ApiError::Invalid(faults));
    }
    let action = match plan {
        None => None,
        Some(plan) => {
            write(state, plan.objects).await?;
            Some(Action {
                memo: plan.round.memo.clone(),
                input: plan.round.input(),
            })
        }
    };
    let change = ScheduleChange {
        spec: request.spec,
        overlap_policy: request.overlap_policy,
        catchup_window: request.catchup_window,
        pause_on_failure: request.pause_on_failure,
        note: request.note,
        action,
    };
    match state.workflows.change_schedule(id, change).await? {
        true => Ok(described(state, id).await?.schedule),
        false => Err(missing(id)),
    }
}

async fn other_experiments(
    state: &AppState,
    id: &ScheduleId,
    name: String,
    config: ExperimentConfig,
    faults: &mut Vec<Fault>,
) -> Result<Option<Plan>, ApiError> {
    let checking = state.clone();
    let check = move || checked(&checking, name, config);
    let experiment = tokio::task::spawn_blocking(check).await;
    match experiment.map_err(ApiError::internal)? {
        Ok(experiment) => {
            let scope = Scope(id.tenant().cloned());
            let file = file(state, &scope, &experiment).await?;
            Plan::new(Owner::Schedule(id), experiment, file).map(Some)
        }
        Err(ApiError::Invalid(more)) => {
            faults.extend(more);
            Ok(None)
        }
        Err(error) => Err(error),
    }
}

async fn other_name(
    state: &AppState,
    id: &ScheduleId,
    name: String,
    sha256: Option<String>,
    faults: &mut Vec<Fault>,
) -> Result<Option<Plan>, ApiError> {
    check_name(&name, faults);
    let sha256 = sha256.unwrap_or_default();
    let mut spec = state.store.scheduled_spec(id, &sha256).await?;
    spec.experiment_name = name;
    Plan::renamed(id, spec).map(Some)
}
