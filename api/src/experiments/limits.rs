//! The handler that changes the limits of an experiment while it runs.

use api_types::experiments::{Experiment, ModelRun};
use axum::Json;
use axum::extract::State;
use domain::limits::LimitsChange;

use crate::error::ApiError;
use crate::execution::Command;
use crate::experiments::control;
use crate::extract::JsonBody;
use crate::responses::{Anytime, BadBody, Missing, Over};
use crate::scope::ExperimentPath;
use crate::state::AppState;

/// Change the limits of an experiment.
///
/// They hold at once, for every model that has not ended and for those that have not begun; limits that are not named stay
/// as they are. A run that is paused because a budget is spent goes on when that is raised above what is spent.
#[utoipa::path(
    patch,
    path = "/v1/experiments/{experiment_id}",
    tag = "experiments",
    params(("experiment_id" = String, Path, description = "Id of the experiment.")),
    request_body = LimitsChange,
    responses(
        (status = 200, description = "The experiment, with the limits as soon as a worker has heard of them.", body = Experiment),
        BadBody, Missing, Over, Anytime,
    )
)]
pub(crate) async fn change_limits(
    State(state): State<AppState>,
    ExperimentPath(id): ExperimentPath,
    JsonBody(body): JsonBody,
) -> Result<Json<Experiment>, ApiError> {
    let change: LimitsChange = state.schemas.limits.read(body)?;
    if change == LimitsChange::default() {
        return Err(ApiError::invalid("", "it changes nothing: name a limit"));
    }
    control::tell(&state, &id, Command::ChangeLimits(change.clone())).await?;
    let holds = |run: &ModelRun| {
        run.status.is_final()
            || run
                .limits
                .is_some_and(|limits| limits.changed(&change) == limits)
    };
    let experiment = control::settled(&state, &id, |experiment| {
        experiment.models.iter().all(holds)
    });
    experiment.await.map(Json)
}
