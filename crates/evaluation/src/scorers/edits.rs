//! Edit distance and longest common subsequence, 64 cells at a time.
//!
//! After G. Myers, "A fast bit-vector algorithm for approximate string matching" (1999), and H. Hyyrö, "Bit-parallel LCS-length
//! computation revisited" (2004). Time is the product of both lengths over 64; memory is linear.

use std::collections::HashMap;
use std::hash::Hash;

use super::Unscorable;

/// The largest product of lengths that is computed: a second or less.
const LARGEST_TABLE: u64 = 4_000_000_000;

/// The least number of insertions, deletions and substitutions that make one sequence the other.
pub(super) fn distance<T: Eq + Hash>(one: &[T], other: &[T]) -> Result<usize, Unscorable> {
    let (one, other, _) = without_common_ends(one, other);
    check_size(one, other)?;
    if one.is_empty() {
        return Ok(other.len());
    }
    let pattern = Pattern::new(one);
    let last_bit = (one.len() - 1) % 64;
    let mut columns = vec![(u64::MAX, 0_u64); pattern.blocks];
    let mut distance = one.len();
    for symbol in other {
        let (mut up, mut down) = (1, 0);
        let mut places = pattern.places(symbol).peekable();
        for (block, (more, less)) in columns.iter_mut().enumerate() {
            let matches = places
                .next_if(|(at, _)| *at == block)
                .map_or(0, |(_, bits)| bits);
            let start = matches | down;
            let diagonal = ((start & *more).wrapping_add(*more) ^ *more) | start | matches | *less;
            let grows = *less | !(diagonal | *more);
            let shrinks = diagonal & *more;
            let top = if block + 1 == pattern.blocks {
                last_bit
            } else {
                63
            };
            let grown = (grows << 1) | up;
            let shrunk = (shrinks << 1) | down;
            (up, down) = ((grows >> top) & 1, (shrinks >> top) & 1);
            *more = shrunk | !(diagonal | grown);
            *less = grown & diagonal;
        }
        distance = distance + up as usize - down as usize;
    }
    Ok(distance)
}

/// The length of the longest common subsequence.
pub(super) fn common_length<T: Eq + Hash>(one: &[T], other: &[T]) -> Result<usize, Unscorable> {
    let (one, other, ends) = without_common_ends(one, other);
    check_size(one, other)?;
    if one.is_empty() {
        return Ok(ends);
    }
    let pattern = Pattern::new(one);
    let mut rows = vec![u64::MAX; pattern.blocks];
    for symbol in other {
        let mut carry = false;
        let mut places = pattern.places(symbol).peekable();
        for (block, row) in rows.iter_mut().enumerate() {
            let matches = places
                .next_if(|(at, _)| *at == block)
                .map_or(0, |(_, bits)| bits);
            let hits = *row & matches;
            let (sum, first) = row.overflowing_add(hits);
            let (sum, second) = sum.overflowing_add(u64::from(carry));
            carry = first || second;
            *row = sum | (*row & !matches);
        }
    }
    // Bits above the pattern never match, so they stay set.
    let common: u32 = rows.iter().map(|row| row.count_zeros()).sum();
    Ok(ends + common as usize)
}

/// What is left without a common beginning and end, and how long those are.
fn without_common_ends<'a, T: Eq>(one: &'a [T], other: &'a [T]) -> (&'a [T], &'a [T], usize) {
    let same = |(one, other): &(&T, &T)| one == other;
    let front = one.iter().zip(other).take_while(same).count();
    let (one, other) = (&one[front..], &other[front..]);
    let back = one.iter().rev().zip(other.iter().rev());
    let back = back.take_while(same).count();
    let (one, other) = (&one[..one.len() - back], &other[..other.len() - back]);
    (one, other, front + back)
}

fn check_size<T>(one: &[T], other: &[T]) -> Result<(), Unscorable> {
    let product = (one.len() as u64).saturating_mul(other.len() as u64);
    match product <= LARGEST_TABLE {
        true => Ok(()),
        false => Err(Unscorable(format!(
            "the output and the reference are too long to be compared: where they differ, their lengths are {} and {}",
            one.len(),
            other.len()
        ))),
    }
}

/// Where each symbol of a sequence stands, as bits in blocks of 64; blocks without the symbol are left out.
struct Pattern<'a, T> {
    places: HashMap<&'a T, Vec<(usize, u64)>>,
    blocks: usize,
}

impl<'a, T: Eq + Hash> Pattern<'a, T> {
    fn new(symbols: &'a [T]) -> Self {
        let mut places: HashMap<&T, Vec<(usize, u64)>> = HashMap::new();
        for (index, symbol) in symbols.iter().enumerate() {
            let (block, bit) = (index / 64, 1 << (index % 64));
            let places = places.entry(symbol).or_default();
            match places.last_mut() {
                Some((last, bits)) if *last == block => *bits |= bit,
                _ => places.push((block, bit)),
            }
        }
        let blocks = symbols.len().div_ceil(64);
        Self { places, blocks }
    }

    fn places(&self, symbol: &T) -> impl Iterator<Item = (usize, u64)> {
        let places = self.places.get(symbol).map(Vec::as_slice);
        places.unwrap_or_default().iter().copied()
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// Both numbers by the textbook, a cell at a time.
    fn by_the_book(one: &[u8], other: &[u8]) -> (usize, usize) {
        let width = other.len() + 1;
        let mut distances: Vec<usize> = (0..width).collect();
        let mut common = vec![0; width];
        for (i, a) in one.iter().enumerate() {
            let (old_distances, old_common) = (distances.clone(), common.clone());
            distances[0] = i + 1;
            for (j, b) in other.iter().enumerate() {
                distances[j + 1] = (old_distances[j] + usize::from(a != b))
                    .min(old_distances[j + 1] + 1)
                    .min(distances[j] + 1);
                common[j + 1] = match a == b {
                    true => old_common[j] + 1,
                    false => old_common[j + 1].max(common[j]),
                };
            }
        }
        (distances[width - 1], common[width - 1])
    }

    #[test]
    fn too_long_a_comparison_is_refused_but_long_equal_texts_are_not() {
        let long = vec![1_u8; 70_000];
        assert!(distance(&long, &vec![2; 70_000]).is_err());
        assert_eq!(distance(&long, &long), Ok(0));
        assert_eq!(common_length(&long, &long[1..]), Ok(69_999));
    }

    proptest! {
        #[test]
        fn both_numbers_are_those_of_the_textbook(
            one in prop::collection::vec(0_u8..4, 0..200),
            other in prop::collection::vec(0_u8..4, 0..200),
        ) {
            let (edits, common) = by_the_book(&one, &other);
            prop_assert_eq!(distance(&one, &other), Ok(edits));
            prop_assert_eq!(common_length(&one, &other), Ok(common));
        }
    }
}
