//! Paired comparisons beside their references.

use domain::comparison::difference::bonett_price;
use domain::comparison::holm::holm;
use domain::comparison::mcnemar::mcnemar;
use domain::comparison::permutation::permutation;
use domain::comparison::power::{minimum_detectable_effect, paired_t, power};
use domain::statistics::sample::Sample;
use serde_json::Value;

use crate::{Largest, cases, list, number, numbers, pair};

const FILE: &str = "comparison.json";

fn whole(value: &Value) -> u64 {
    value.as_u64().unwrap()
}

fn differences(case: &Value) -> Sample {
    let pairs: Vec<(f64, f64)> = list(&case["pairs"]).iter().map(pair).collect();
    Sample::differences(&pairs).unwrap()
}

#[test]
fn paired_t_tests_are_those_of_scipy() {
    let cases = cases(FILE);
    let mut largest = Largest::of("paired t test and its interval");
    for case in list(&cases["paired"]) {
        let differences = differences(case);
        let test = paired_t(&differences).unwrap();
        largest.see(
            differences.mean(),
            number(&case["mean_difference"]),
            &case["name"],
        );
        largest.see(test.t, number(&case["t"]), &case["name"]);
        largest.see(test.p_value, number(&case["t_p_value"]), &case["name"]);
        let ours = differences.student_interval().unwrap();
        largest.see_pair(ours, pair(&case["interval"]), &case["name"]);
    }
    largest.must_be_below(1e-9);
}

#[test]
fn permutation_tests_are_those_of_scipy_where_exact_and_of_the_same_signs_where_random() {
    let cases = cases(FILE);
    let mut largest = Largest::of("permutation test");
    for case in list(&cases["paired"]) {
        let ours = permutation(
            &differences(case),
            whole(&case["permutations"]),
            whole(&case["seed"]),
        )
        .unwrap();
        largest.see(
            ours.p_value,
            number(&case["permutation_p_value"]),
            &case["name"],
        );
    }
    largest.must_be_below(1e-9);
}

#[test]
fn exact_tests_of_booleans_are_those_of_scipy_up_to_half_a_million_changes() {
    let cases = cases(FILE);
    let mut largest = Largest::of("McNemar's exact test, relatively");
    for case in list(&cases["mcnemar"]) {
        let ours = mcnemar(whole(&case["gained"]), whole(&case["lost"]));
        largest.see(ours.p_value / number(&case["p_value"]), 1.0, case);
    }
    largest.must_be_below(1e-9);
}

#[test]
fn intervals_of_paired_proportions_are_those_of_the_formula() {
    let cases = cases(FILE);
    let mut largest = Largest::of("Bonett and Price's interval");
    for case in list(&cases["bonett_price"]) {
        let (gained, lost) = (whole(&case["gained"]), whole(&case["lost"]));
        let ours = bonett_price(gained, lost, whole(&case["pairs"])).unwrap();
        largest.see_pair((ours.low, ours.high), pair(&case["interval"]), case);
    }
    largest.must_be_below(1e-9);
}

#[test]
fn corrected_p_values_are_those_of_statsmodels() {
    let cases = cases(FILE);
    let mut largest = Largest::of("Holm's correction");
    for case in list(&cases["holm"]) {
        let ours = holm(&numbers(&case["p_values"]));
        for (ours, theirs) in ours.into_iter().zip(numbers(&case["adjusted"])) {
            largest.see(ours, theirs, case);
        }
    }
    largest.must_be_below(1e-9);
}

#[test]
fn the_power_is_that_of_statsmodels() {
    let cases = cases(FILE);
    let mut largest = Largest::of("power of the t test");
    for case in list(&cases["power"]) {
        let ours = power(number(&case["effect"]), number(&case["df"])).unwrap();
        largest.see(ours, number(&case["power"]), case);
    }
    largest.must_be_below(1e-9);
}

/// The reference finds the effect by iteration, and stops within 1e-6.
#[test]
fn the_least_detectable_effect_is_that_of_statsmodels() {
    let cases = cases(FILE);
    let mut largest = Largest::of("minimum detectable effect");
    for case in list(&cases["paired"]) {
        let ours = minimum_detectable_effect(&differences(case)).unwrap();
        largest.see(
            ours,
            number(&case["minimum_detectable_effect"]),
            &case["name"],
        );
    }
    largest.must_be_below(1e-6);
}
