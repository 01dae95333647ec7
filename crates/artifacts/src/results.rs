//! Results: one object a chunk, in which each line is an item with its output and scores.

use std::ops::Range;

use domain::result::ItemResult;
use futures::{StreamExt, TryStreamExt, stream};
use object_store::ObjectStore;

use crate::keys;
use crate::run::Run;
use crate::store::{Error, Store};

/// Chunks that are looked for in a folder before the search goes on with another page.
const LOOKED_FOR: u64 = 500;
const LOOKED_FOR_AT_ONCE: usize = 16;

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

    /// Scored chunks of a run, from `chunk` on: at most `most` of them, out of `chunks` that there are in all. Costs the
    /// same at any place of a run of any size.
    pub async fn scored_from(
        &self,
        run: &Run,
        chunk: u64,
        chunks: u64,
        most: usize,
    ) -> Result<Scored, Error> {
        match self.is_local() {
            true => self.scored_of_folder(run, chunk..chunks, most).await,
            false => self.scored_of_bucket(run, chunk, most).await,
        }
    }

    /// A bucket lists from any key on.
    async fn scored_of_bucket(&self, run: &Run, chunk: u64, most: usize) -> Result<Scored, Error> {
        let folder = keys::results(run);
        let objects = self.objects();
        let mut listed = match chunk.checked_sub(1) {
            None => objects.list(Some(&folder)),
            Some(before) => {
                objects.list_with_offset(Some(&folder), &keys::result_chunk(run, before))
            }
        };
        let mut found = Vec::new();
        while let Some(object) = listed.try_next().await.map_err(Error::Unavailable)? {
            let Some(chunk) = keys::chunk_of(&object.location) else {
                continue;
            };
            if found.len() == most {
                let go_on_at = Some(chunk);
                return Ok(Scored {
                    chunks: found,
                    go_on_at,
                });
            }
            found.push(chunk);
        }
        Ok(Scored {
            chunks: found,
            go_on_at: None,
        })
    }

    /// A folder lists everything it holds, so each chunk is looked for by its name.
    async fn scored_of_folder(
        &self,
        run: &Run,
        range: Range<u64>,
        most: usize,
    ) -> Result<Scored, Error> {
        let mut found = Vec::new();
        let looked_for = range.start.saturating_add(LOOKED_FOR).min(range.end);
        let mut chunks = stream::iter(range.start..looked_for)
            .map(async |chunk| {
                let exists = self.exists(&keys::result_chunk(run, chunk)).await?;
                Ok::<_, Error>((chunk, exists))
            })
            .buffered(LOOKED_FOR_AT_ONCE);
        while let Some((chunk, exists)) = chunks.try_next().await? {
            if found.len() == most {
                let go_on_at = Some(chunk);
                return Ok(Scored {
                    chunks: found,
                    go_on_at,
                });
            }
            if exists {
                found.push(chunk);
            }
        }
        Ok(Scored {
            chunks: found,
            go_on_at: (looked_for < range.end).then_some(looked_for),
        })
    }
}

/// Some of the scored chunks of a run.
#[derive(Debug, PartialEq, Eq)]
pub struct Scored {
    /// In their order.
    pub chunks: Vec<u64>,
    /// The chunk from which on there may be more.
    pub go_on_at: Option<u64>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn scored_chunks_are_found_from_any_place_on_whatever_is_missing() {
        let folder = tempfile::tempdir().unwrap();
        let store = Store::open(folder.path().to_str().unwrap(), []).unwrap();
        let run = Run {
            experiment: "e".parse().unwrap(),
            index: 0,
            round: 0,
        };
        for chunk in [0, 1, 3, 700] {
            store.put_results(&run, chunk, &[]).await.unwrap();
        }
        let scored = |chunks: &[u64], go_on_at| Scored {
            chunks: chunks.to_vec(),
            go_on_at,
        };
        let from = async |chunk, most| store.scored_from(&run, chunk, 1000, most).await.unwrap();
        assert_eq!(from(0, 2).await, scored(&[0, 1], Some(2)));
        assert_eq!(from(2, 2).await, scored(&[3], Some(2 + LOOKED_FOR)));
        assert_eq!(from(600, 9).await, scored(&[700], None));
        assert_eq!(from(701, 9).await, scored(&[], None));
        for chunk in 0..2 {
            let bucket = store.scored_of_bucket(&run, chunk, 2).await.unwrap();
            let go_on_at = if chunk == 0 { 3 } else { 700 };
            assert_eq!(bucket.chunks.len(), 2);
            assert_eq!(bucket.go_on_at, Some(go_on_at));
        }
        let bucket = store.scored_of_bucket(&run, 4, 2).await.unwrap();
        assert_eq!(bucket, scored(&[700], None));
    }
}
