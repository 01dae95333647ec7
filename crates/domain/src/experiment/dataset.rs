//! The rules of a dataset that types cannot express.

use std::collections::HashSet;

use crate::config::{DatasetConfig, FileDataset};
use crate::fault::Fault;
use crate::item::{DatasetItem, LONGEST_ITEM_ID};

pub(super) fn check_dataset(dataset: &DatasetConfig, faults: &mut Vec<Fault>) {
    match dataset {
        DatasetConfig::Jsonl(file) | DatasetConfig::Csv(file) => check_file(file, faults),
        DatasetConfig::Parquet(file) => {
            check_file(file, faults);
            check_is_not_compressed(file, faults);
        }
        DatasetConfig::IndexCsv(index) => check_path(&index.path, "/config/dataset/path", faults),
        // Which version there is, only the store knows.
        DatasetConfig::Uploaded(_) => {}
        DatasetConfig::Inline(dataset) => check_items(&dataset.items, faults),
    }
}

fn check_file(file: &FileDataset, faults: &mut Vec<Fault>) {
    match (&file.path, &file.url) {
        (Some(path), None) => check_path(path, "/config/dataset/path", faults),
        (None, Some(_)) => {}
        (None, None) => faults.push(Fault::new(
            "/config/dataset",
            "nothing says where the file is: give a `path` or a `url`",
        )),
        (Some(_), Some(_)) => faults.push(Fault::new(
            "/config/dataset/url",
            "a file is at a `path` or at a `url`, not at both",
        )),
    }
}

/// Parquet compresses its parts by itself, and is read from its end.
fn check_is_not_compressed(file: &FileDataset, faults: &mut Vec<Fault>) {
    for (at, pointer) in [
        (&file.path, "/config/dataset/path"),
        (&file.url, "/config/dataset/url"),
    ] {
        if at
            .as_ref()
            .is_some_and(|at| at.ends_with(".gz") || at.ends_with(".zst"))
        {
            faults.push(Fault::new(
                pointer,
                "a Parquet file is not compressed as a whole; it compresses its parts",
            ));
        }
    }
}

fn check_items(items: &[DatasetItem], faults: &mut Vec<Fault>) {
    let mut seen = HashSet::new();
    for (index, item) in items.iter().enumerate() {
        let pointer = || format!("/config/dataset/items/{index}/id");
        if item.id.is_empty() || item.id.len() > LONGEST_ITEM_ID {
            faults.push(Fault::new(
                pointer(),
                format!("an id has 1 to {LONGEST_ITEM_ID} bytes"),
            ));
        }
        if !seen.insert(&item.id) {
            faults.push(Fault::new(
                pointer(),
                format!(
                    "another item has the id `{}` too; ids are unique in a dataset",
                    item.id
                ),
            ));
        }
    }
}

/// Paths are relative to a folder of the operator's and stay inside it. (The worker checks again, following links.)
pub(super) fn check_path(path: &str, pointer: &str, faults: &mut Vec<Fault>) {
    let leads_out =
        path.starts_with('/') || path.contains('\\') || path.split('/').any(|part| part == "..");
    if leads_out {
        faults.push(Fault::new(
            pointer,
            "a path is relative to the dataset folder of the workers and stays inside it",
        ));
    }
    if path.chars().any(char::is_control) {
        faults.push(Fault::new(pointer, "a path has no control characters"));
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    fn pointers(dataset: Value) -> Vec<String> {
        let mut faults = Vec::new();
        check_dataset(&serde_json::from_value(dataset).unwrap(), &mut faults);
        faults.into_iter().map(|fault| fault.pointer).collect()
    }

    #[test]
    fn a_file_is_in_exactly_one_place_and_stays_inside_the_folder() {
        let none = Vec::<String>::new();
        let url = "https://data.example.com/items.csv.gz";
        assert_eq!(pointers(json!({"type": "csv", "path": "a/b.csv"})), none);
        assert_eq!(pointers(json!({"type": "csv", "url": url})), none);
        for (dataset, pointer) in [
            (json!({"type": "jsonl"}), "/config/dataset"),
            (
                json!({"type": "jsonl", "path": "a", "url": url}),
                "/config/dataset/url",
            ),
            (
                json!({"type": "jsonl", "path": "/etc/passwd"}),
                "/config/dataset/path",
            ),
            (
                json!({"type": "index_csv", "path": "a/../../index.csv"}),
                "/config/dataset/path",
            ),
            (
                json!({"type": "parquet", "path": "a.parquet.gz"}),
                "/config/dataset/path",
            ),
        ] {
            assert_eq!(pointers(dataset.clone()), [pointer], "{dataset}");
        }
    }
}
