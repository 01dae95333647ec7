//! Scores equal those of the reference implementations, which `tests/reference/make.py` has written down.

use std::path::Path;

use domain::item::DatasetItem;
use domain::output::{Answer, Output};
use evaluation::scorers::Scorer;
use serde_json::{Value, json};

/// The largest difference between ours and the reference's scores, over all cases of the file.
fn largest_difference(name: &str) -> f64 {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/reference");
    let text = std::fs::read_to_string(folder.join(format!("{name}.json"))).unwrap();
    let cases: Vec<Value> = serde_json::from_str(&text).unwrap();
    assert!(cases.len() > 50, "{name}: only {} cases", cases.len());
    let mut largest = 0.0_f64;
    for case in &cases {
        let config = serde_json::from_value(case["scorer"].clone()).unwrap();
        let item: DatasetItem =
            serde_json::from_value(json!({"id": "1", "input": {}, "expected": case["expected"]}))
                .unwrap();
        let output = Output::answered("1".to_owned(), 1, Answer::of(case["answer"].clone()));
        let score = Scorer::compile(&config)
            .unwrap()
            .score(&item, &output)
            .unwrap();
        let difference = (score.value.as_f64() - case["value"].as_f64().unwrap()).abs();
        assert!(
            difference <= 1e-9,
            "off by {difference}: {case} is {score:?}"
        );
        largest = largest.max(difference);
    }
    println!(
        "{name}: {} cases, largest difference {largest:e}",
        cases.len()
    );
    largest
}

#[test]
fn documents_are_compared_and_searched_like_the_reference_implementations() {
    for name in ["json_diff", "json_path"] {
        assert!(largest_difference(name) <= 1e-9, "{name}");
    }
}

#[test]
fn text_scores_are_those_of_the_reference_implementations() {
    for name in ["levenshtein", "fuzzy", "bleu", "chrf", "rouge", "token_f1"] {
        assert!(largest_difference(name) <= 1e-9, "{name}");
    }
}
