//! Holm's correction: p-values of several tests such that one of twenty families, not of twenty tests, is a false alarm.

/// The adjusted p-values, in the order of the tests (Holm, Scandinavian Journal of Statistics 6(2), 1979).
pub fn holm(p_values: &[f64]) -> Vec<f64> {
    let mut order: Vec<usize> = (0..p_values.len()).collect();
    order.sort_by(|a, b| p_values[*a].total_cmp(&p_values[*b]));
    let mut adjusted = vec![0.0; p_values.len()];
    let mut largest = 0.0_f64;
    for (rank, test) in order.into_iter().enumerate() {
        let left = (p_values.len() - rank) as f64;
        largest = largest.max((p_values[test] * left).min(1.0));
        adjusted[test] = largest;
    }
    adjusted
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_test_needs_no_correction_and_none_has_none() {
        assert_eq!(holm(&[0.03]), [0.03]);
        assert!(holm(&[]).is_empty());
    }

    #[test]
    fn no_correction_changes_which_test_is_the_stronger() {
        assert_eq!(holm(&[0.02, 0.01, 0.9, 0.015]), [0.045, 0.04, 0.9, 0.045]);
    }
}
