//! Asks the items of a stretch: as many at once as the gates allow, those that fail for a time again after a wait.
//!
//! `errand` says what is asked of whom; `opening` reads what is there, chunk by chunk; `recorder` writes what comes back;
//! `tally` counts it for heartbeats; `allowance` keeps to what may be spent; `waits` holds items that are asked again
//! later; `lookout` says why nothing moves, `recall` why a stretch is called back.

mod allowance;
mod errand;
mod lookout;
mod opening;
mod recall;
mod recorder;
mod tally;
mod waits;

use std::collections::VecDeque;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use domain::config::RetryConfig;
use domain::output::{Answer, CallError, CallErrorKind, Output};
use domain::statistics::exceeds;
use domain::tenant::Tenant;
use futures::{Stream, StreamExt};
use jiff::Timestamp;
use temporalio_sdk::activities::ActivityContext;
use tokio::task::JoinSet;
use tokio::time::{Instant, MissedTickBehavior, interval, sleep_until};
use workflows::activities::{Allowance, Unfinished};

use crate::adapters::Adapter;
use crate::asking::allowance::Spent;
pub(crate) use crate::asking::errand::{Errand, Form, Subject};
use crate::asking::opening::{Opened, Question};
use crate::asking::recorder::Recorder;
pub(crate) use crate::asking::tally::Tally;
use crate::asking::waits::Waits;
use crate::counts;
use crate::failure::Failure;
use crate::gates::{Entrance, Permit, Verdict};
use crate::traces::calls::{Calls, carrying};
use crate::work::Bench;

/// Fewer items than this at hand, and the next chunk is opened.
const FEW_AT_HAND: usize = 250;

/// How often it is looked why nothing moves.
const LOOK_AROUND: Duration = Duration::from_millis(250);

/// How often an item is excused whose calls fail with an answer, or without one in time, while the provider seems to be
/// away: a few items that always fail, left over at the end of a run, look like an outage, and must not be one for ever.
const MOST_EXCUSES: u32 = 8;

/// What holds for every item of a stretch.
pub(crate) struct Rules {
    pub(crate) retry: RetryConfig,
    pub(crate) round: u32,
    pub(crate) call_timeout: Duration,
    pub(crate) allowance: Allowance,
    pub(crate) max_failure_rate: Option<f64>,
    /// Outputs of the whole run.
    pub(crate) outputs: u64,
    /// The form that answers must have, if any.
    pub(crate) form: Option<Form>,
    /// Whether answers are kept for equal calls.
    pub(crate) caches: bool,
}

/// A stretch while it is asked.
struct Asking<'a> {
    bench: &'a Bench,
    ctx: &'a ActivityContext,
    adapter: Arc<Adapter>,
    /// Whose answers are kept for equal calls.
    tenant: Option<Tenant>,
    entrance: Entrance,
    recorder: Recorder,
    rules: Rules,
    tally: Arc<Tally>,
    /// Whether the end of the run ends the asking, though nobody calls the activity back.
    ends_with_run: bool,
    /// What calls for outputs carry on, if anything.
    traced: Option<Arc<Calls>>,
}

/// What has come of a call.
struct Asked {
    question: Question,
    began_at: Timestamp,
    outcome: Result<Answer, CallError>,
    /// An answer that has not the form asked for; the outcome says why.
    rejected: Option<Answer>,
    verdict: Verdict,
}

/// Items and calls of a stretch.
#[derive(Default)]
struct Hand {
    ready: VecDeque<Question>,
    waits: Waits,
    /// Dropping it aborts the calls that are still in flight.
    calls: JoinSet<Asked>,
    opened_all: bool,
    /// No further call begins when the allowance is spent.
    spent: Spent,
}

impl Hand {
    fn has_work(&self) -> bool {
        let asks_more = !self.ready.is_empty() || !self.waits.is_empty() || !self.opened_all;
        !self.calls.is_empty() || (asks_more && self.spent != Spent::Yes)
    }

    /// Whether every item has been asked for the last time.
    fn is_done(&self) -> bool {
        !self.asks_more() && self.calls.is_empty()
    }

    /// Whether there are items to ask, now or later.
    fn asks_more(&self) -> bool {
        !self.ready.is_empty() || !self.waits.is_empty() || !self.opened_all
    }
}

impl Asking<'_> {
    /// Asks every item; says why some are left, when the stretch comes back before its end. What was answered is recorded
    /// before this returns, whatever the end.
    async fn ask_all(
        self,
        chunks: impl Stream<Item = Result<Opened, Failure>>,
    ) -> Result<Option<Unfinished>, Failure> {
        let mut hand = Hand::default();
        let asked = self.ask(chunks, &mut hand).await;
        self.tally.given_up(hand.calls.len());
        drop(hand);
        let recorded = self.recorder.finish().await;
        let unfinished = asked?;
        recorded?;
        if unfinished.is_none() {
            self.entrance.completed();
        }
        Ok(unfinished)
    }

    async fn ask(
        &self,
        chunks: impl Stream<Item = Result<Opened, Failure>>,
        hand: &mut Hand,
    ) -> Result<Option<Unfinished>, Failure> {
        let mut chunks = pin!(chunks);
        let mut look_around = interval(LOOK_AROUND);
        look_around.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let mut away_since = None;
        let mut called_back = pin!(self.called_back());
        while hand.has_work() {
            let has_means = hand.spent == Spent::No;
            let wants_more = !hand.opened_all && hand.ready.len() < FEW_AT_HAND && has_means;
            let may_begin = !hand.ready.is_empty() && has_means;
            let due = hand.waits.due();
            tokio::select! {
                biased;
                failure = &mut called_back => {
                    return self.wind_up(failure, hand).await;
                }
                // `finish` tells why.
                () = self.recorder.gave_up() => return Ok(None),
                // Before what has come in is taken, of which there may be much at once: no provider waits for that.
                permit = self.entrance.permit(), if may_begin => {
                    self.begin(permit, hand);
                    if let Some(asked) = hand.calls.try_join_next() {
                        self.take(asked?, hand).await?;
                    }
                }
                Some(asked) = hand.calls.join_next() => self.take(asked?, hand).await?,
                opened = chunks.next(), if wants_more => match opened {
                    Some(opened) => self.open(opened?, hand).await,
                    None => hand.opened_all = true,
                },
                () = sleep_until(due.unwrap_or_else(Instant::now)), if due.is_some() => {
                    hand.ready.extend(hand.waits.take_due());
                }
                () = self.tally.written(), if !has_means => self.check_allowance(hand),
                _ = look_around.tick() => self.look_around(hand, &mut away_since)?,
            }
        }
        Ok((!hand.is_done()).then_some(Unfinished::AllowanceSpent))
    }

    async fn open(&self, opened: Opened, hand: &mut Hand) {
        let chunk = opened.log.chunk();
        self.recorder.open(opened.log).await;
        for output in opened.cached {
            self.recorder.record(chunk, output, true).await;
        }
        hand.ready.extend(opened.questions);
        self.check_allowance(hand);
    }

    fn begin(&self, permit: Permit, hand: &mut Hand) {
        let Some(question) = hand.ready.pop_front() else {
            return;
        };
        self.tally.begun();
        let adapter = Arc::clone(&self.adapter);
        let cache = self.rules.caches.then(|| self.bench.store.clone());
        let tenant = self.tenant.clone();
        let form = self.rules.form.clone();
        let traced = self.traced.clone();
        let call = counts::Call::begin(&adapter);
        hand.calls.spawn(async move {
            let began_at = Timestamp::now();
            let (item, sample, attempt) = (&question.item, question.sample, question.attempts + 1);
            let carried =
                traced.and_then(|calls| calls.traceparent(&item.id, sample, attempt, began_at));
            let outcome = carrying(carried, adapter.answer(item, sample)).await;
            if let Some(call) = call {
                call.ended(&outcome);
            }
            let verdict = match &outcome {
                Ok(answer) => {
                    permit.answered(answer.usage);
                    Verdict::Counts
                }
                Err(error) => permit.failed(error, question.is_fresh()),
            };
            let (outcome, rejected) = match (outcome, form) {
                (Ok(answer), Some(form)) => match form(&answer) {
                    Ok(()) => (Ok(answer), None),
                    Err(error) => (Err(error), Some(answer)),
                },
                (outcome, _) => (outcome, None),
            };
            if let (Some(store), Ok(answer)) = (cache, &outcome) {
                keep(&store, tenant.as_ref(), &adapter, &question, answer).await;
            }
            Asked {
                question,
                began_at,
                outcome,
                rejected,
                verdict,
            }
        });
        self.check_allowance(hand);
    }

    async fn take(&self, asked: Asked, hand: &mut Hand) -> Result<(), Failure> {
        let Asked {
            question,
            began_at,
            outcome,
            rejected,
            verdict,
        } = asked;
        let attempts = question.attempts + 1;
        let is_excused = verdict == Verdict::Excused && may_be_excused(&question, &outcome);
        let excused = question.excused + u32::from(is_excused);
        let id = question.item.id.clone();
        let output = match outcome {
            Ok(answer) => Output::answered(id, attempts, answer),
            Err(error) => Output::failed(id, attempts, error),
        };
        let answer = output.answer.as_ref().or(rejected.as_ref());
        let usage = answer.and_then(|answer| answer.usage);
        let cost = usage.and_then(|usage| self.adapter.cost(usage));
        if let Some(usage) = usage {
            counts::used(&self.adapter, usage, cost);
        }
        let output = Output {
            sample: question.sample,
            cost,
            priced_as_of: cost.and_then(|_| self.adapter.priced_as_of()),
            rejected,
            excused_attempts: excused,
            round: self.rules.round,
            began_at: Some(began_at),
            ended_at: Some(Timestamp::now()),
            ..output
        };
        let is_final = output.is_final(self.rules.retry.maximum_attempts);
        let error = output.error.clone();
        self.recorder.record(question.chunk, output, is_final).await;
        match error {
            Some(error) if error.kind.is_run_wide() => return Err(Failure::Refused(error)),
            Some(error) if !is_final => {
                let question = Question {
                    attempts,
                    excused,
                    ..question
                };
                self.ask_again(question, error, hand);
            }
            Some(_) => self.check_failures()?,
            None => {}
        }
        self.check_allowance(hand);
        Ok(())
    }

    /// An item that failed because the provider is away comes back as soon as calls are made again.
    fn ask_again(&self, question: Question, error: CallError, hand: &mut Hand) {
        if self.entrance.is_away() {
            hand.ready.push_back(question);
            return;
        }
        let wait = self.rules.retry.wait_after(question.attempts);
        let wait = wait.max(error.retry_after().unwrap_or_default());
        hand.waits.push(question, wait, error);
    }

    fn check_allowance(&self, hand: &mut Hand) {
        hand.spent = self.tally.spent(self.rules.allowance);
    }

    /// Ends the run as soon as this stretch alone shows that too many items fail.
    fn check_failures(&self) -> Result<(), Failure> {
        let Some(rate) = self.rules.max_failure_rate else {
            return Ok(());
        };
        let generated = self.tally.generated();
        let (failed, done) = (generated.failed, generated.done());
        match exceeds(failed, done, self.rules.outputs, rate) {
            true => Err(Failure::TooManyFailures(format!(
                "{failed} of {done} items have failed, more than the `max_failure_rate` of {rate} allows"
            ))),
            false => Ok(()),
        }
    }
}

/// That nobody can be reached, or that the provider asks for less, is never an item's fault; all else is at some time.
fn may_be_excused(question: &Question, outcome: &Result<Answer, CallError>) -> bool {
    match outcome {
        Ok(_) => false,
        Err(error) => match error.kind {
            CallErrorKind::RateLimited | CallErrorKind::Unreachable | CallErrorKind::NoWorker => {
                true
            }
            _ => question.excused < MOST_EXCUSES,
        },
    }
}

/// Keeps an answer for equal calls. A cache that cannot be written costs later runs a call, and this one nothing.
async fn keep(
    store: &artifacts::Store,
    tenant: Option<&Tenant>,
    adapter: &Adapter,
    question: &Question,
    answer: &Answer,
) {
    let Some(key) = adapter.cache_key(&question.item, question.sample) else {
        return;
    };
    if let Err(error) = store.cache_answer(tenant, &key, answer).await {
        tracing::warn!(%error, "an answer could not be kept in the cache");
    }
}
