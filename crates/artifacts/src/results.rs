//! Results: one object a chunk, in which each line is an item with its output and scores.

use domain::result::ItemResult;

use crate::keys;
use crate::run::Run;
use crate::store::{Error, Store};

impl Store {
    pub async fn put_results(
        &self,
        run: &Run,
        chunk: u64,
        results: &[ItemResult],
    ) -> Result<(), Error> {
        self.put_lines(&keys::result_chunk(run, chunk), results)
            .await
    }

    /// The results of a chunk, in the order of the dataset; none when it is not scored.
    pub async fn results(&self, run: &Run, chunk: u64) -> Result<Option<Vec<ItemResult>>, Error> {
        self.get_lines(&keys::result_chunk(run, chunk)).await
    }

    /// The chunks of a run that are scored, in their order.
    pub async fn scored_chunks(&self, run: &Run) -> Result<Vec<u64>, Error> {
        let keys = self.list(&keys::results(run)).await?;
        Ok(keys.iter().filter_map(keys::chunk_of).collect())
    }
}
