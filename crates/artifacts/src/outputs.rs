//! The calls made for a chunk, for its outputs or by a scorer: parts, each written once, that a later attempt finds and
//! keeps.

pub use domain::journal::Journal;
use domain::output::Output;
use futures::{StreamExt, TryStreamExt, stream};
use object_store::path::Path;

use crate::keys;
use crate::run::{Caller, Run};
use crate::store::{Error, Store, lines};

/// Parts that are read at once.
const PARTS_AT_ONCE: usize = 8;

/// Writes the parts of one attempt at one chunk.
pub struct OutputLog {
    store: Store,
    caller: Caller,
    chunk: u64,
    attempt: u32,
    next_part: u32,
}

impl OutputLog {
    pub fn chunk(&self) -> u64 {
        self.chunk
    }

    /// Writes the next part. Its name goes on from the parts that were there and says the attempt, so that neither a
    /// chunk begun anew nor an attempt thought dead overwrites anything.
    pub async fn append(&mut self, outputs: &[Output]) -> Result<(), Error> {
        let key = keys::part(&self.caller, self.chunk, self.next_part, self.attempt);
        let bytes = lines(outputs).map_err(|error| crate::store::corrupt(&key, &error))?;
        self.store.put(&key, bytes).await?;
        self.next_part += 1;
        Ok(())
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

    async fn visit_outputs(&self, keys: Vec<Path>, visit: impl FnMut(Output)) -> Result<(), Error> {
        let mut visit = visit;
        let mut parts = stream::iter(keys)
            .map(async |key| self.get_lines::<Output>(&key).await)
            .buffered(PARTS_AT_ONCE);
        while let Some(part) = parts.try_next().await? {
            let outputs = part.unwrap_or_default();
            outputs.into_iter().for_each(&mut visit);
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use domain::output::{Answer, CallError, CallErrorKind};
    use serde_json::json;

    use super::*;

    fn answered(id: &str, value: &str) -> Output {
        let answer = Answer::of(json!(value));
        Output::answered(id.to_owned(), 1, answer)
    }

    #[tokio::test]
    async fn later_attempts_find_what_earlier_ones_wrote_and_the_first_answer_stands() {
        let folder = tempfile::tempdir().unwrap();
        let store = Store::open(folder.path().to_str().unwrap(), []).unwrap();
        let run = Run {
            experiment: "e".parse().unwrap(),
            index: 0,
            round: 0,
        };
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
}
