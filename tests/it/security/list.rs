//! The list of attacks in the documentation names tests that exist.

use harness::programs;

#[test]
fn every_attack_in_the_list_has_its_test() {
    let path = programs::repository().join("docs/security.md");
    let document = std::fs::read_to_string(path).unwrap();
    let (_, list) = document
        .split_once("## Attacks that are tested")
        .expect("the list is there");
    let list = list.split("\n## ").next().unwrap();
    let rows: Vec<&str> = list
        .lines()
        .filter(|line| line.starts_with('|') && line.contains("`"))
        .collect();
    assert!(rows.len() > 20, "{} rows", rows.len());
    for row in rows {
        let words: Vec<&str> = row.split('`').skip(1).step_by(2).collect();
        let file = words.iter().find(|word| word.ends_with(".rs"));
        let file = file.unwrap_or_else(|| panic!("no file: {row}"));
        let source = std::fs::read_to_string(programs::repository().join(file));
        let source = source.unwrap_or_else(|error| panic!("{file}: {error}"));
        let test = words.last().unwrap();
        assert!(source.contains(&format!("fn {test}(")), "{file}: no {test}");
    }
}
