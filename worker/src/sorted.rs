//! Sorting where ids stand in a file: by the hash of the id, in bounded memory, however many there are.

use std::cmp::{Ordering, Reverse};
use std::collections::BinaryHeap;
use std::hash::{BuildHasher, RandomState};
use std::io::{self, BufReader, Read, Take};
use std::sync::Arc;

use crate::spool::{Spool, SpoolReader};

/// Entries sorted at a time: 32 MiB of them.
const ENTRIES_IN_MEMORY: usize = (32 << 20) / Entry::BYTES;

/// Bytes that the buffers of a merge may take together.
const MERGE_BYTES: usize = 32 << 20;

/// The hash of an id, and where in its file the id stands. Entries of one id are neighbours, in the order of the file.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Entry {
    pub(crate) hash: u128,
    pub(crate) line: u64,
    pub(crate) offset: u64,
}

impl Entry {
    const BYTES: usize = 32;

    fn to_bytes(self) -> [u8; Self::BYTES] {
        let mut bytes = [0; Self::BYTES];
        bytes[..16].copy_from_slice(&self.hash.to_be_bytes());
        bytes[16..24].copy_from_slice(&self.line.to_be_bytes());
        bytes[24..].copy_from_slice(&self.offset.to_be_bytes());
        bytes
    }

    fn from_bytes(bytes: &[u8; Self::BYTES]) -> Self {
        let number = |part: &[u8]| {
            part.iter()
                .fold(0, |number: u128, byte| number << 8 | u128::from(*byte))
        };
        Self {
            hash: number(&bytes[..16]),
            line: number(&bytes[16..24]) as u64,
            offset: number(&bytes[24..]) as u64,
        }
    }
}

/// Makes 128-bit hashes under a key of its own, so that nobody can choose ids that have the same.
#[derive(Default)]
pub(crate) struct IdHasher([RandomState; 2]);

impl IdHasher {
    /// The hash of an id, or of an id with what else tells it apart.
    pub(crate) fn hash(&self, id: impl std::hash::Hash) -> u128 {
        let [high, low] = [0, 1].map(|i| u128::from(self.0[i].hash_one(&id)));
        high << 64 | low
    }
}

/// Takes entries in and gives them back sorted. What does not fit into memory waits on disk, in sorted runs.
pub(crate) struct Sorter {
    entries: Vec<Entry>,
    capacity: usize,
    spool: Spool,
    /// Where each run on disk ends.
    ends: Vec<u64>,
}

impl Default for Sorter {
    fn default() -> Self {
        Self::with_capacity(ENTRIES_IN_MEMORY)
    }
}

impl Sorter {
    /// Keeps so many entries in memory.
    fn with_capacity(capacity: usize) -> Self {
        Self {
            entries: Vec::new(),
            capacity,
            spool: Spool::default(),
            ends: Vec::new(),
        }
    }

    pub(crate) fn push(&mut self, entry: Entry) -> io::Result<()> {
        if self.entries.len() == self.capacity {
            self.spill()?;
        }
        self.entries.push(entry);
        Ok(())
    }

    fn spill(&mut self) -> io::Result<()> {
        self.entries.sort_unstable();
        for entry in self.entries.drain(..) {
            self.spool.append(&entry.to_bytes())?;
        }
        self.ends.push(self.spool.len());
        Ok(())
    }

    /// All entries, sorted.
    pub(crate) fn finish(mut self) -> io::Result<Sorted> {
        if self.ends.is_empty() {
            self.entries.sort_unstable();
            return Ok(Sorted::InMemory(self.entries.into_iter()));
        }
        self.spill()?;
        self.entries = Vec::new();
        Merge::new(Arc::new(self.spool), &self.ends).map(Sorted::Merged)
    }
}

/// Sorted entries, each given once.
pub(crate) enum Sorted {
    InMemory(std::vec::IntoIter<Entry>),
    Merged(Merge),
}

impl Iterator for Sorted {
    type Item = io::Result<Entry>;

    fn next(&mut self) -> Option<Self::Item> {
        match self {
            Self::InMemory(entries) => entries.next().map(Ok),
            Self::Merged(merge) => merge.next(),
        }
    }
}

/// Merges sorted runs, of each of which it reads a little ahead.
pub(crate) struct Merge {
    runs: Vec<BufReader<Take<SpoolReader>>>,
    /// The next entry of each run, the least on top.
    heads: BinaryHeap<Reverse<(Entry, usize)>>,
}

impl Merge {
    fn new(spool: Arc<Spool>, ends: &[u64]) -> io::Result<Self> {
        let ahead = (MERGE_BYTES / ends.len().max(1)).clamp(1 << 12, 1 << 18);
        let starts = [0].iter().chain(ends);
        let runs = starts
            .zip(ends)
            .map(|(start, end)| {
                let run = SpoolReader::new(Arc::clone(&spool), *start).take(end - start);
                BufReader::with_capacity(ahead, run)
            })
            .collect();
        let mut merge = Self {
            runs,
            heads: BinaryHeap::new(),
        };
        for run in 0..merge.runs.len() {
            merge.read_ahead(run)?;
        }
        Ok(merge)
    }

    fn read_ahead(&mut self, run: usize) -> io::Result<()> {
        let mut bytes = [0; Entry::BYTES];
        match self.runs[run].read_exact(&mut bytes) {
            Ok(()) => self.heads.push(Reverse((Entry::from_bytes(&bytes), run))),
            Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => {}
            Err(error) => return Err(error),
        }
        Ok(())
    }

    fn next(&mut self) -> Option<io::Result<Entry>> {
        let Reverse((entry, run)) = self.heads.pop()?;
        Some(self.read_ahead(run).map(|()| entry))
    }
}

/// Entries that are looked up by their hash, pushed in its order, one of each. Few stay in memory, many are on disk.
#[derive(Default)]
pub(crate) struct Table {
    entries: Spool,
}

impl Table {
    pub(crate) fn push(&mut self, entry: Entry) -> io::Result<()> {
        self.entries.append(&entry.to_bytes())
    }

    /// The entry with a hash.
    pub(crate) fn find(&self, hash: u128) -> io::Result<Option<Entry>> {
        let (mut low, mut high) = (0, self.entries.len() / Entry::BYTES as u64);
        let mut bytes = [0; Entry::BYTES];
        while low < high {
            let middle = low + (high - low) / 2;
            self.entries
                .read_exact_at(&mut bytes, middle * Entry::BYTES as u64)?;
            let entry = Entry::from_bytes(&bytes);
            match entry.hash.cmp(&hash) {
                Ordering::Less => low = middle + 1,
                Ordering::Equal => return Ok(Some(entry)),
                Ordering::Greater => high = middle,
            }
        }
        Ok(None)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Entries in no order, with ids that come twice.
    fn entries(count: u64) -> Vec<Entry> {
        let hasher = IdHasher::default();
        (0..count)
            .map(|line| Entry {
                hash: hasher.hash(line % (count - count / 10)),
                line,
                offset: line * 1000,
            })
            .collect()
    }

    #[test]
    fn entries_come_back_sorted_from_memory_and_from_many_runs_on_disk() {
        for capacity in [ENTRIES_IN_MEMORY, 50_000, 1777] {
            let entries = entries(100_000);
            let mut sorter = Sorter::with_capacity(capacity);
            for entry in &entries {
                sorter.push(*entry).unwrap();
            }
            let sorted = sorter.finish().unwrap();
            assert_eq!(matches!(sorted, Sorted::Merged(_)), capacity < 100_000);
            let sorted: Vec<Entry> = sorted.map(Result::unwrap).collect();
            let mut expected = entries;
            expected.sort();
            assert!(sorted == expected);
        }
    }

    #[test]
    fn an_entry_is_found_by_its_hash_in_small_and_large_tables() {
        for count in [0, 1, 1000, 100_000] {
            let mut entries = entries(count);
            entries.sort();
            entries.dedup_by_key(|entry| entry.hash);
            let mut table = Table::default();
            for entry in &entries {
                table.push(*entry).unwrap();
            }
            for entry in entries.iter().step_by(77) {
                assert_eq!(table.find(entry.hash).unwrap(), Some(*entry));
                assert_eq!(table.find(entry.hash ^ 1).unwrap(), None);
            }
            assert_eq!(table.find(u128::MAX).unwrap(), None);
        }
    }
}
