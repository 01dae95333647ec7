//! Experiments, newest first.

use api_types::experiments::{ExperimentList, ExperimentOverview};
use base64::Engine;
use base64::engine::general_purpose::STANDARD_NO_PAD;
use domain::summary::Status;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use utoipa::IntoParams;

use crate::error::ApiError;
use crate::execution::{Listed, Page, Which};
use crate::experiments::outline::links;
use crate::extract::page::{self, PageSize};
use crate::page_token;
use crate::state::AppState;

const DEFAULT_SIZE: u32 = 20;
const LARGEST_SIZE: u32 = 100;

/// Pages of Temporal's that are looked through for one page of ours when not all of them fit.
const PAGES_LOOKED_THROUGH: usize = 10;

#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct ListQuery {
    /// Experiments on a page; more than 100 is taken for 100.
    #[param(value_type = Option<u32>, nullable = false, minimum = 1, default = 20)]
    page_size: Option<PageSize>,
    /// The `next_page_token` of the page before, with the same filters.
    #[param(nullable = false)]
    page_token: Option<String>,
    /// Only experiments of this status.
    #[param(inline = false, nullable = false)]
    status: Option<Status>,
    /// Only experiments of exactly this name.
    #[param(nullable = false)]
    name: Option<String>,
}

/// What a page token is good for.
#[derive(Debug, PartialEq, Serialize, Deserialize)]
struct Filters {
    list: String,
    status: Option<Status>,
    name: Option<String>,
}

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

pub(super) async fn list(state: &AppState, query: ListQuery) -> Result<ExperimentList, ApiError> {
    let size = PageSize::or_default(query.page_size, DEFAULT_SIZE, LARGEST_SIZE);
    let filters = Filters {
        list: "experiments".to_owned(),
        status: query.status,
        name: query.name,
    };
    let mut position = match page::decode(query.page_token.as_deref(), &filters)? {
        Some(position) => position,
        None => Position {
            until: Timestamp::now(),
            token: String::new(),
            size: match (&filters.name, filters.status) {
                (None, status) if status != Some(Status::Paused) => size,
                _ => LARGEST_SIZE,
            },
            given: 0,
        },
    };
    let mut experiments = Vec::new();
    for _ in 0..PAGES_LOOKED_THROUGH {
        let next = turn(
            state,
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
    filters: &Filters,
    position: &mut Position,
    size: usize,
    experiments: &mut Vec<ExperimentOverview>,
) -> Result<bool, ApiError> {
    let which = Which {
        status: filters.status,
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
        if fits(filters, &listed) {
            experiments.push(overview(state, listed));
        }
    }
    position.token = STANDARD_NO_PAD.encode(&listing.next);
    position.given = 0;
    Ok(!listing.next.is_empty())
}

fn fits(filters: &Filters, listed: &Listed) -> bool {
    let name = filters.name.as_ref();
    name.is_none_or(|name| *name == listed.memo.experiment_name)
        && filters.status.is_none_or(|status| status == listed.status)
}

fn overview(state: &AppState, listed: Listed) -> ExperimentOverview {
    ExperimentOverview {
        links: links(&listed.id, state.ui.as_ref()),
        id: listed.id.to_string(),
        experiment_name: listed.memo.experiment_name,
        status: listed.status,
        models: listed.memo.models,
        created_at: listed.memo.created_at.unwrap_or(listed.started_at),
        ended_at: listed.ended_at,
        schedule_id: listed.memo.schedule_id.map(String::from),
    }
}
