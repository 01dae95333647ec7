//! The calls made for a chunk, for its outputs or by a scorer, in parts that a later attempt finds and keeps.
//!
//! In a bucket, what is committed together is a part. In a folder, a part is a file that its attempt appends to: a sync for
//! what is committed together, where a file of its own would cost several; and each output is written when it comes, so
//! that a process which is killed leaves it.

pub use domain::journal::Journal;
use domain::output::Output;
use futures::{StreamExt, TryStreamExt, stream};
use object_store::path::Path;

use crate::appended::{AppendedFile, Tail};
use crate::keys;
use crate::run::{Caller, Run};
use crate::store::{Error, Store, lines, parse_lines};

/// Parts that are read at once.
const PARTS_AT_ONCE: usize = 8;

/// Writes the parts of one attempt at one chunk.
pub struct OutputLog {
    store: Store,
    caller: Caller,
    chunk: u64,
    attempt: u32,
    next_part: u32,
    /// The part that is appended to, where the store is a folder.
    file: Option<AppendedFile>,
    /// Lines that are not committed.
    pending: Vec<u8>,
}

impl OutputLog {
    pub fn chunk(&self) -> u64 {
        self.chunk
    }

    /// Takes outputs in. In a folder they outlast this process from now on, if the disk takes them.
    pub async fn add<'a>(
        &mut self,
        outputs: impl IntoIterator<Item = &'a Output>,
    ) -> Result<(), Error> {
        let lines = lines(outputs).map_err(|error| crate::store::corrupt(&self.key(), &error))?;
        self.pending.extend_from_slice(&lines);
        // What fails here is done by the commit.
        if self.is_open().await.unwrap_or(false)
            && let Some(file) = &mut self.file
        {
            let _ = file.write(&self.pending);
        }
        Ok(())
    }

    /// What was added and is not committed. More may be added while it is.
    ///
    /// The name of a part goes on from the parts that were there and says the attempt, so that neither a chunk begun anew
    /// nor an attempt thought dead overwrites anything.
    pub async fn pending(&mut self) -> Result<Pending, Error> {
        self.is_open().await?;
        let bytes = self.pending.clone();
        let length = bytes.len();
        let place = match &self.file {
            Some(file) => Place::File(file.tail(bytes)),
            None => Place::Object(self.store.clone(), self.key(), bytes),
        };
        Ok(Pending { place, length })
    }

    /// Goes on behind what is committed.
    pub fn advance(&mut self, committed: Committed) {
        self.pending.drain(..committed.0);
        match &mut self.file {
            Some(file) => file.advance(committed.0),
            None => self.next_part += 1,
        }
    }

    /// Whether there is a file to append to, which is created if need be; there is none in a bucket.
    async fn is_open(&mut self) -> Result<bool, Error> {
        while self.file.is_none() {
            let Some(path) = self.store.path_of(&self.key())? else {
                return Ok(false);
            };
            self.file = AppendedFile::create(path).await?;
            if self.file.is_none() {
                // Somebody else has taken the name since.
                self.next_part += 1;
            }
        }
        Ok(true)
    }

    /// Where the next part goes.
    fn key(&self) -> Path {
        keys::part(&self.caller, self.chunk, self.next_part, self.attempt)
    }
}

/// Lines of a log that are to be committed.
pub struct Pending {
    place: Place,
    length: usize,
}

enum Place {
    File(Tail),
    Object(Store, Path, Vec<u8>),
}

/// So many bytes of a log are committed.
pub struct Committed(usize);

impl Pending {
    /// All of the lines are recorded when this returns; when it fails, it may be tried again.
    pub async fn commit(self) -> Result<Committed, Error> {
        match self.place {
            Place::File(tail) => tail.sync().await?,
            Place::Object(store, key, bytes) => store.put(&key, bytes).await?,
        }
        Ok(Committed(self.length))
    }
}

impl Store {
    /// Opens a chunk for an attempt at it: what is recorded so far, and the log to go on with.
    pub async fn open_outputs(
        &self,
        caller: &Caller,
        chunk: u64,
        attempt: u32,
    ) -> Result<(Journal, OutputLog), Error> {
        let keys = self.list(&keys::calls(caller, chunk)).await?;
        let log = OutputLog {
            store: self.clone(),
            caller: caller.clone(),
            chunk,
            attempt,
            next_part: keys
                .iter()
                .filter_map(keys::part_of)
                .max()
                .map_or(0, |last| last + 1),
            file: None,
            pending: Vec::new(),
        };
        Ok((self.read_outputs(keys).await?, log))
    }

    /// What is recorded of a chunk's outputs.
    pub async fn outputs(&self, run: &Run, chunk: u64) -> Result<Journal, Error> {
        self.calls(&Caller::outputs(run), chunk).await
    }

    /// What is recorded of the calls that were made for a chunk.
    pub async fn calls(&self, caller: &Caller, chunk: u64) -> Result<Journal, Error> {
        let keys = self.list(&keys::calls(caller, chunk)).await?;
        self.read_outputs(keys).await
    }

    /// Every call that is recorded, as it was written down.
    pub async fn recorded(&self, caller: &Caller, chunk: u64) -> Result<Vec<Output>, Error> {
        let keys = self.list(&keys::calls(caller, chunk)).await?;
        let mut recorded = Vec::new();
        self.visit_outputs(keys, |output| recorded.push(output))
            .await?;
        Ok(recorded)
    }

    async fn read_outputs(&self, keys: Vec<Path>) -> Result<Journal, Error> {
        let mut journal = Journal::default();
        self.visit_outputs(keys, |output| journal.push(output))
            .await?;
        Ok(journal)
    }

    async fn visit_outputs(
        &self,
        keys: Vec<Path>,
        mut visit: impl FnMut(Output),
    ) -> Result<(), Error> {
        let mut parts = stream::iter(keys)
            .map(async |key| self.whole_lines(&key).await)
            .buffered(PARTS_AT_ONCE);
        while let Some(part) = parts.try_next().await? {
            part.into_iter().for_each(&mut visit);
        }
        Ok(())
    }

    /// The outputs of a part. A last line without an end is being written, or its writer was lost: it does not count.
    async fn whole_lines(&self, key: &Path) -> Result<Vec<Output>, Error> {
        let bytes = self.get(key).await?.unwrap_or_default();
        let end = bytes.iter().rposition(|byte| *byte == b'\n').unwrap_or(0);
        parse_lines(key, &bytes[..end])
    }
}

#[cfg(test)]
mod tests {
    use domain::output::{Answer, CallError, CallErrorKind};
    use serde_json::json;

    use super::*;

    fn run() -> Run {
        Run {
            experiment: "e".parse().unwrap(),
            index: 0,
            round: 0,
        }
    }

    async fn append(log: &mut OutputLog, outputs: &[Output]) {
        log.add(outputs).await.unwrap();
        commit(log).await;
    }

    async fn commit(log: &mut OutputLog) {
        let pending = log.pending().await.unwrap();
        log.advance(pending.commit().await.unwrap());
    }

    fn answered(id: &str, value: &str) -> Output {
        let answer = Answer::of(json!(value));
        Output::answered(id.to_owned(), 1, answer)
    }

    #[tokio::test]
    async fn later_attempts_find_what_earlier_ones_wrote_and_the_first_answer_stands() {
        let folder = tempfile::tempdir().unwrap();
        let store = Store::open(folder.path().to_str().unwrap(), []).unwrap();
        let run = run();
        let timeout = CallError::new(CallErrorKind::Timeout, "too slow");
        let caller = &Caller::outputs(&run);
        let (_, mut first) = store.open_outputs(caller, 7, 1).await.unwrap();
        append(&mut first, &[answered("a", "1")]).await;
        append(&mut first, &[Output::failed("b".to_owned(), 1, timeout)]).await;
        let (known, mut second) = store.open_outputs(caller, 7, 2).await.unwrap();
        assert!(known.get("a", 0).is_some() && known.get("b", 0).is_some());
        append(&mut second, &[answered("b", "2"), answered("a", "again")]).await;
        // A worker thought dead still writes.
        append(&mut first, &[answered("c", "3")]).await;
        // A chunk begun anew counts its attempts from one again.
        let (_, mut anew) = store.open_outputs(caller, 7, 1).await.unwrap();
        append(&mut anew, &[answered("a", "anew")]).await;

        let outputs = store.outputs(&run, 7).await.unwrap();
        let value = |id: &str| {
            let journal = outputs.get(id, 0).unwrap();
            journal.output.answer.as_ref().unwrap().value.clone()
        };
        assert_eq!(
            (value("a"), value("b"), value("c")),
            (json!("1"), json!("2"), json!("3"))
        );
        assert!(store.outputs(&run, 8).await.unwrap().is_empty());
        let scorer = Caller {
            scorer: Some("5c0".to_owned()),
            ..caller.clone()
        };
        assert!(store.calls(&scorer, 7).await.unwrap().is_empty());
    }

    #[tokio::test]
    async fn what_is_written_together_is_one_more_line_of_the_part_of_an_attempt() {
        let folder = tempfile::tempdir().unwrap();
        let store = Store::open(folder.path().to_str().unwrap(), []).unwrap();
        let run = run();
        let caller = &Caller::outputs(&run);
        // Both have seen that there is nothing yet.
        let (_, mut one) = store.open_outputs(caller, 0, 1).await.unwrap();
        let (_, mut other) = store.open_outputs(caller, 0, 1).await.unwrap();
        for id in ["a", "b"] {
            append(&mut one, &[answered(id, "1")]).await;
        }
        append(&mut other, &[answered("c", "2")]).await;
        let parts = store.list(&keys::calls(caller, 0)).await.unwrap();
        assert_eq!(parts.len(), 2);

        let torn = store.path_of(&parts[0]).unwrap().unwrap();
        let mut bytes = std::fs::read(&torn).unwrap();
        bytes.extend(br#"{"item_id":"d","#);
        std::fs::write(&torn, bytes).unwrap();
        let outputs = store.outputs(&run, 0).await.unwrap();
        let is_known = |id| outputs.get(id, 0).is_some();
        assert_eq!(
            ["a", "b", "c", "d"].map(is_known),
            [true, true, true, false]
        );
    }

    #[tokio::test]
    async fn what_was_added_is_found_also_when_it_was_never_committed() {
        let folder = tempfile::tempdir().unwrap();
        let store = Store::open(folder.path().to_str().unwrap(), []).unwrap();
        let run = run();
        let caller = &Caller::outputs(&run);
        let (_, mut killed) = store.open_outputs(caller, 0, 1).await.unwrap();
        append(&mut killed, &[answered("a", "1")]).await;
        killed.add(&[answered("b", "2")]).await.unwrap();
        killed.add(&[answered("c", "3")]).await.unwrap();
        drop(killed);
        let (known, _) = store.open_outputs(caller, 0, 2).await.unwrap();
        assert!(["a", "b", "c"].iter().all(|id| known.get(id, 0).is_some()));
    }

    #[tokio::test]
    async fn a_bucket_gets_what_is_committed_together_as_one_part() {
        let store = Store::bucket_in_memory();
        let run = run();
        let caller = &Caller::outputs(&run);
        let (_, mut log) = store.open_outputs(caller, 0, 1).await.unwrap();
        log.add(&[answered("a", "1")]).await.unwrap();
        log.add(&[answered("b", "2")]).await.unwrap();
        assert!(store.outputs(&run, 0).await.unwrap().is_empty());
        let pending = log.pending().await.unwrap();
        log.add(&[answered("d", "4")]).await.unwrap();
        log.advance(pending.commit().await.unwrap());
        assert!(store.outputs(&run, 0).await.unwrap().get("d", 0).is_none());
        append(&mut log, &[answered("c", "3")]).await;
        let parts = store.list(&keys::calls(caller, 0)).await.unwrap();
        assert_eq!(parts.len(), 2);
        let outputs = store.outputs(&run, 0).await.unwrap();
        assert!(
            ["a", "b", "c"]
                .iter()
                .all(|id| outputs.get(id, 0).is_some())
        );
    }
}
