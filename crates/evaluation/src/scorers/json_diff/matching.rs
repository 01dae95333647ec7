//! The weight that two trees have in common under the best alignment.

use std::collections::HashMap;

use super::super::Unscorable;
use super::tree::{Parts, Tree};

/// The most steps that a comparison takes: less than a second.
const MOST_STEPS: u64 = 20_000_000;

/// A comparison under way.
pub(super) struct Matching {
    unordered: bool,
    steps_left: u64,
}

impl Matching {
    pub(super) fn new(unordered: bool) -> Self {
        Self {
            unordered,
            steps_left: MOST_STEPS,
        }
    }

    /// The weight of the leaves that are the same on both sides.
    pub(super) fn weight(&mut self, answer: &Tree, reference: &Tree) -> Result<f64, Unscorable> {
        if answer.id == reference.id {
            return Ok(answer.weight);
        }
        match (&answer.parts, &reference.parts) {
            (Parts::Object(own), Parts::Object(theirs)) => {
                self.spend(own.len() as u64)?;
                let mut common = 0.0;
                for (key, own) in own {
                    if let Some(theirs) = theirs.get(key) {
                        common += self.weight(own, theirs)?;
                    }
                }
                Ok(common)
            }
            (Parts::List(own), Parts::List(theirs)) => match self.unordered {
                true => self.assigned(own, theirs),
                false => self.aligned(own, theirs),
            },
            _ => Ok(0.0),
        }
    }

    fn spend(&mut self, steps: u64) -> Result<(), Unscorable> {
        match self.steps_left.checked_sub(steps) {
            Some(left) => {
                self.steps_left = left;
                Ok(())
            }
            None => Err(Unscorable(
                "the output and the reference are too large to be compared: their lists are too long"
                    .to_owned(),
            )),
        }
    }

    /// The best common subsequence.
    fn aligned(&mut self, own: &[Tree], theirs: &[Tree]) -> Result<f64, Unscorable> {
        let same = |(own, theirs): &(&Tree, &Tree)| own.id == theirs.id;
        let front = own.iter().zip(theirs).take_while(same).count();
        let mut common: f64 = own[..front].iter().map(|tree| tree.weight).sum();
        let (own, theirs) = (&own[front..], &theirs[front..]);
        let back = own.iter().rev().zip(theirs.iter().rev());
        let back = back.take_while(same).count();
        let (own, end) = own.split_at(own.len() - back);
        common += end.iter().map(|tree| tree.weight).sum::<f64>();
        let theirs = &theirs[..theirs.len() - back];

        let mut best = vec![0.0_f64; theirs.len() + 1];
        for own in own {
            self.spend(theirs.len() as u64)?;
            let mut diagonal = 0.0;
            for (column, theirs) in theirs.iter().enumerate() {
                let above = best[column + 1];
                let paired = diagonal + self.weight(own, theirs)?;
                best[column + 1] = paired.max(above).max(best[column]);
                diagonal = above;
            }
        }
        Ok(common + best[theirs.len()])
    }

    /// The best pairing without order. Equal elements are paired first, which is never worse.
    fn assigned(&mut self, own: &[Tree], theirs: &[Tree]) -> Result<f64, Unscorable> {
        let mut unpaired: HashMap<usize, Vec<&Tree>> = HashMap::new();
        for tree in theirs {
            unpaired.entry(tree.id).or_default().push(tree);
        }
        let mut common = 0.0;
        let mut own_left = Vec::new();
        for tree in own {
            match unpaired.get_mut(&tree.id).and_then(Vec::pop) {
                Some(_) => common += tree.weight,
                None => own_left.push(tree),
            }
        }
        let mut theirs_left: Vec<&Tree> = unpaired.into_values().flatten().collect();
        // The table of hashes has no order of its own; sums of floats need one.
        theirs_left.sort_unstable_by_key(|tree| tree.id);
        // What has no parts is equal or has nothing in common.
        for left in [&mut own_left, &mut theirs_left] {
            left.retain(|tree| !matches!(tree.parts, Parts::None));
        }
        let (rows, columns) = match own_left.len() <= theirs_left.len() {
            true => (own_left, theirs_left),
            false => (theirs_left, own_left),
        };
        let cells = (rows.len() as u64).saturating_mul(columns.len() as u64);
        self.spend(cells.saturating_mul(1 + rows.len() as u64 / 16))?;
        let mut gains = Vec::with_capacity(rows.len());
        for row in &rows {
            let gains_of_row = columns.iter().map(|column| self.weight(row, column));
            gains.push(gains_of_row.collect::<Result<Vec<f64>, _>>()?);
        }
        Ok(common + best_assignment(&gains))
    }
}

/// The largest sum of gains when each row gets a column of its own (Kuhn 1955, Munkres 1957, by shortest paths).
/// There are at least as many columns as rows.
fn best_assignment(gains: &[Vec<f64>]) -> f64 {
    let Some(columns) = gains.first().map(Vec::len) else {
        return 0.0;
    };
    // Rows and columns count from 1; column 0 holds the row that is being placed.
    let mut row_prices = vec![0.0; gains.len() + 1];
    let mut column_prices = vec![0.0; columns + 1];
    let mut row_of = vec![0; columns + 1];
    for row in 1..=gains.len() {
        row_of[0] = row;
        let mut least = vec![f64::INFINITY; columns + 1];
        let mut came_from = vec![0; columns + 1];
        let mut is_done = vec![false; columns + 1];
        let mut at = 0;
        while row_of[at] != 0 {
            is_done[at] = true;
            let here = row_of[at];
            let (mut step, mut next) = (f64::INFINITY, 0);
            for column in (1..=columns).filter(|column| !is_done[*column]) {
                let cost = -gains[here - 1][column - 1] - row_prices[here] - column_prices[column];
                if cost < least[column] {
                    (least[column], came_from[column]) = (cost, at);
                }
                if least[column] < step {
                    (step, next) = (least[column], column);
                }
            }
            for column in 0..=columns {
                if is_done[column] {
                    row_prices[row_of[column]] += step;
                    column_prices[column] -= step;
                } else {
                    least[column] -= step;
                }
            }
            at = next;
        }
        while at != 0 {
            row_of[at] = row_of[came_from[at]];
            at = came_from[at];
        }
    }
    let placed = row_of.iter().enumerate().skip(1);
    placed
        .filter(|(_, row)| **row != 0)
        .map(|(column, row)| gains[row - 1][column - 1])
        .sum()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// The largest sum by trying everything.
    fn by_trying(gains: &[Vec<f64>], taken: &mut Vec<usize>) -> f64 {
        let Some((first, rest)) = gains.split_first() else {
            return 0.0;
        };
        let mut best = f64::NEG_INFINITY;
        for (column, gain) in first.iter().enumerate() {
            if !taken.contains(&column) {
                taken.push(column);
                best = best.max(gain + by_trying(rest, taken));
                taken.pop();
            }
        }
        best
    }

    proptest! {
        #[test]
        fn the_best_assignment_is_found(
            gains in (1_usize..5, 0_usize..3).prop_flat_map(|(rows, more)| {
                let row = prop::collection::vec((0_u8..9).prop_map(f64::from), rows + more);
                prop::collection::vec(row, rows)
            })
        ) {
            prop_assert_eq!(best_assignment(&gains), by_trying(&gains, &mut Vec::new()));
        }
    }
}
