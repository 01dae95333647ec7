//! Results: page by page, all of them as a stream, or those of one item.

mod filter;
mod form;
mod item;
mod page;
mod query;
mod reading;
mod stream;

use api_types::results::{ItemResults, ResultList};
use axum::Json;
use axum::extract::State;
use axum::http::{HeaderMap, HeaderValue, header};
use axum::response::{IntoResponse, Response};

use self::form::Form;
use self::query::{ResultQuery, Written};
use crate::error::ApiError;
use crate::experiments::outline;
use crate::extract::{Id, Ids, Query};
use crate::responses::{Anytime, BadPageToken, BadQuery, Missing, NotAcceptable};
use crate::state::AppState;

/// List results.
///
/// Items with their outputs and scores, by model and then in the order of the dataset. While the experiment runs, the
/// results are those of the chunks that are scored: once `complete` is true, begin again to see all. A page may have
/// fewer entries than asked for, or none, and still not be the last: the last page has no `next_page_token`. A page also
/// ends when it has reached 8 MiB.
///
/// Asked for JSON lines, CSV or Parquet by `Accept`, the answer is a file with all results that pass the filters, sent as
/// it is made, of any length. JSON lines end with a line `{"complete": true, "count": …, "digest": "sha256:…", "ended": …}`,
/// whose digest is that of all bytes before it; Parquet tells `ai_evolution.complete`, `.count` and `.ended` in its footer; and
/// clients that send `TE: trailers` are told `X-Results-Count` and `X-Results-Digest` after the body of any of them. `X-Results-Ended`
/// tells before it whether the experiment has ended. A file that cannot be completed breaks off: the connection ends before the body does.
#[utoipa::path(
    get,
    path = "/v1/experiments/{experiment_id}/results",
    tag = "results",
    params(("experiment_id" = String, Path, description = "Id of the experiment."), Written),
    responses(
        (status = 200, description = "A page of results, or a file of all.", content(
            (ResultList = "application/json"),
            (String = "application/x-ndjson"),
            (String = "application/jsonl"),
            (String = "text/csv"),
            (Vec<u8> = "application/vnd.apache.parquet"),
        )),
        BadPageToken, Missing, NotAcceptable, BadQuery, Anytime,
    )
)]
pub(crate) async fn list_results(
    State(state): State<AppState>,
    Id(id): Id,
    headers: HeaderMap,
    Query(query): Query<ResultQuery>,
) -> Result<Response, ApiError> {
    let id = outline::id(&id)?;
    let mut response = match Form::wanted(&headers)? {
        Form::Page => Json(page::list(&state, &id, query).await?).into_response(),
        Form::File(format, media_type) => {
            query.check_for_stream()?;
            let stream = stream::begin(&state, &id, query.filter, format).await?;
            stream.into_response(media_type)
        }
    };
    let vary = HeaderValue::from_static("accept");
    response.headers_mut().append(header::VARY, vary);
    Ok(response)
}

/// Get the results of an item.
///
/// What every model made of it, in the order of the models: the item itself, the output with its attempts, scores and
/// what scorers could not score. Models are left out for which it is not scored yet. In the path, an id is percent-encoded,
/// a slash as `%2F`.
#[utoipa::path(
    get,
    path = "/v1/experiments/{experiment_id}/results/{item_id}",
    tag = "results",
    params(
        ("experiment_id" = String, Path, description = "Id of the experiment."),
        ("item_id" = String, Path, description = "Id of the item in its dataset."),
    ),
    responses(
        (status = 200, description = "The results of the item.", body = ItemResults),
        Missing, Anytime,
    )
)]
pub(crate) async fn get_item_results(
    State(state): State<AppState>,
    ids: Ids,
) -> Result<Json<ItemResults>, ApiError> {
    let id = outline::id(ids.get("experiment_id")?)?;
    item::results(&state, &id, ids.get("item_id")?)
        .await
        .map(Json)
}
