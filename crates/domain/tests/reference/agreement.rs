//! Agreement of judges beside the package krippendorff.

use domain::agreement::Agreement;

use crate::{Largest, cases, list, number, numbers};

#[test]
fn alpha_is_that_of_krippendorff() {
    let cases = cases("agreement.json");
    let mut largest = Largest::of("Krippendorff's alpha");
    assert!(list(&cases).len() > 5);
    for (index, case) in list(&cases).iter().enumerate() {
        let mut agreement = Agreement::default();
        for item in list(&case["items"]) {
            agreement.push(&numbers(item));
        }
        let ours = agreement.alpha().unwrap();
        largest.see(ours, number(&case["alpha"]), &index);
    }
    largest.must_be_below(1e-9);
}
