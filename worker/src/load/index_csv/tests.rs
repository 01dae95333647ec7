use std::fs;

use serde_json::json;
use tempfile::TempDir;

use super::*;
use crate::load::sources::Sources;

const HEADER: &str =
    "test_id,entity_type,operation_type,prompt_file,expected_yaml_file,old_yaml_file,tags,notes\n";

/// A folder with an index in `cases/index.csv`, and the files of two cases.
fn folder(rows: &str) -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    let cases = folder.path().join("cases");
    fs::create_dir_all(cases.join("texts")).unwrap();
    fs::write(cases.join("index.csv"), format!("{HEADER}{rows}")).unwrap();
    for (name, content) in [
        ("texts/a.txt", "Make a pipeline."),
        ("texts/a_expected.yaml", "pipeline: {name: a}\n"),
        ("texts/a_schema_context.json", "{\"version\": 1}"),
        ("texts/a_actual.yaml", "pipeline: {name: b}\n"),
        ("old.yaml", "pipeline: {}\n"),
        ("b.yaml", "b: 1\n"),
        ("c_schema_context.json", "{oops"),
        ("c.yaml", "c: 1\n"),
    ] {
        fs::write(cases.join(name), content).unwrap();
    }
    fs::write(cases.join("binary"), [0xff, 0xfe]).unwrap();
    fs::write(folder.path().join("outside.txt"), "not of the index").unwrap();
    folder
}

fn read(folder: &TempDir, more: Value) -> Result<Vec<Row>, String> {
    let mut config = json!({"path": "cases/index.csv"});
    for (key, value) in more.as_object().unwrap() {
        config[key] = value.clone();
    }
    let sources = Sources::folder(folder.path());
    let index = Index {
        content: sources.open_path("cases/index.csv").unwrap(),
        root: folder.path().to_owned(),
        config: serde_json::from_value(config).unwrap(),
    };
    let mut rows = Vec::new();
    let mut take = |_: u64, row: Row| {
        rows.push(row);
        Ok(())
    };
    match index.for_each(&mut take) {
        Ok(()) => Ok(rows),
        Err(Stop::Enough) => unreachable!(),
        Err(Stop::Failed(failure)) => Err(failure.to_string()),
    }
}

const TWO: &str = "001,pipeline,update,texts/a.txt,texts/a_expected.yaml,old.yaml,\"x, y\",the first\n\
                   002,service,create,texts/a.txt,b.yaml,,,\n";

#[test]
fn a_case_is_put_together_from_its_files() {
    let rows = read(&folder(TWO), json!({"actual_suffix": "actual"})).unwrap();
    let items: Vec<Value> = rows
        .iter()
        .map(|row| serde_json::to_value(row.as_ref().unwrap()).unwrap())
        .collect();
    assert_eq!(
        items,
        [
            json!({
                "id": "001",
                "input": {
                    "prompt": "Make a pipeline.",
                    "entity_type": "pipeline",
                    "operation_type": "update",
                    "old_yaml": "pipeline: {}\n",
                    "schema_context": {"version": 1},
                },
                "expected": "pipeline: {name: a}\n",
                "output": "pipeline: {name: b}\n",
                "tags": ["x", "y"],
                "metadata": {
                    "entity_type": "pipeline",
                    "operation_type": "update",
                    "prompt_file": "texts/a.txt",
                    "expected_yaml_file": "texts/a_expected.yaml",
                    "old_yaml_file": "old.yaml",
                    "notes": "the first",
                },
            }),
            json!({
                "id": "002",
                "input": {
                    "prompt": "Make a pipeline.",
                    "entity_type": "service",
                    "operation_type": "create",
                },
                "expected": "b: 1\n",
                "metadata": {
                    "entity_type": "service",
                    "operation_type": "create",
                    "prompt_file": "texts/a.txt",
                    "expected_yaml_file": "b.yaml",
                },
            }),
        ]
    );
}

#[test]
fn filters_are_exact_and_ids_are_text() {
    let folder = folder(TWO);
    let ids = |filters: Value| -> Vec<String> {
        let rows = read(&folder, json!({"filters": filters})).unwrap();
        rows.into_iter().map(|row| row.unwrap().id).collect()
    };
    assert_eq!(ids(json!({"test_id": "001"})), ["001"]);
    assert_eq!(ids(json!({"test_id": "1"})), [""; 0]);
    assert_eq!(ids(json!({"entity_type": "service"})), ["002"]);
    assert_eq!(
        ids(json!({"operation_type": "update", "entity_type": "service"})),
        [""; 0]
    );
    assert_eq!(ids(json!({})), ["001", "002"]);
}

#[test]
fn no_row_is_skipped_in_silence_and_no_file_is_read_outside() {
    let case = |prompt: &str, expected: &str| format!("1,e,create,{prompt},{expected},,,\n");
    let folder = |row: String| folder(&row);
    for (row, part) in [
        (
            case("texts/none.txt", "b.yaml"),
            "`cases/texts/none.txt` does not exist",
        ),
        (
            case("b.yaml", "none.yaml"),
            "`cases/none.yaml` does not exist",
        ),
        (case("", "b.yaml"), "it has no `prompt_file`"),
        (case("../outside.txt", "b.yaml"), "leads out"),
        (case("/etc/hostname", "b.yaml"), "`/etc/hostname` leads out"),
        (case("texts", "b.yaml"), "`cases/texts` is not a file"),
        (case("binary", "b.yaml"), "`binary` is not UTF-8"),
        (
            case("b.yaml", "c.yaml"),
            "`c_schema_context.json` is not JSON",
        ),
        (
            ",e,create,b.yaml,b.yaml,,,\n".to_owned(),
            "its `test_id` is empty",
        ),
        ("1,e\n".to_owned(), "found record with 2 fields"),
    ] {
        let rows = read(&folder(row.clone()), json!({})).unwrap();
        let fault = rows[0].as_ref().unwrap_err();
        assert_eq!(fault.line, 2);
        assert!(fault.message.contains(part), "{row}: {}", fault.message);
    }
    let linked = folder(case("link.txt", "b.yaml"));
    let outside = tempfile::NamedTempFile::new().unwrap();
    let link = linked.path().join("cases/link.txt");
    std::os::unix::fs::symlink(outside.path(), link).unwrap();
    let rows = read(&linked, json!({})).unwrap();
    let fault = rows[0].as_ref().unwrap_err();
    assert!(fault.message.contains("leads out"), "{}", fault.message);
}

#[test]
fn all_columns_that_are_missing_are_named() {
    let folder = folder("");
    let index = folder.path().join("cases/index.csv");
    fs::write(index, "test_id,prompt_file,entity_type\n").unwrap();
    let message = read(&folder, json!({})).unwrap_err();
    let part = "its header has no `operation_type`, `expected_yaml_file`";
    assert!(message.contains(part), "{message}");
}
