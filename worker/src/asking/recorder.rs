//! Group commit: a writer takes every output in as it comes, and commits those that have come together.

use std::collections::{BTreeMap, BTreeSet, HashMap, VecDeque};
use std::panic::resume_unwind;
use std::sync::Arc;
use std::time::Duration;

use artifacts::outputs::{Committed, OutputLog, Pending};
use domain::output::Output;
use tokio::sync::mpsc;
use tokio::task::{JoinHandle, JoinSet};
use tokio::time::{Instant, sleep_until};
use tokio_util::sync::CancellationToken;

use crate::asking::tally::Tally;
use crate::failure::Failure;

/// Outputs that may wait for a commit. When the store does not take them, no further calls are made.
const OUTPUTS_WAITING: usize = 1024;

/// How long a store may refuse before the stretch is given up; answers not yet committed are then lost, and paid again.
const LONGEST_REFUSAL: Duration = Duration::from_secs(120);

/// The wait between attempts to commit.
const COMMIT_AGAIN_AFTER: Duration = Duration::from_millis(500);

/// What a recorder is told.
#[expect(
    clippy::large_enum_variant,
    reason = "nearly all entries are outputs, so a box would save nothing"
)]
enum Entry {
    /// A chunk begins.
    Chunk(OutputLog),
    Output {
        chunk: u64,
        output: Output,
        /// Whether no further call is made for the item.
        is_final: bool,
    },
}

/// Takes outputs and commits them in groups.
pub(super) struct Recorder {
    entries: mpsc::Sender<Entry>,
    writer: JoinHandle<Result<(), artifacts::Error>>,
    gave_up: CancellationToken,
}

impl Recorder {
    pub(super) fn start(interval: Duration, tally: Arc<Tally>) -> Self {
        let (entries, incoming) = mpsc::channel(OUTPUTS_WAITING);
        let gave_up = CancellationToken::new();
        let giving_up = gave_up.clone();
        let writer = tokio::spawn(async move {
            let written = write_all(incoming, interval, &tally).await;
            if written.is_err() {
                giving_up.cancel();
            }
            written
        });
        Self {
            entries,
            writer,
            gave_up,
        }
    }

    /// Tells where the outputs of a chunk go, before the first of them comes.
    pub(super) async fn open(&self, log: OutputLog) {
        self.send(Entry::Chunk(log)).await;
    }

    /// Hands an output over. It is counted when it is committed.
    pub(super) async fn record(&self, chunk: u64, output: Output, is_final: bool) {
        self.send(Entry::Output {
            chunk,
            output,
            is_final,
        })
        .await;
    }

    async fn send(&self, entry: Entry) {
        // Fails only when the writer has given up, which `gave_up` and `finish` report.
        let _ = self.entries.send(entry).await;
    }

    /// Waits until the writer gives up, for the reason that `finish` then tells; for ever, when it does not.
    pub(super) async fn gave_up(&self) {
        self.gave_up.cancelled().await;
    }

    /// Waits until everything is committed.
    pub(super) async fn finish(self) -> Result<(), Failure> {
        drop(self.entries);
        Ok(self.writer.await??)
    }
}

async fn write_all(
    mut incoming: mpsc::Receiver<Entry>,
    interval: Duration,
    tally: &Tally,
) -> Result<(), artifacts::Error> {
    let mut chunks = Chunks::default();
    let mut commits: JoinSet<Ended> = JoinSet::new();
    let mut group = Vec::new();
    let mut is_open = true;
    let mut due = Instant::now();
    // Since when the store has refused everything.
    let mut refused = None;
    loop {
        tokio::select! {
            biased;
            Some(ended) = commits.join_next() => {
                let (number, ended) = ended.unwrap_or_else(|error| resume_unwind(error.into_panic()));
                match ended {
                    Ok(committed) => {
                        chunks.committed(number, committed, tally);
                        (refused, due) = (None, Instant::now() + interval);
                    }
                    Err(error) => {
                        let since = *refused.get_or_insert_with(Instant::now);
                        if !error.is_retryable() || since.elapsed() > LONGEST_REFUSAL {
                            return Err(error);
                        }
                        let outputs = chunks.waiting;
                        tracing::warn!(%error, outputs, "outputs cannot be recorded; trying again");
                        chunks.refused(number);
                        due = Instant::now() + COMMIT_AGAIN_AFTER;
                    }
                }
            }
            () = sleep_until(due), if !chunks.touched.is_empty() => {
                for (number, pending) in chunks.pending().await {
                    commits.spawn(commit(number, pending));
                }
            }
            received = incoming.recv_many(&mut group, OUTPUTS_WAITING),
                if is_open && chunks.waiting < OUTPUTS_WAITING =>
            {
                is_open = received > 0;
                chunks.take(&mut group).await?;
            }
            else => return Ok(()),
        }
    }
}

/// A chunk, and what has become of a commit of it.
type Ended = (u64, Result<Committed, artifacts::Error>);

async fn commit(chunk: u64, pending: Result<Pending, artifacts::Error>) -> Ended {
    let committed = match pending {
        Ok(pending) => pending.commit().await,
        Err(error) => Err(error),
    };
    (chunk, committed)
}

/// One chunk, and its outputs that are not committed.
struct Chunk {
    log: OutputLog,
    /// Each with whether it is the last of its item.
    outputs: VecDeque<(Output, bool)>,
    /// How many of them are being committed.
    committing: usize,
}

/// The chunks whose outputs come in.
#[derive(Default)]
struct Chunks {
    all: HashMap<u64, Chunk>,
    /// Those with something to commit of which nothing is being committed.
    touched: BTreeSet<u64>,
    /// Outputs that are not committed, of all chunks.
    waiting: usize,
}

impl Chunks {
    /// Takes entries in; where the store is a folder, their outputs are written at once.
    async fn take(&mut self, entries: &mut Vec<Entry>) -> Result<(), artifacts::Error> {
        let mut firsts: BTreeMap<u64, usize> = BTreeMap::new();
        for entry in entries.drain(..) {
            match entry {
                Entry::Chunk(log) => {
                    let chunk = Chunk {
                        log,
                        outputs: VecDeque::new(),
                        committing: 0,
                    };
                    self.all.insert(chunk.log.chunk(), chunk);
                }
                Entry::Output {
                    chunk: number,
                    output,
                    is_final,
                } => {
                    if let Some(chunk) = self.all.get_mut(&number) {
                        firsts.entry(number).or_insert(chunk.outputs.len());
                        chunk.outputs.push_back((output, is_final));
                        self.waiting += 1;
                    }
                }
            }
        }
        for (number, first) in firsts {
            if let Some(chunk) = self.all.get_mut(&number) {
                let outputs = chunk.outputs.range(first..);
                chunk.log.add(outputs.map(|(output, _)| output)).await?;
                if chunk.committing == 0 {
                    self.touched.insert(number);
                }
            }
        }
        Ok(())
    }

    /// What can be committed, by chunk.
    async fn pending(&mut self) -> Vec<(u64, Result<Pending, artifacts::Error>)> {
        let mut all = Vec::new();
        for number in std::mem::take(&mut self.touched) {
            if let Some(chunk) = self.all.get_mut(&number) {
                chunk.committing = chunk.outputs.len();
                all.push((number, chunk.log.pending().await));
            }
        }
        all
    }

    fn committed(&mut self, number: u64, committed: Committed, tally: &Tally) {
        let Some(chunk) = self.all.get_mut(&number) else {
            return;
        };
        chunk.log.advance(committed);
        let count = std::mem::take(&mut chunk.committing);
        for (output, is_final) in chunk.outputs.drain(..count) {
            tally.recorded(output, is_final);
        }
        self.waiting -= count;
        if !chunk.outputs.is_empty() {
            self.touched.insert(number);
        }
    }

    /// Nothing of the chunk was committed.
    fn refused(&mut self, number: u64) {
        if let Some(chunk) = self.all.get_mut(&number) {
            chunk.committing = 0;
            self.touched.insert(number);
        }
    }
}
