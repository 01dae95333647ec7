//! Lists of schedules: Temporal lists them, and each is then described.

use api_types::schedules::ScheduleList;
use base64::Engine;
use base64::engine::general_purpose::STANDARD_NO_PAD;
use futures::{StreamExt, TryStreamExt, stream};
use serde::Deserialize;
use utoipa::IntoParams;

use crate::error::ApiError;
use crate::execution::Page;
use crate::extract::page::{self, PageSize};
use crate::page_token;
use crate::scheduling::Scheduled;
use crate::state::AppState;

const DEFAULT_SIZE: u32 = 20;
const LARGEST_SIZE: u32 = 100;

/// Schedules that are asked for at once.
const AT_ONCE: usize = 16;

/// What a page token is good for.
const LIST: &str = "schedules";

#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct ListQuery {
    /// Schedules a page; more than 100 is taken as 100.
    #[serde(default)]
    #[param(value_type = Option<u32>, nullable = false, minimum = 1, default = 20)]
    page_size: Option<PageSize>,
    /// The `next_page_token` of the page before.
    #[param(nullable = false)]
    page_token: Option<String>,
}

pub(super) async fn list(state: &AppState, query: ListQuery) -> Result<ScheduleList, ApiError> {
    let position: Option<String> = page::decode(query.page_token.as_deref(), &LIST.to_owned())?;
    let token = STANDARD_NO_PAD
        .decode(position.unwrap_or_default())
        .map_err(|_| ApiError::BadPageToken)?;
    let size = PageSize::or_default(query.page_size, DEFAULT_SIZE, LARGEST_SIZE);
    let (ids, next) = state.workflows.list_schedules(Page { size, token }).await?;
    let described = ids
        .into_iter()
        .map(|id| async move { state.workflows.describe_schedule(&id).await });
    let described: Vec<Option<Scheduled>> = stream::iter(described)
        .buffered(AT_ONCE)
        .try_collect()
        .await?;
    let next = (!next.is_empty()).then(|| STANDARD_NO_PAD.encode(next));
    Ok(ScheduleList {
        // One that was deleted a moment ago is still in the list.
        schedules: described
            .into_iter()
            .flatten()
            .map(|there| there.schedule)
            .collect(),
        next_page_token: next.map(|next| page_token::encode(LIST, next)),
    })
}
