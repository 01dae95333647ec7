//! McNemar's exact test: whether of the items that changed, more changed one way than chance explains.

use std::f64::consts::PI;

use serde::{Deserialize, Serialize};
use statrs::function::factorial::ln_factorial;

/// McNemar's exact test of booleans (Psychometrika 12(2), 1947).
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct McNemar {
    /// Items false in the baseline and true in the candidate.
    pub gained: u64,
    /// Items true in the baseline and false in the candidate.
    pub lost: u64,
    pub p_value: f64,
}

/// Twice the smaller tail of the binomial distribution of `gained` among all that changed, at most 1.
pub fn mcnemar(gained: u64, lost: u64) -> McNemar {
    let tail = binomial_tail(gained.min(lost), gained + lost);
    McNemar {
        gained,
        lost,
        p_value: (2.0 * tail).min(1.0),
    }
}

/// P(X <= k) for n fair coins.
fn binomial_tail(k: u64, n: u64) -> f64 {
    let (mut term, mut sum) = (fair_coins(k, n), 0.0);
    for j in (0..=k).rev() {
        sum += term;
        // The terms fall at least geometrically: what is left out is smaller than rounding.
        if term < sum * f64::EPSILON * 1e-3 {
            break;
        }
        term *= j as f64 / (n - j + 1) as f64;
    }
    sum
}

/// P(X = k) for n fair coins, by deviances that lose no digits however large n is (Loader, 2000, "Fast and accurate
/// computation of binomial probabilities").
fn fair_coins(k: u64, n: u64) -> f64 {
    if k == 0 || k == n {
        return 0.5_f64.powf(n as f64);
    }
    let (k, rest, n) = (k as f64, (n - k) as f64, n as f64);
    let log = stirling_error(n)
        - stirling_error(k)
        - stirling_error(rest)
        - deviance(k, n / 2.0)
        - deviance(rest, n / 2.0);
    (n / (2.0 * PI * k * rest)).sqrt() * log.exp()
}

/// ln n! less Stirling's formula.
fn stirling_error(n: f64) -> f64 {
    if n < 16.0 {
        return ln_factorial(n as u64) - (n + 0.5) * n.ln() + n - 0.5 * (2.0 * PI).ln();
    }
    let s = n * n;
    (1.0 / 12.0 - (1.0 / 360.0 - (1.0 / 1260.0 - (1.0 / 1680.0 - 1.0 / (1188.0 * s)) / s) / s) / s)
        / n
}

/// x ln(x / m) + m - x, by its series where the two nearly cancel.
fn deviance(x: f64, m: f64) -> f64 {
    if (x - m).abs() >= 0.1 * (x + m) {
        return x * (x / m).ln() + m - x;
    }
    let v = (x - m) / (x + m);
    let mut sum = (x - m) * v;
    let mut power = 2.0 * x * v;
    for odd in (3..).step_by(2) {
        power *= v * v;
        let next = sum + power / f64::from(odd);
        if next == sum {
            break;
        }
        sum = next;
    }
    sum
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_changed_proves_nothing() {
        assert_eq!(mcnemar(0, 0).p_value, 1.0);
        assert_eq!(mcnemar(5, 5).p_value, 1.0);
    }

    #[test]
    fn changes_of_one_kind_alone_are_coins_that_fall_alike() {
        assert_eq!(mcnemar(0, 1).p_value, 1.0);
        assert_eq!(mcnemar(0, 6).p_value, 2.0 / 64.0);
        assert_eq!(mcnemar(100, 0).p_value, 2.0 * 0.5_f64.powi(100));
    }
}
