//! How a run walks its chunks: in lanes, each with one stretch of chunks after another.

use serde::{Deserialize, Serialize};

use crate::dataset::DatasetRef;

/// Calls of a lane, one after another, that a stretch is long enough for: beginning one costs some hundredth of a second,
/// which is then a small part of it, and its scores are still seen soon.
const CALLS_IN_A_ROW: u64 = 40;

/// Stretches that a large dataset is divided into at most, about, however few calls are made at once: two activities each
/// keep a history short.
const STRETCHES: u64 = 256;

/// The longest stretch, in chunks: beyond it a larger dataset has more stretches.
const LONGEST_STRETCH: u64 = 40;

/// Chunks in a row that one activity sees to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Stretch {
    pub first: u64,
    pub chunks: u64,
}

impl Stretch {
    /// The chunk after the last.
    pub fn end(&self) -> u64 {
        self.first + self.chunks
    }
}

/// How many stretches are in flight. Enough that their items can use the whole concurrency twice over, so that a
/// straggler in one leaves its calls to the others; and several, so that several workers share a run.
pub fn lanes(dataset: &DatasetRef, concurrency: u32) -> u32 {
    let concurrency = u64::from(concurrency.max(1));
    let wanted = (2 * concurrency)
        .div_ceil(dataset.chunk_outputs())
        .clamp(3, 16);
    let lanes = wanted.min(dataset.chunks()).min(concurrency).max(1);
    u32::try_from(lanes).unwrap_or(1)
}

/// The next stretch to begin; none when every chunk is taken.
///
/// Guided self-scheduling (Polychronopoulos and Kuck, IEEE Transactions on Computers C-36(12), 1987): stretches get
/// shorter towards the end, so that workers end at about the same time.
pub fn next_stretch(
    dataset: &DatasetRef,
    next_chunk: u64,
    lanes: u32,
    concurrency: u32,
) -> Option<Stretch> {
    let left = dataset
        .chunks()
        .checked_sub(next_chunk)
        .filter(|left| *left > 0)?;
    let lanes = u64::from(lanes.max(1));
    let worth_it = CALLS_IN_A_ROW * u64::from(concurrency) / lanes / dataset.chunk_outputs();
    let longest = dataset
        .chunks()
        .div_ceil(STRETCHES)
        .max(worth_it)
        .min(LONGEST_STRETCH);
    let fair = left / (2 * lanes);
    Some(Stretch {
        first: next_chunk,
        chunks: fair.min(longest).max(1),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn walk(count: u64, concurrency: u32) -> Vec<Stretch> {
        let dataset = DatasetRef::new("d".to_owned(), count);
        let lanes = lanes(&dataset, concurrency);
        let mut stretches: Vec<Stretch> = Vec::new();
        let mut next = 0;
        while let Some(stretch) = next_stretch(&dataset, next, lanes, concurrency) {
            next = stretch.end();
            stretches.push(stretch);
        }
        assert_eq!(next, dataset.chunks());
        stretches
    }

    #[test]
    fn stretches_cover_every_chunk_and_end_short() {
        for count in [1, 25, 1_000, 5_000, 100_000, 1_000_000, 10_000_000] {
            let stretches = walk(count, 4);
            assert_eq!(stretches.last().unwrap().chunks, 1, "{count}");
            let most = (count / 4_000).max(300);
            assert!(
                (stretches.len() as u64) < most + 300,
                "{count}: {}",
                stretches.len()
            );
        }
    }

    #[test]
    fn a_million_items_are_some_three_hundred_stretches() {
        assert!((200..350).contains(&walk(1_000_000, 4).len()));
    }

    #[test]
    fn no_lane_is_without_a_call() {
        let dataset = DatasetRef::new("d".to_owned(), 1_000);
        assert_eq!(lanes(&dataset, 1), 1);
        assert_eq!(lanes(&dataset, 50), 3);
        assert_eq!(lanes(&dataset, 10_000), 8);
    }
}
