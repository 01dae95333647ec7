//! A random sample of the items of a source, drawn while it is read once.

use std::collections::BinaryHeap;
use std::io::{BufRead, BufReader};
use std::sync::Arc;

use datasets::rank;
use domain::config::SampleConfig;
use domain::item::DatasetItem;

use crate::failure::Failure;
use crate::load::{Stop, Take};
use crate::sorted::Entry;
use crate::spool::{Spool, SpoolReader};

/// The items with the smallest hashes of all that were offered so far (a bottom-k sketch). As many entries of 32 bytes
/// are in memory as the sample has items; the items wait in a spool, with those that have been replaced by others.
pub(crate) struct Sample {
    config: SampleConfig,
    chosen: BinaryHeap<Entry>,
    items: Spool,
}

impl Sample {
    pub(crate) fn new(config: SampleConfig) -> Self {
        Self {
            config,
            chosen: BinaryHeap::new(),
            items: Spool::default(),
        }
    }

    /// Takes an item in, if its hash is among the smallest.
    pub(crate) fn offer(&mut self, line: u64, item: &DatasetItem) -> Result<(), Failure> {
        let entry = Entry {
            hash: rank(self.config, &item.id),
            line,
            offset: self.items.len(),
        };
        if self.chosen.len() >= self.config.size as usize {
            match self.chosen.peek() {
                Some(last) if entry < *last => self.chosen.pop(),
                _ => return Ok(()),
            };
        }
        self.chosen.push(entry);
        let mut text =
            serde_json::to_vec(item).map_err(|error| Failure::Dataset(error.to_string()))?;
        text.push(b'\n');
        self.items.append(&text).map_err(Failure::Disk)
    }

    /// Hands the items on in the order in which they were offered.
    pub(crate) fn drawn(self, take: &mut Take<'_>) -> Result<(), Stop> {
        let items = Arc::new(self.items);
        let mut chosen = self.chosen.into_vec();
        chosen.sort_unstable_by_key(|entry| entry.offset);
        let mut text = Vec::new();
        for entry in chosen {
            text.clear();
            BufReader::new(SpoolReader::new(Arc::clone(&items), entry.offset))
                .read_until(b'\n', &mut text)
                .map_err(Failure::Disk)?;
            let item = serde_json::from_slice(&text)
                .map_err(|error| Failure::Dataset(error.to_string()))?;
            take(entry.line, Ok(item))?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::load::Row;

    const PYTHON: [&str; 5] = ["4", "7", "71", "77", "89"];

    fn sample(size: u32, seed: u32, ids: impl IntoIterator<Item = u64>) -> Vec<String> {
        let mut sample = Sample::new(SampleConfig { size, seed });
        for (line, id) in (1..).zip(ids) {
            let item = json!({"id": id.to_string(), "input": {"padding": "x".repeat(500)}});
            let item = serde_json::from_value(item).unwrap();
            sample.offer(line, &item).unwrap();
        }
        let mut drawn = Vec::new();
        let mut take = |_: u64, row: Row| {
            drawn.push(row.unwrap().id);
            Ok(())
        };
        assert!(sample.drawn(&mut take).is_ok());
        drawn
    }

    #[test]
    fn the_items_with_the_smallest_hashes_are_drawn_in_the_order_of_the_source() {
        // Computed by `hashlib.sha256(f"{seed}:{id}".encode())` of Python.
        assert_eq!(sample(5, 7, 1..=100), PYTHON);
        let backwards = sample(5, 7, (1..=100).rev());
        assert!(backwards.iter().rev().eq(&PYTHON));
        assert_ne!(sample(5, 8, 1..=100), PYTHON);
    }

    #[test]
    fn a_sample_has_as_many_items_as_there_are_and_none_twice() {
        assert_eq!(sample(10, 0, 1..=4), ["1", "2", "3", "4"]);
        let mut drawn = sample(3000, 1, 1..=10_000);
        drawn.sort();
        drawn.dedup();
        assert_eq!(drawn.len(), 3000);
    }

    #[test]
    fn every_item_is_as_likely_as_any_other() {
        let mut times = [0_u32; 50];
        for seed in 0..500 {
            for id in sample(10, seed, 0..50) {
                times[id.parse::<usize>().unwrap()] += 1;
            }
        }
        // 100 each; chi-squared with 49 degrees of freedom is beyond 94 once in ten thousand, and the seeds are fixed.
        let chi_squared: f64 = times
            .iter()
            .map(|times| (f64::from(*times) - 100.0).powi(2) / 100.0)
            .sum();
        assert!(chi_squared < 94.0, "{chi_squared}");
    }
}
