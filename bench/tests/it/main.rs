//! The benchmarks as a program: what can be said of them without measuring anything.

use std::path::Path;
use std::process::Command;

#[test]
fn the_page_in_the_documentation_is_that_of_the_results() {
    let folder = tempfile::tempdir().unwrap();
    let made = Command::new(env!("CARGO_BIN_EXE_bench"))
        .args(["report", "--into"])
        .arg(folder.path())
        .output()
        .unwrap();
    assert!(made.status.success(), "{made:?}");
    let docs = Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs");
    let plots = std::fs::read_dir(docs.join("benchmarks")).unwrap();
    let plots = plots.map(|entry| Path::new("benchmarks").join(entry.unwrap().file_name()));
    for name in plots.chain(["benchmarks.md".into()]) {
        let kept = std::fs::read_to_string(docs.join(&name)).unwrap();
        let made = std::fs::read_to_string(folder.path().join(&name)).unwrap();
        assert!(
            kept == made,
            "{}: run `bench report` and read the difference",
            name.display()
        );
    }
}
