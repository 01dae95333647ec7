//! Group commit: a writer takes every output that has come in, writes it as the next parts, and begins again.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;
use std::time::Duration;

use artifacts::outputs::OutputLog;
use domain::output::Output;
use futures::future::try_join_all;
use tokio::sync::mpsc;
use tokio::task::JoinHandle;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use crate::asking::tally::Tally;
use crate::failure::Failure;

/// Outputs that may wait for a write. When the store does not take them, no further calls are made.
const OUTPUTS_WAITING: usize = 1024;

/// How long a store may refuse before the stretch is given up; answers not yet written are then lost, and paid again.
const LONGEST_REFUSAL: Duration = Duration::from_secs(120);

/// The wait between attempts to write.
const WRITE_AGAIN_AFTER: Duration = Duration::from_millis(500);

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

/// Takes outputs and writes them in groups.
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

    /// Hands an output over. It is counted when it is written.
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

    /// Waits until everything is written.
    pub(super) async fn finish(self) -> Result<(), Failure> {
        drop(self.entries);
        Ok(self.writer.await??)
    }
}

/// Outputs of one chunk that are written together.
#[derive(Default)]
struct Part {
    outputs: Vec<Output>,
    /// How many of them are the last of their items.
    is_final: Vec<bool>,
}

async fn write_all(
    mut incoming: mpsc::Receiver<Entry>,
    interval: Duration,
    tally: &Tally,
) -> Result<(), artifacts::Error> {
    let mut logs: HashMap<u64, OutputLog> = HashMap::new();
    let mut group = Vec::new();
    let mut last_write = Instant::now();
    while incoming.recv_many(&mut group, OUTPUTS_WAITING).await > 0 {
        gather(&mut incoming, &mut group, last_write + interval).await;
        let mut parts: BTreeMap<u64, Part> = BTreeMap::new();
        for entry in group.drain(..) {
            match entry {
                Entry::Chunk(log) => {
                    logs.insert(log.chunk(), log);
                }
                Entry::Output {
                    chunk,
                    output,
                    is_final,
                } => {
                    let part = parts.entry(chunk).or_default();
                    part.outputs.push(output);
                    part.is_final.push(is_final);
                }
            }
        }
        let writes = parts.into_iter().filter_map(|(chunk, part)| {
            let log = logs.remove(&chunk)?;
            Some(write(log, part, tally))
        });
        for log in try_join_all(writes).await? {
            logs.insert(log.chunk(), log);
        }
        last_write = Instant::now();
    }
    Ok(())
}

/// Takes more until the next write is due, or no more will come.
async fn gather(incoming: &mut mpsc::Receiver<Entry>, group: &mut Vec<Entry>, due: Instant) {
    while let Ok(1..) =
        tokio::time::timeout_at(due, incoming.recv_many(group, OUTPUTS_WAITING)).await
    {}
}

/// Writes a part, again and again while the store refuses: what is in hand has been paid for.
async fn write(
    mut log: OutputLog,
    part: Part,
    tally: &Tally,
) -> Result<OutputLog, artifacts::Error> {
    let give_up = Instant::now() + LONGEST_REFUSAL;
    loop {
        match log.append(&part.outputs).await {
            Ok(()) => break,
            Err(error) if error.is_retryable() && Instant::now() < give_up => {
                let outputs = part.outputs.len();
                tracing::warn!(%error, outputs, "outputs cannot be recorded; trying again");
                tokio::time::sleep(WRITE_AGAIN_AFTER).await;
            }
            Err(error) => return Err(error),
        }
    }
    for (output, is_final) in part.outputs.into_iter().zip(part.is_final) {
        tally.recorded(output, is_final);
    }
    Ok(log)
}
