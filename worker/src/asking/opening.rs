//! What is there of a chunk when an attempt begins: its items, and what is recorded or cached of them.

use std::ops::Range;
use std::sync::Arc;

use artifacts::Store;
use artifacts::outputs::{Journal, OutputLog};
use artifacts::run::Caller;
use domain::dataset::DatasetRef;
use domain::item::DatasetItem;
use domain::output::{Answer, Output};
use futures::{Stream, StreamExt, stream};
use jiff::Timestamp;

use crate::adapters::Adapter;
use crate::asking::errand::{Form, Subject};
use crate::asking::tally::Tally;
use crate::failure::Failure;

/// Chunks that are opened ahead.
const CHUNKS_AHEAD: usize = 2;

/// Items looked up in the cache at once.
const LOOKUPS_AT_ONCE: usize = 16;

/// A sample of an item that is to be asked, and the calls made for it before.
#[derive(Clone, Debug)]
pub(super) struct Question {
    pub(super) chunk: u64,
    pub(super) item: DatasetItem,
    pub(super) sample: u32,
    pub(super) attempts: u32,
    /// Of those, the ones that cost the item nothing.
    pub(super) excused: u32,
}

impl Question {
    /// Whether no call for the item has failed in a way that tells of the item.
    pub(super) fn is_fresh(&self) -> bool {
        self.attempts == self.excused
    }
}

/// A chunk that is opened.
pub(super) struct Opened {
    pub(super) log: OutputLog,
    /// Items without an answer.
    pub(super) questions: Vec<Question>,
    /// Answers that the cache has for others.
    pub(super) cached: Vec<Output>,
}

/// How chunks are opened.
pub(super) struct Opening {
    pub(super) store: Store,
    pub(super) caller: Caller,
    pub(super) subject: Subject,
    pub(super) attempt: u32,
    /// Knows what an item would be asked, when the experiment asks for the cache.
    pub(super) cache: Option<Arc<Adapter>>,
    /// The form that answers must have, those of the cache too.
    pub(super) form: Option<Form>,
    pub(super) round: u32,
    pub(super) maximum_attempts: u32,
    pub(super) tally: Arc<Tally>,
}

impl Opening {
    /// Opens chunks one after another, a little ahead of what is asked.
    pub(super) fn chunks(
        self,
        dataset: DatasetRef,
        chunks: Range<u64>,
    ) -> impl Stream<Item = Result<Opened, Failure>> {
        let (opening, dataset) = (Arc::new(self), Arc::new(dataset));
        stream::iter(chunks)
            .map(move |chunk| {
                let (opening, dataset) = (Arc::clone(&opening), Arc::clone(&dataset));
                async move { opening.open(&dataset, chunk).await }
            })
            .buffered(CHUNKS_AHEAD)
    }

    async fn open(&self, dataset: &DatasetRef, chunk: u64) -> Result<Opened, Failure> {
        let items = self.items(dataset, chunk).await?;
        let opened = self.store.open_outputs(&self.caller, chunk, self.attempt);
        let (journal, log) = opened.await?;
        let questions = self.unanswered(items, &journal, chunk);
        let (questions, cached) = match &self.cache {
            Some(adapter) => self.look_up(adapter, questions).await?,
            None => (questions, Vec::new()),
        };
        Ok(Opened {
            log,
            questions,
            cached,
        })
    }

    /// Everything that is asked of a chunk, whether or not it is answered: items with their samples.
    async fn items(
        &self,
        dataset: &DatasetRef,
        chunk: u64,
    ) -> Result<Vec<(DatasetItem, u32)>, Failure> {
        let items = self.store.dataset_chunk(dataset, chunk).await?;
        let samples = || {
            let of = |item| (0..dataset.samples).map(move |sample| (item, sample));
            items.iter().flat_map(of)
        };
        let Subject::Outputs(questions) = &self.subject else {
            let samples = samples().map(|(item, sample)| (item.clone(), sample));
            return Ok(samples.collect());
        };
        let outputs = self.store.outputs(&self.caller.run, chunk).await?;
        let questions = samples().filter_map(|(item, sample)| {
            let known = outputs.get(&item.id, sample)?;
            Some(questions(item, &known.output))
        });
        Ok(questions.flatten().map(|question| (question, 0)).collect())
    }

    /// The items that are still to be asked. What is recorded is counted.
    fn unanswered(
        &self,
        items: Vec<(DatasetItem, u32)>,
        journal: &Journal,
        chunk: u64,
    ) -> Vec<Question> {
        let question = |item: DatasetItem, sample, attempts, excused| Question {
            chunk,
            item,
            sample,
            attempts,
            excused,
        };
        items
            .into_iter()
            .filter_map(|(item, sample)| {
                let Some(known) = journal.get(&item.id, sample) else {
                    return Some(question(item, sample, 0, 0));
                };
                let is_final = known.is_final(self.round, self.maximum_attempts);
                self.tally.found(known, is_final);
                if is_final {
                    return None;
                }
                let output = &known.output;
                // A later round counts the attempts at an item anew.
                Some(match output.round == self.round {
                    true => question(item, sample, output.attempts, output.excused_attempts),
                    false => question(item, sample, 0, 0),
                })
            })
            .collect()
    }

    /// Takes what the cache has.
    async fn look_up(
        &self,
        adapter: &Adapter,
        questions: Vec<Question>,
    ) -> Result<(Vec<Question>, Vec<Output>), Failure> {
        let tenant = self.caller.run.experiment.tenant();
        let mut found = stream::iter(questions)
            .map(async |question| {
                let answer = match adapter.cache_key(&question.item, question.sample) {
                    Some(key) => self.store.cached_answer(tenant, &key).await?,
                    None => None,
                };
                let answer = answer.filter(|answer| self.is_of_use(answer));
                Ok::<_, Failure>((question, answer))
            })
            .buffered(LOOKUPS_AT_ONCE);
        let (mut left, mut cached) = (Vec::new(), Vec::new());
        while let Some(looked_up) = found.next().await {
            match looked_up? {
                (question, Some(answer)) => cached.push(self.cached(question, answer)),
                (question, None) => left.push(question),
            }
        }
        Ok((left, cached))
    }

    fn is_of_use(&self, answer: &Answer) -> bool {
        self.form.as_ref().is_none_or(|form| form(answer).is_ok())
    }

    fn cached(&self, question: Question, answer: Answer) -> Output {
        Output {
            sample: question.sample,
            excused_attempts: question.excused,
            round: self.round,
            ended_at: Some(Timestamp::now()),
            cached: true,
            ..Output::answered(question.item.id, question.attempts, answer)
        }
    }
}
