//! What a stretch is asked, and of whom: everything that asking needs, put together.

use std::ops::Range;
use std::sync::Arc;

use artifacts::run::Caller;
use domain::dataset::DatasetRef;
use domain::item::DatasetItem;
use domain::limits::Share;
use domain::output::{Answer, CallError, Output};
use temporalio_sdk::activities::ActivityContext;
use workflows::activities::Unfinished;

use crate::adapters::Adapter;
use crate::asking::opening::Opening;
use crate::asking::recorder::Recorder;
use crate::asking::{Asking, Rules, Tally};
use crate::failure::Failure;
use crate::gates::Order;
use crate::work::Bench;

/// Tells why an answer is of no use, if it is of none.
pub(crate) type Form = Arc<dyn Fn(&Answer) -> Result<(), CallError> + Send + Sync>;

/// What a scorer asks about an output, each question in the shape of an item.
pub(crate) type Questions = Arc<dyn Fn(&DatasetItem, &Output) -> Vec<DatasetItem> + Send + Sync>;

/// What is asked about.
#[derive(Clone)]
pub(crate) enum Subject {
    /// The items of the dataset.
    Items,
    /// The outputs of the run that are there.
    Outputs(Questions),
}

/// What is asked, and of whom.
pub(crate) struct Errand {
    pub(crate) caller: Caller,
    pub(crate) adapter: Adapter,
    pub(crate) subject: Subject,
    /// What the stretch adds to that which the worker may use for the caller.
    pub(crate) share: Share,
    /// Where the stretch stands among others that take shares over from each other, if there are any.
    pub(crate) order: Option<Order>,
    pub(crate) rules: Rules,
    pub(crate) tally: Arc<Tally>,
}

impl Errand {
    /// Asks what is not recorded yet; says why some is left, when it comes back before its end. What was answered is
    /// recorded before this returns, whatever the end.
    pub(crate) async fn run(
        self,
        bench: &Bench,
        ctx: &ActivityContext,
        dataset: DatasetRef,
        chunks: Range<u64>,
    ) -> Result<Option<Unfinished>, Failure> {
        let Self {
            caller,
            adapter,
            subject,
            share,
            order,
            rules,
            tally,
        } = self;
        let adapter = Arc::new(adapter);
        let traces = bench.traces.as_ref();
        let traced = match subject {
            Subject::Items => traces.and_then(|traces| traces.calls(ctx, &caller.run)),
            Subject::Outputs(_) => None,
        };
        let asking = Asking {
            bench,
            ctx,
            entrance: bench
                .gates
                .enter(&caller, share, order, adapter.provider())
                .await,
            recorder: Recorder::start(bench.commit_interval, Arc::clone(&tally)),
            ends_with_run: matches!(subject, Subject::Outputs(_)),
            tenant: caller.run.experiment.tenant().cloned(),
            adapter: Arc::clone(&adapter),
            tally: Arc::clone(&tally),
            rules,
            traced: traced.map(Arc::new),
        };
        let opening = Opening {
            store: bench.store.clone(),
            caller,
            subject,
            attempt: ctx.info().attempt,
            cache: asking.rules.caches.then_some(adapter),
            form: asking.rules.form.clone(),
            round: asking.rules.round,
            maximum_attempts: asking.rules.retry.maximum_attempts,
            tally,
        };
        asking.ask_all(opening.chunks(dataset, chunks)).await
    }
}
