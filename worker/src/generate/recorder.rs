//! Group commit: a writer takes every output that has come in, writes it as the next part, and begins again.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use artifacts::outputs::OutputLog;
use domain::output::Output;
use tokio::sync::mpsc;
use tokio::task::JoinHandle;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;
use workflows::activities::ChunkProgress;

use crate::failure::Failure;
use crate::gates::lock;

/// Outputs that may wait for a write. When the store does not take them, no further calls are made.
const OUTPUTS_WAITING: usize = 1024;

/// How long a store may refuse before the chunk is given up; answers not yet written are then lost, and paid again.
const LONGEST_REFUSAL: Duration = Duration::from_secs(120);

/// The wait between attempts to write.
const WRITE_AGAIN_AFTER: Duration = Duration::from_millis(500);

/// What is recorded of a chunk, in numbers.
#[derive(Default)]
pub(crate) struct Tally {
    progress: Mutex<ChunkProgress>,
}

impl Tally {
    pub(crate) fn progress(&self) -> ChunkProgress {
        lock(&self.progress).clone()
    }

    /// Counts an output after which no further call is made.
    pub(crate) fn finished(&self, output: &Output) {
        lock(&self.progress).generated.count(output);
    }

    fn recorded(&self, outputs: &[Output], maximum_attempts: u32) {
        let mut progress = lock(&self.progress);
        for output in outputs {
            match output.is_final(maximum_attempts) {
                true => progress.generated.count(output),
                false => progress.waiting += 1,
            }
        }
    }
}

/// Takes outputs and writes them in groups.
pub(crate) struct Recorder {
    outputs: mpsc::Sender<Output>,
    writer: JoinHandle<Result<(), artifacts::Error>>,
    gave_up: CancellationToken,
}

impl Recorder {
    pub(crate) fn start(
        log: OutputLog,
        interval: Duration,
        tally: Arc<Tally>,
        maximum_attempts: u32,
    ) -> Self {
        let (outputs, incoming) = mpsc::channel(OUTPUTS_WAITING);
        let gave_up = CancellationToken::new();
        let giving_up = gave_up.clone();
        let writer = tokio::spawn(async move {
            let written = write_all(log, incoming, interval, &tally, maximum_attempts).await;
            if written.is_err() {
                giving_up.cancel();
            }
            written
        });
        Self {
            outputs,
            writer,
            gave_up,
        }
    }

    /// Hands an output over. It is counted when it is written.
    pub(crate) async fn record(&self, output: Output) {
        // Fails only when the writer has given up, which `gave_up` and `finish` report.
        let _ = self.outputs.send(output).await;
    }

    /// Waits until the writer gives up, for the reason that `finish` then tells; for ever, when it does not.
    pub(crate) async fn gave_up(&self) {
        self.gave_up.cancelled().await;
    }

    /// Waits until everything is written.
    pub(crate) async fn finish(self) -> Result<(), Failure> {
        drop(self.outputs);
        Ok(self.writer.await??)
    }
}

async fn write_all(
    mut log: OutputLog,
    mut incoming: mpsc::Receiver<Output>,
    interval: Duration,
    tally: &Tally,
    maximum_attempts: u32,
) -> Result<(), artifacts::Error> {
    let mut group = Vec::new();
    let mut last_write = Instant::now();
    while incoming.recv_many(&mut group, OUTPUTS_WAITING).await > 0 {
        gather(&mut incoming, &mut group, last_write + interval).await;
        write(&mut log, &group).await?;
        last_write = Instant::now();
        tally.recorded(&group, maximum_attempts);
        group.clear();
    }
    Ok(())
}

/// Takes more outputs until the next write is due, or no more will come.
async fn gather(incoming: &mut mpsc::Receiver<Output>, group: &mut Vec<Output>, due: Instant) {
    while let Ok(1..) =
        tokio::time::timeout_at(due, incoming.recv_many(group, OUTPUTS_WAITING)).await
    {}
}

/// Writes a part, again and again while the store refuses: what is in hand has been paid for.
async fn write(log: &mut OutputLog, group: &[Output]) -> Result<(), artifacts::Error> {
    let give_up = Instant::now() + LONGEST_REFUSAL;
    loop {
        match log.append(group).await {
            Err(error) if error.is_retryable() && Instant::now() < give_up => {
                tracing::warn!(%error, outputs = group.len(), "outputs cannot be recorded; trying again");
                tokio::time::sleep(WRITE_AGAIN_AFTER).await;
            }
            written => return written,
        }
    }
}
