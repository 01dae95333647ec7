//! Where the programs under test are: beside the test executable, as Cargo builds them.

use std::path::{Path, PathBuf};
use std::time::SystemTime;

pub const API: &str = "ai-evolution-api";
pub const WORKER: &str = "ai-evolution-worker";
pub const CLI: &str = "ai-evolution";

/// The executable of a program. Panics, and says what to do, when it is missing or older than its sources.
pub fn path(program: &str) -> PathBuf {
    let path = profile().join(program);
    assert!(
        path.exists(),
        "{} is missing: run `cargo build --workspace` first",
        path.display()
    );
    if let Some(source) = newer_source(&path) {
        panic!(
            "{} is older than {source}: run `cargo build --workspace` first",
            path.display()
        );
    }
    path
}

/// Cargo's target folder.
pub(crate) fn target() -> PathBuf {
    let parent = profile().parent().map(Path::to_owned);
    parent.expect("a profile has a folder in the target folder")
}

/// The folder of the profile that the tests are built with.
fn profile() -> PathBuf {
    let test = std::env::current_exe().expect("a running test has an executable");
    let folder = test.parent().and_then(Path::parent);
    folder
        .expect("Cargo puts tests two folders deep")
        .to_owned()
}

/// The root of the repository.
pub fn repository() -> &'static Path {
    Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/.."))
}

/// A source that changed after the program was built, by the list of sources that Cargo writes beside the program.
fn newer_source(program: &Path) -> Option<String> {
    let list = std::fs::read_to_string(program.with_extension("d")).ok()?;
    let (_, sources) = list.split_once(": ")?;
    let built = modified(program)?;
    sources
        .split_whitespace()
        .find(|source| modified(Path::new(source)).is_some_and(|changed| changed > built))
        .map(str::to_owned)
}

fn modified(path: &Path) -> Option<SystemTime> {
    std::fs::metadata(path).ok()?.modified().ok()
}
