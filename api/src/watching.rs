//! Watching experiments: however many clients watch one, a single task asks Temporal for it, twice a second.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use api_types::experiments::Experiment;
use domain::experiment::ExperimentId;
use tokio::sync::watch;
use tokio::time::sleep;
use tokio_util::sync::CancellationToken;

use crate::entity_tag::EntityTag;
use crate::error::ApiError;
use crate::experiments::show;
use crate::state::AppState;

/// How often an experiment that is watched is looked at: what changes is told within a second.
const LOOK_EVERY: Duration = Duration::from_millis(500);

/// The experiments that somebody watches.
#[derive(Debug, Default)]
pub(crate) struct Watches(Mutex<HashMap<ExperimentId, watch::Sender<Seen>>>);

/// An experiment as it was seen last.
#[derive(Clone, Debug)]
pub(crate) struct Sight {
    pub(crate) experiment: Arc<Experiment>,
    pub(crate) tag: EntityTag,
}

#[derive(Clone, Debug, Default)]
enum Seen {
    #[default]
    Nothing,
    Sight(Sight),
    /// It could not be seen, not even once.
    Failure(Arc<ApiError>),
}

/// One client's watch. The last one to be dropped ends the looking.
pub(crate) struct Watch(watch::Receiver<Seen>);

impl Watches {
    pub(crate) fn watch(&self, state: &AppState, id: &ExperimentId) -> Watch {
        let mut watched = self.watched();
        if let Some(sender) = watched.get(id) {
            return Watch(sender.subscribe());
        }
        let (sender, receiver) = watch::channel(Seen::default());
        watched.insert(id.clone(), sender.clone());
        tokio::spawn(look(state.clone(), id.clone(), sender));
        Watch(receiver)
    }

    /// Forgets an experiment that nobody watches; whether it did.
    fn forget_unless_watched(&self, id: &ExperimentId, sender: &watch::Sender<Seen>) -> bool {
        // Under the lock, so that nobody joins what is being forgotten.
        let mut watched = self.watched();
        let is_unwatched = sender.receiver_count() == 0;
        if is_unwatched {
            watched.remove(id);
        }
        is_unwatched
    }

    fn forget(&self, id: &ExperimentId) {
        self.watched().remove(id);
    }

    fn watched(&self) -> MutexGuard<'_, HashMap<ExperimentId, watch::Sender<Seen>>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Looks at an experiment until it has ended, nobody watches, or the service stops. What is away for a while is waited for,
/// once the experiment was seen.
async fn look(state: AppState, id: ExperimentId, sender: watch::Sender<Seen>) {
    let stopping: CancellationToken = state.stopping.clone();
    loop {
        let seen = tokio::select! {
            () = stopping.cancelled() => break,
            seen = show::experiment(&state, &id) => seen,
        };
        let is_last = match seen {
            Ok(experiment) => publish(&sender, experiment),
            Err(error) => {
                tracing::debug!(experiment.id = %id, %error, "an experiment that is watched cannot be seen");
                let is_lost = matches!(error, ApiError::NotFound { .. });
                give_up(&sender, error) || is_lost
            }
        };
        if is_last || state.watches.forget_unless_watched(&id, &sender) {
            break;
        }
        tokio::select! {
            () = sleep(LOOK_EVERY) => {}
            () = sender.closed() => {}
            () = stopping.cancelled() => break,
        }
    }
    state.watches.forget(&id);
}

/// Tells of a change; whether nothing will follow it.
fn publish(sender: &watch::Sender<Seen>, experiment: Experiment) -> bool {
    let is_final = experiment.status.is_final();
    let tag = EntityTag::of(&experiment);
    sender.send_if_modified(|seen| {
        let is_new = !matches!(seen, Seen::Sight(sight) if sight.tag == tag);
        if is_new {
            let experiment = Arc::new(experiment);
            *seen = Seen::Sight(Sight { experiment, tag });
        }
        is_new
    });
    is_final
}

/// Tells that the experiment cannot be seen, unless it has been; whether it did.
fn give_up(sender: &watch::Sender<Seen>, error: ApiError) -> bool {
    sender.send_if_modified(|seen| {
        let never_seen = matches!(seen, Seen::Nothing);
        if never_seen {
            *seen = Seen::Failure(Arc::new(error));
        }
        never_seen
    })
}

impl Watch {
    /// The experiment as it was seen last; waits for the first look.
    pub(crate) async fn now(&mut self) -> Result<Sight, ApiError> {
        let seen = self.0.wait_for(|seen| !matches!(seen, Seen::Nothing));
        let seen = seen.await.map_err(|_| stopped())?;
        match &*seen {
            Seen::Sight(sight) => Ok(sight.clone()),
            Seen::Failure(error) => Err(error.again()),
            Seen::Nothing => Err(stopped()),
        }
    }

    /// The experiment as it is after its next change; none when no change will follow.
    pub(crate) async fn changed(&mut self) -> Option<Sight> {
        self.0.changed().await.ok()?;
        match &*self.0.borrow_and_update() {
            Seen::Sight(sight) => Some(sight.clone()),
            Seen::Nothing | Seen::Failure(_) => None,
        }
    }

    /// Waits for a sight of which this is true, or one that is the last.
    pub(crate) async fn until(
        &mut self,
        is_it: impl Fn(&Sight) -> bool,
    ) -> Result<Sight, ApiError> {
        let mut sight = self.now().await?;
        while !is_it(&sight) {
            match self.changed().await {
                Some(changed) => sight = changed,
                None => break,
            }
        }
        Ok(sight)
    }
}

fn stopped() -> ApiError {
    ApiError::temporal("the service stops")
}
