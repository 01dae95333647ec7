//! Experiments of which the artifact store holds a summary, in the order of their keys.

use api_types::experiments::{ExperimentList, ExperimentOverview};
use domain::experiment::ExperimentId;
use futures::{StreamExt, TryStreamExt, stream};

use super::Filters;
use crate::error::ApiError;
use crate::execution::ExperimentFilter;
use crate::experiments::archive;
use crate::extract::page::decode;
use crate::page_token;
use crate::scope::Scope;
use crate::state::AppState;

/// Experiments that are looked at for one page when not all of them fit.
const LOOKED_THROUGH: usize = 500;
const LOOKED_AT_ONCE: usize = 16;

pub(super) async fn list(
    state: &AppState,
    scope: &Scope,
    filter: ExperimentFilter,
    size: u32,
    token: Option<&str>,
) -> Result<ExperimentList, ApiError> {
    let filters = Filters {
        list: "archived experiments".to_owned(),
        filter,
    };
    let mut after: Option<ExperimentId> = decode(token, &filters)?;
    // With one more than fits, it is known whether there is another page.
    let portion = size as usize + 1;
    let mut experiments = Vec::new();
    for _ in 0..LOOKED_THROUGH.div_ceil(portion) {
        let ids = state
            .store
            .experiments_after(scope.tenant(), after.as_ref(), portion)
            .await?;
        let is_last = ids.len() < portion;
        let mut looked_at = stream::iter(ids)
            .map(async |id| {
                let overview = overview(state, &id).await?;
                Ok::<_, ApiError>((id, overview))
            })
            .buffered(LOOKED_AT_ONCE);
        while let Some((id, overview)) = looked_at.try_next().await? {
            if experiments.len() == size as usize {
                return Ok(page(&filters, experiments, after));
            }
            experiments.extend(overview.filter(|overview| filters.filter.admits(overview)));
            after = Some(id);
        }
        if is_last {
            return Ok(page(&filters, experiments, None));
        }
    }
    Ok(page(&filters, experiments, after))
}

/// A page, and what the next one comes after.
fn page(
    filters: &Filters,
    experiments: Vec<ExperimentOverview>,
    after: Option<ExperimentId>,
) -> ExperimentList {
    ExperimentList {
        experiments,
        next_page_token: after.map(|after| page_token::encode(filters, after)),
    }
}

/// None of an experiment that has not ended.
async fn overview(
    state: &AppState,
    id: &ExperimentId,
) -> Result<Option<ExperimentOverview>, ApiError> {
    let experiment = match archive::experiment(state, id).await {
        Err(ApiError::NotFound { .. }) => return Ok(None),
        found => found?,
    };
    let models = experiment.models.into_iter().map(|run| run.model);
    Ok(Some(ExperimentOverview {
        id: experiment.id,
        experiment_name: experiment.experiment_name,
        status: experiment.status,
        tags: experiment.tags,
        models: models.collect(),
        created_at: experiment.created_at,
        started_at: Some(experiment.created_at),
        ended_at: experiment.ended_at,
        schedule_id: experiment.schedule_id,
        links: experiment.links,
    }))
}
