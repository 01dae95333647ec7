//! Asks what scorers ask others, before anything is judged: each respondent of each scorer like a model is asked for outputs.

use std::sync::{Arc, Mutex};

use artifacts::run::{Caller, Run};
use domain::limits::Share;
use domain::spec::ExperimentSpec;
use evaluation::scorers::{Inquiry, Respondent, Scorer};
use futures::future::join_all;
use serde_json::json;
use sha2::{Digest, Sha256};
use temporalio_sdk::activities::ActivityContext;
use workflows::activities::{Allowance, ChunkProgress, ScoreChunk, ScoringProgress};

use crate::adapters::Adapter;
use crate::asking::{Errand, Rules, Subject, Tally};
use crate::failure::Failure;
use crate::gates::lock;
use crate::work::Bench;

/// A respondent of a scorer.
pub(super) struct Asker {
    scorers: Arc<Vec<Scorer>>,
    /// The scorer's place in the experiment.
    pub(super) scorer: usize,
    /// The respondent's place among those of the scorer.
    respondent: usize,
    pub(super) caller: Caller,
}

/// All whom the scorers of a run ask, by scorer and then in the scorer's order.
pub(super) fn askers(scorers: &Arc<Vec<Scorer>>, run: &Run) -> Vec<Asker> {
    let mut askers = Vec::new();
    for (scorer, asks) in scorers.iter().enumerate() {
        let respondents = asks.inquiry().map_or(&[][..], Inquiry::respondents);
        for respondent in 0..respondents.len() {
            let caller = Caller {
                run: run.clone(),
                scorer: Some(key(asks.name(), respondents, respondent)),
            };
            askers.push(Asker {
                scorers: Arc::clone(scorers),
                scorer,
                respondent,
                caller,
            });
        }
    }
    askers
}

/// What tells the calls to a respondent from those to others: the scorer's name, how it is asked, and which of several that
/// are asked alike it is. So a later round finds what it would ask for again, and nothing else.
fn key(scorer: &str, respondents: &[Respondent], index: usize) -> String {
    let adapter = &respondents[index].adapter;
    let before = respondents[..index].iter();
    let alike = before.filter(|other| other.adapter == *adapter).count();
    let key = json!([scorer, adapter, alike]).to_string();
    hex::encode(&Sha256::digest(key.as_bytes())[..16])
}

impl Asker {
    fn inquiry(&self) -> Option<&Inquiry> {
        self.scorers[self.scorer].inquiry()
    }

    /// Who is asked.
    pub(super) fn respondent(&self) -> Option<&Respondent> {
        self.inquiry()?.respondents().get(self.respondent)
    }

    async fn errand(
        &self,
        inquiry: &Inquiry,
        bench: &Bench,
        input: &ScoreChunk,
        spec: &ExperimentSpec,
        tally: Arc<Tally>,
    ) -> Result<Errand, Failure> {
        let respondent = &inquiry.respondents()[self.respondent];
        let own_timeout = respondent.adapter.timeout();
        let call_timeout = own_timeout
            .unwrap_or(spec.execution.call_timeout)
            .as_duration();
        let adapter = Adapter::of(respondent, &self.caller, call_timeout, &bench.resources);
        let (scorers, scorer) = (Arc::clone(&self.scorers), self.scorer);
        let check = Arc::clone(&scorers);
        Ok(Errand {
            caller: self.caller.clone(),
            adapter: adapter.await.map_err(Failure::Refused)?,
            subject: Subject::Outputs(Arc::new(move |item, output| {
                scorers[scorer].questions(item, output)
            })),
            share: Share {
                concurrency: inquiry.concurrency(),
                ..Share::default()
            },
            order: None,
            rules: Rules {
                retry: spec.retry.clone(),
                round: input.run.round,
                call_timeout,
                allowance: Allowance::default(),
                max_failure_rate: None,
                outputs: input.dataset.outputs(),
                form: Some(Arc::new(move |answer| {
                    check[scorer]
                        .inquiry()
                        .map_or(Ok(()), |asks| asks.check(answer))
                })),
                caches: spec.execution.cache,
            },
            tally,
        })
    }
}

/// Asks all respondents at once, each as many questions at a time as its scorer allows. What is recorded is not asked for
/// again. Tells whether everything was asked: a run that ends meanwhile is judged by what there is.
pub(super) async fn inquire(
    bench: &Bench,
    ctx: &ActivityContext,
    input: &ScoreChunk,
    spec: &ExperimentSpec,
    askers: &[Asker],
    asked: &Asked,
) -> Result<bool, Failure> {
    let mut errands = Vec::new();
    for (asker, tally) in askers.iter().zip(asked.begin(askers.len())) {
        if let Some(inquiry) = asker.inquiry() {
            errands.push(asker.errand(inquiry, bench, input, spec, tally).await?);
        }
    }
    let chunks = input.chunk..input.chunk + input.chunks;
    let errands = errands.into_iter().map(|errand| {
        // One that fails ends no other: what is in flight is paid.
        errand.run(bench, ctx, input.dataset.clone(), chunks.clone())
    });
    let mut is_complete = true;
    for done in join_all(errands).await {
        is_complete &= done?.is_none();
    }
    match is_complete || !ctx.is_cancelled() {
        true => Ok(is_complete),
        false => Err(Failure::Cancelled),
    }
}

/// How far the asking has come, as heartbeats tell it.
#[derive(Default)]
pub(super) struct Asked {
    tallies: Mutex<Vec<Arc<Tally>>>,
    before: Vec<ChunkProgress>,
}

impl Asked {
    /// Goes on from what was last heard of the attempt before.
    pub(super) fn after(ctx: &ActivityContext) -> Self {
        let details = ctx.heartbeat_details().deserialize::<ScoringProgress>();
        // What an older worker has said may have another form.
        let before = details.ok().flatten().unwrap_or_default().asked;
        Self {
            tallies: Mutex::default(),
            before,
        }
    }

    /// A tally for each of so many who are asked.
    fn begin(&self, askers: usize) -> Vec<Arc<Tally>> {
        let mut before = self.before.iter().cloned();
        let next = || Arc::new(Tally::after(before.next().unwrap_or_default()));
        let tallies: Vec<Arc<Tally>> = std::iter::repeat_with(next).take(askers).collect();
        lock(&self.tallies).clone_from(&tallies);
        tallies
    }

    pub(super) fn is_any(&self) -> bool {
        !lock(&self.tallies).is_empty()
    }

    /// Calls of each who is asked whose outcome nobody knows.
    pub(super) fn lost(&self) -> Vec<u64> {
        let tallies = lock(&self.tallies);
        tallies.iter().map(|tally| tally.generated().lost).collect()
    }

    pub(super) fn progress(&self) -> ScoringProgress {
        let tallies = lock(&self.tallies);
        ScoringProgress::of(tallies.iter().map(|tally| tally.progress()).collect())
    }
}
