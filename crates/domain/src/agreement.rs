//! How far several judges agree: Krippendorff's alpha, small and mergeable.

use serde::{Deserialize, Serialize};

/// What Krippendorff's alpha for interval data follows from (Krippendorff, Content Analysis, 2004, chapter 11): sums over
/// the values of all items that at least two judges have valued.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Agreement {
    /// Values.
    values: u64,
    sum: f64,
    squares: f64,
    /// The sum over items of the squared differences of all ordered pairs of their values, over the number of values less one.
    disagreement: f64,
}

impl Agreement {
    /// Adds the values that judges gave one item; a single one agrees with nothing.
    pub fn push(&mut self, ratings: &[f64]) {
        let count = ratings.len();
        if count < 2 {
            return;
        }
        let pairs = ratings
            .iter()
            .flat_map(|a| ratings.iter().map(move |b| (a - b).powi(2)));
        self.merge(Self {
            values: u64::try_from(count).unwrap_or(u64::MAX),
            sum: ratings.iter().sum(),
            squares: ratings.iter().map(|value| value * value).sum(),
            disagreement: pairs.sum::<f64>() / (count - 1) as f64,
        });
    }

    pub fn merge(&mut self, other: Self) {
        self.values += other.values;
        self.sum += other.sum;
        self.squares += other.squares;
        self.disagreement += other.disagreement;
    }

    /// Krippendorff's alpha; none when all values are equal, so that nothing could have differed.
    pub fn alpha(self) -> Option<f64> {
        let count = self.values as f64;
        let observed = self.disagreement / count;
        // All ordered pairs of all values.
        let expected = 2.0 * (count * self.squares - self.sum * self.sum) / (count * (count - 1.0));
        (self.values > 1 && expected > 1e-12).then(|| 1.0 - observed / expected)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn agreement(items: &[&[f64]]) -> Agreement {
        let mut agreement = Agreement::default();
        items.iter().for_each(|ratings| agreement.push(ratings));
        agreement
    }

    #[test]
    fn full_agreement_is_one_and_equal_values_tell_nothing() {
        let alpha = agreement(&[&[0.0, 0.0], &[1.0, 1.0]]).alpha().unwrap();
        assert!((alpha - 1.0).abs() < 1e-12, "{alpha}");
        assert_eq!(agreement(&[&[0.5, 0.5], &[0.5, 0.5]]).alpha(), None);
        assert_eq!(agreement(&[&[0.5], &[]]).alpha(), None);
    }

    #[test]
    fn parts_merge_to_the_whole() {
        let items: [&[f64]; 3] = [&[0.1, 0.3, 0.2], &[0.9, 0.5], &[0.0, 1.0, 0.4]];
        let mut merged = agreement(&items[..1]);
        merged.merge(agreement(&items[1..]));
        let (merged, whole) = (merged.alpha().unwrap(), agreement(&items).alpha().unwrap());
        assert!((merged - whole).abs() < 1e-12);
    }
}
