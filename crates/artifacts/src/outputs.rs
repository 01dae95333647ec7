//! The calls made for a chunk, for its outputs or by a scorer, in parts that a later attempt finds and keeps.
//!
//! In a bucket, what is written together is a part. In a folder, a part is a file that its attempt appends to: a sync for
//! what is written together, where a file of its own would cost several.

pub use domain::journal::Journal;
use domain::output::Output;
use futures::{StreamExt, TryStreamExt, stream};
use object_store::path::Path;

use crate::appended::AppendedFile;
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
}

impl OutputLog {
    pub fn chunk(&self) -> u64 {
        self.chunk
    }

    /// Writes what belongs together: all of it is recorded when this returns, or none when it fails.
    ///
    /// The name of a part goes on from the parts that were there and says the attempt, so that neither a chunk begun anew
    /// nor an attempt thought dead overwrites anything.
    pub async fn append(&mut self, outputs: &[Output]) -> Result<(), Error> {
        let bytes = lines(outputs).map_err(|error| crate::store::corrupt(&self.key(), &error))?;
        loop {
            if let Some(file) = &mut self.file {
                return file.append(bytes).await;
            }
            let key = self.key();
            let Some(path) = self.store.path_of(&key)? else {
                self.store.put(&key, bytes).await?;
                self.next_part += 1;
                return Ok(());
            };
            self.file = AppendedFile::create(path).await?;
            if self.file.is_none() {
                // Somebody else has taken the name since.
                self.next_part += 1;
            }
        }
    }

    /// Where the next part goes.
    fn key(&self) -> Path {
        keys::part(&self.caller, self.chunk, self.next_part, self.attempt)
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
        first.append(&[answered("a", "1")]).await.unwrap();
        first
            .append(&[Output::failed("b".to_owned(), 1, timeout)])
            .await
            .unwrap();
        let (known, mut second) = store.open_outputs(caller, 7, 2).await.unwrap();
        assert!(known.get("a", 0).is_some() && known.get("b", 0).is_some());
        second
            .append(&[answered("b", "2"), answered("a", "again")])
            .await
            .unwrap();
        // A worker thought dead still writes.
        first.append(&[answered("c", "3")]).await.unwrap();
        // A chunk begun anew counts its attempts from one again.
        let (_, mut anew) = store.open_outputs(caller, 7, 1).await.unwrap();
        anew.append(&[answered("a", "anew")]).await.unwrap();

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
            one.append(&[answered(id, "1")]).await.unwrap();
        }
        other.append(&[answered("c", "2")]).await.unwrap();
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
}
