//! Tails and quantiles of the normal and Student's t distribution, accurate for any number of degrees of freedom.

use std::f64::consts::{PI, SQRT_2};

use statrs::distribution::{ContinuousCDF, StudentsT};
use statrs::function::beta::beta_reg;
use statrs::function::erf::{erfc, erfc_inv};
use statrs::function::gamma::ln_gamma;

/// From here on expansions in 1/df are exact to f64, while differences of logarithms of gamma lose digits.
const MANY: f64 = 1_000.0;

/// Steps of Newton's method; each doubles the digits, and the start has at least six.
const STEPS: usize = 3;

/// P(Z <= z).
pub fn normal_cdf(z: f64) -> f64 {
    0.5 * erfc(-z / SQRT_2)
}

/// The z with P(Z <= z) = p; infinite at 0 and 1.
pub fn normal_quantile(p: f64) -> f64 {
    -SQRT_2 * erfc_inv(2.0 * p)
}

/// P(|T| >= |t|) with `df` degrees of freedom: the p-value of a two-sided t test.
pub fn student_two_sided(t: f64, df: f64) -> f64 {
    let square = t * t;
    if df >= MANY {
        return (2.0 * normal_cdf(-as_normal(square, df))).min(1.0);
    }
    // Of two equal forms the one whose value is the smaller keeps the digits.
    match square < 0.25 {
        true => 1.0 - beta_reg(0.5, df / 2.0, square / (df + square)),
        false => beta_reg(df / 2.0, 0.5, df / (df + square)),
    }
}

/// The t with P(T <= t) = p with `df` degrees of freedom, for p in (0, 1) and df >= 1; none otherwise.
pub fn student_quantile(p: f64, df: f64) -> Option<f64> {
    if !(p > 0.0 && p < 1.0 && df >= 1.0 && df.is_finite()) {
        return None;
    }
    if df >= MANY {
        return Some(expansion(normal_quantile(p), df));
    }
    let mut t = StudentsT::new(0.0, 1.0, df).ok()?.inverse_cdf(p);
    for _ in 0..STEPS {
        let tail = 0.5 * student_two_sided(t, df);
        let cdf = if t > 0.0 { 1.0 - tail } else { tail };
        t -= (cdf - p) / density(t, df);
    }
    Some(t)
}

/// The density of Student's t.
fn density(t: f64, df: f64) -> f64 {
    let constant = ln_gamma((df + 1.0) / 2.0) - ln_gamma(df / 2.0) - 0.5 * (df * PI).ln();
    (constant - (df + 1.0) / 2.0 * (t * t / df).ln_1p()).exp()
}

/// The normal deviate with the same tail (Hill, Algorithm 395, CACM 13(10), 1970).
fn as_normal(square: f64, df: f64) -> f64 {
    let a = df - 0.5;
    let b = 48.0 * a * a;
    let y = a * (square / df).ln_1p();
    let inner = (((-0.4 * y - 3.3) * y - 24.0) * y - 85.5) / (0.8 * y * y + 100.0 + b);
    ((inner + y + 3.0) / b + 1.0) * y.sqrt()
}

/// The quantile by the normal one (Abramowitz and Stegun, 26.7.5).
fn expansion(z: f64, df: f64) -> f64 {
    let s = z * z;
    let g1 = z * (s + 1.0) / 4.0;
    let g2 = z * ((5.0 * s + 16.0) * s + 3.0) / 96.0;
    let g3 = z * (((3.0 * s + 19.0) * s + 17.0) * s - 15.0) / 384.0;
    let g4 = z * ((((79.0 * s + 776.0) * s + 1482.0) * s - 1920.0) * s - 945.0) / 92_160.0;
    z + (g1 + (g2 + (g3 + g4 / df) / df) / df) / df
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tails_and_quantiles_meet_where_the_method_changes() {
        for df in [MANY - 1e-9, MANY] {
            let t = student_quantile(0.975, df).unwrap();
            assert!((t - 1.962_339_080_826_424).abs() < 1e-11, "{t}");
            assert!((student_two_sided(t, df) - 0.05).abs() < 1e-11);
        }
    }

    #[test]
    fn what_is_no_probability_has_no_quantile() {
        for (p, df) in [
            (0.0, 5.0),
            (1.0, 5.0),
            (f64::NAN, 5.0),
            (0.5, 0.0),
            (0.5, f64::NAN),
        ] {
            assert_eq!(student_quantile(p, df), None);
        }
    }
}
