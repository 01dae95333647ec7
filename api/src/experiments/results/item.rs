//! The results of one item, of all models.

use api_types::results::{ItemResults, ModelResult};
use domain::experiment::ExperimentId;

use crate::error::ApiError;
use crate::experiments::{runs, show};
use crate::state::AppState;

/// The item is looked for in the dataset, where all runs have it in the same chunk.
pub(super) async fn results(
    state: &AppState,
    id: &ExperimentId,
    item_id: &str,
) -> Result<ItemResults, ApiError> {
    let whole = show::outline(state, id).await?;
    let missing = || ApiError::not_found("item", item_id);
    let dataset = whole.dataset.as_ref().ok_or_else(missing)?;
    let chunk = state.store.chunk_of_item(dataset, item_id).await?;
    let chunk = chunk.ok_or_else(missing)?;
    let mut results = Vec::new();
    for (index, model) in (0..).zip(whole.models) {
        let run = runs::key(id, index, whole.round);
        let of_chunk = state.store.results(&run, chunk).await?.unwrap_or_default();
        let of_item = of_chunk.into_iter().filter(|it| it.item.id == item_id);
        results.extend(of_item.map(|result| ModelResult {
            model: model.clone(),
            result,
        }));
    }
    Ok(ItemResults {
        item_id: item_id.to_owned(),
        results,
        complete: whole.is_final,
    })
}
