//! Looks at experiments, which requests share: those that come while one is under way wait for the next, which is then
//! for all of them. Nobody is told what was so before they asked, and however many ask, Temporal is asked once at a time.

use std::collections::HashMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use axum::body::Bytes;
use domain::experiment::ExperimentId;
use futures::FutureExt;
use futures::future::{BoxFuture, Shared, WeakShared};

use crate::entity_tag::EntityTag;
use crate::error::ApiError;
use crate::experiments::show;
use crate::state::AppState;

/// An experiment as it is told.
#[derive(Clone, Debug)]
pub(crate) struct Told {
    pub(crate) tag: EntityTag,
    pub(crate) json: Bytes,
}

type Outcome = Result<Told, Arc<ApiError>>;
type Look = Shared<BoxFuture<'static, Outcome>>;

/// The latest look at each experiment that somebody waits for.
#[derive(Debug, Default)]
pub(crate) struct Looks(Mutex<HashMap<ExperimentId, Latest>>);

#[derive(Debug)]
struct Latest {
    has_begun: Arc<AtomicBool>,
    /// It ends with the last of those that wait for it, who also carry it out.
    look: WeakShared<BoxFuture<'static, Outcome>>,
}

impl Looks {
    /// The experiment as it stands after this call.
    pub(crate) async fn look(state: &AppState, id: &ExperimentId) -> Result<Told, ApiError> {
        let look = state.looks.next(state, id);
        look.await.map_err(|error| error.again())
    }

    /// A look that has not begun.
    fn next(&self, state: &AppState, id: &ExperimentId) -> Look {
        let mut looks = self.looks();
        let latest = looks.get(id);
        let before = latest.and_then(|latest| latest.look.upgrade());
        let has_begun = latest.is_some_and(|latest| latest.has_begun.load(Ordering::SeqCst));
        if let (Some(waiting), false) = (&before, has_begun) {
            return waiting.clone();
        }
        let entry = Entry {
            looks: Arc::clone(&state.looks),
            id: id.clone(),
            has_begun: Arc::default(),
        };
        let has_begun = Arc::clone(&entry.has_begun);
        let look = carried_out(state.clone(), entry, before).boxed().shared();
        if let Some(look) = look.downgrade() {
            looks.insert(id.clone(), Latest { has_begun, look });
        }
        look
    }

    fn looks(&self) -> MutexGuard<'_, HashMap<ExperimentId, Latest>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Looks at an experiment once the look before has ended. When Temporal was away for that one, it is for this one.
async fn carried_out(state: AppState, entry: Entry, before: Option<Look>) -> Outcome {
    if let Some(before) = before
        && let Err(error) = before.await
        && matches!(*error, ApiError::Unavailable { .. })
    {
        return Err(error);
    }
    entry.has_begun.store(true, Ordering::SeqCst);
    let experiment = show::experiment(&state, &entry.id).await?;
    let (tag, json) = EntityTag::and_json(&experiment);
    let json = json.into();
    Ok(Told { tag, json })
}

/// The place of a look among the latest, until it has ended or nobody waits for it any more.
struct Entry {
    looks: Arc<Looks>,
    id: ExperimentId,
    has_begun: Arc<AtomicBool>,
}

impl Drop for Entry {
    fn drop(&mut self) {
        let mut looks = self.looks.looks();
        let latest = looks.get(&self.id);
        if latest.is_some_and(|latest| Arc::ptr_eq(&latest.has_begun, &self.has_begun)) {
            looks.remove(&self.id);
        }
    }
}
