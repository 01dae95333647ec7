//! The outputs of a chunk while it is being generated: parts, each written once, that a later attempt finds and keeps.

use std::collections::HashMap;

use domain::output::Output;
use object_store::path::Path;

use crate::keys;
use crate::run::Run;
use crate::store::{Error, Store};

/// Writes the parts of one attempt at one chunk.
pub struct OutputLog {
    store: Store,
    run: Run,
    chunk: u64,
    attempt: u32,
    next_part: u32,
}

impl OutputLog {
    /// Writes the next part. Its name goes on from the parts that were there and says the attempt, so that neither a
    /// chunk begun anew nor an attempt thought dead overwrites anything.
    pub async fn append(&mut self, outputs: &[Output]) -> Result<(), Error> {
        let key = keys::output_part(&self.run, self.chunk, self.next_part, self.attempt);
        self.store.put_lines(&key, outputs).await?;
        self.next_part += 1;
        Ok(())
    }
}

impl Store {
    /// Opens a chunk for an attempt at it: what is recorded so far, and the log to go on with.
    pub async fn open_outputs(
        &self,
        run: &Run,
        chunk: u64,
        attempt: u32,
    ) -> Result<(HashMap<String, Output>, OutputLog), Error> {
        let keys = self.list(&keys::outputs(run, chunk)).await?;
        let log = OutputLog {
            store: self.clone(),
            run: run.clone(),
            chunk,
            attempt,
            next_part: keys
                .iter()
                .filter_map(keys::part_of)
                .max()
                .map_or(0, |last| last + 1),
        };
        Ok((self.read_outputs(&keys).await?, log))
    }

    /// What is recorded of a chunk, by item. Of several outputs for an item the first answer stands, else the last error.
    pub async fn outputs(&self, run: &Run, chunk: u64) -> Result<HashMap<String, Output>, Error> {
        let keys = self.list(&keys::outputs(run, chunk)).await?;
        self.read_outputs(&keys).await
    }

    async fn read_outputs(&self, keys: &[Path]) -> Result<HashMap<String, Output>, Error> {
        let mut outputs: HashMap<String, Output> = HashMap::new();
        for key in keys {
            let part: Vec<Output> = self.get_lines(key).await?.unwrap_or_default();
            for output in part {
                let answered = outputs
                    .get(&output.item_id)
                    .is_some_and(|known| known.answer.is_some());
                if !answered {
                    outputs.insert(output.item_id.clone(), output);
                }
            }
        }
        Ok(outputs)
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
        };
        let timeout = CallError::new(CallErrorKind::Timeout, "too slow");
        let (_, mut first) = store.open_outputs(&run, 7, 1).await.unwrap();
        first.append(&[answered("a", "1")]).await.unwrap();
        first
            .append(&[Output::failed("b".to_owned(), 1, timeout)])
            .await
            .unwrap();
        let (known, mut second) = store.open_outputs(&run, 7, 2).await.unwrap();
        assert_eq!(known.len(), 2);
        second
            .append(&[answered("b", "2"), answered("a", "again")])
            .await
            .unwrap();
        // A worker thought dead still writes.
        first.append(&[answered("c", "3")]).await.unwrap();
        // A chunk begun anew counts its attempts from one again.
        let (_, mut anew) = store.open_outputs(&run, 7, 1).await.unwrap();
        anew.append(&[answered("a", "anew")]).await.unwrap();

        let outputs = store.outputs(&run, 7).await.unwrap();
        let value = |id: &str| outputs[id].answer.as_ref().unwrap().value.clone();
        assert_eq!(
            (value("a"), value("b"), value("c")),
            (json!("1"), json!("2"), json!("3"))
        );
        assert!(store.outputs(&run, 8).await.unwrap().is_empty());
    }
}
