//! Experiments that Temporal knows, newest first.

use api_types::experiments::{ExperimentList, ExperimentOverview};
use base64::Engine;
use base64::engine::general_purpose::STANDARD_NO_PAD;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::{Filters, LARGEST_SIZE};
use crate::error::ApiError;
use crate::execution::{ExperimentFilter, Listed, Page, Which};
use crate::experiments::outline::links;
use crate::extract::page;
use crate::page_token;
use crate::scope::Scope;
use crate::state::AppState;

/// Pages of Temporal's that are looked through for one page of ours when not all of them fit.
const PAGES_LOOKED_THROUGH: usize = 10;

#[derive(Debug, Serialize, Deserialize)]
struct Position {
    /// When the first page was made: what began later is on no page.
    until: Timestamp,
    /// Temporal's own token.
    token: String,
    /// How many experiments Temporal put on a page.
    size: u32,
    /// How many of the page's experiments were given already.
    given: usize,
}

pub(super) async fn list(
    state: &AppState,
    scope: &Scope,
    filter: ExperimentFilter,
    size: u32,
    token: Option<&str>,
) -> Result<ExperimentList, ApiError> {
    let filters = Filters {
        list: "experiments".to_owned(),
        filter,
    };
    let mut position = match page::decode(token, &filters)? {
        Some(position) => position,
        None => Position {
            until: Timestamp::now(),
            token: String::new(),
            size: match filters.filter.is_of_temporal() {
                true => size,
                false => LARGEST_SIZE,
            },
            given: 0,
        },
    };
    let mut experiments = Vec::new();
    for _ in 0..PAGES_LOOKED_THROUGH {
        let next = turn(
            state,
            scope,
            &filters,
            &mut position,
            size as usize,
            &mut experiments,
        )
        .await?;
        let is_full = experiments.len() >= size as usize;
        if !next || is_full {
            let next_page_token = next.then(|| page_token::encode(&filters, &position));
            return Ok(ExperimentList {
                experiments,
                next_page_token,
            });
        }
    }
    let next_page_token = Some(page_token::encode(&filters, &position));
    Ok(ExperimentList {
        experiments,
        next_page_token,
    })
}

/// Takes what fits from one page of Temporal's and moves on behind it; false when there is no more.
async fn turn(
    state: &AppState,
    scope: &Scope,
    filters: &Filters,
    position: &mut Position,
    size: usize,
    experiments: &mut Vec<ExperimentOverview>,
) -> Result<bool, ApiError> {
    let which = Which {
        tenant: scope.tenant().cloned(),
        filter: filters.filter.clone(),
        until: position.until,
    };
    let page = Page {
        size: position.size,
        token: STANDARD_NO_PAD
            .decode(&position.token)
            .map_err(|_| ApiError::BadPageToken)?,
    };
    let listing = state.workflows.list(&which, page).await?;
    for (index, listed) in listing
        .experiments
        .into_iter()
        .enumerate()
        .skip(position.given)
    {
        if experiments.len() == size {
            position.given = index;
            return Ok(true);
        }
        let overview = overview(state, listed);
        if filters.filter.admits(&overview) {
            experiments.push(overview);
        }
    }
    position.token = STANDARD_NO_PAD.encode(&listing.next);
    position.given = 0;
    Ok(!listing.next.is_empty())
}

fn overview(state: &AppState, listed: Listed) -> ExperimentOverview {
    ExperimentOverview {
        links: links(state, &listed.id, listed.memo.trace_id.as_deref()),
        id: listed.id.to_string(),
        experiment_name: listed.memo.experiment_name,
        status: listed.status,
        tags: listed.memo.tags,
        models: listed.memo.models,
        started_at: Some(listed.started_at),
        created_at: listed.memo.created_at.unwrap_or(listed.started_at),
        ended_at: listed.ended_at,
        schedule_id: listed.memo.schedule_id.map(|id| id.to_string()),
    }
}
