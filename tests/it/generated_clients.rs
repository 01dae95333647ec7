//! Clients generated from the service's own document can do whatever the service offers.
//!
//! Each script in `clients/` calls every operation and prints the operation's id once it has done what it should.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::process::Command;

use harness::{Stack, programs, tools};
use serde_json::Value;

fn clients() -> PathBuf {
    programs::repository().join("tests/clients")
}

/// The ids of all operations of the document.
fn operations(document: &Value) -> BTreeSet<String> {
    let paths = document["paths"].as_object().unwrap().values();
    let operations = paths.flat_map(|path| path.as_object().unwrap().values());
    operations
        .filter_map(|operation| operation["operationId"].as_str().map(str::to_owned))
        .collect()
}

/// Writes the document that is served into a file; gives back that and what the document offers.
async fn document(stack: &Stack, folder: &Path) -> (PathBuf, BTreeSet<String>) {
    let answer = stack.api().get("/openapi.json").await;
    let path = folder.join("openapi.json");
    std::fs::write(&path, &answer.text).unwrap();
    (path, operations(&answer.json()))
}

fn called(printed: &str) -> BTreeSet<String> {
    let lines = printed.lines();
    lines
        .filter_map(|line| line.strip_prefix("called "))
        .map(str::to_owned)
        .collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_generated_python_client_can_call_every_operation() {
    let tools = tools::python(&clients().join("python/requirements.txt"), &[]);
    let stack = Stack::start().await;
    let folder = tempfile::tempdir().unwrap();
    let (document, offered) = document(&stack, folder.path()).await;
    // The generator formats what it makes with `ruff`, which is beside it.
    let path = std::env::join_paths(
        [tools.clone()]
            .into_iter()
            .chain(std::env::split_paths(&std::env::var_os("PATH").unwrap())),
    );
    tools::run(
        Command::new(tools.join("openapi-python-client"))
            .args(["generate", "--meta", "none", "--fail-on-warning", "--path"])
            .arg(&document)
            .arg("--output-path")
            .arg(folder.path().join("evolution_client"))
            .env("PATH", path.unwrap()),
    );
    let printed = tools::run(
        Command::new(tools.join("python"))
            .arg(clients().join("python/drive.py"))
            .arg(stack.api().base())
            .env("PYTHONPATH", folder.path()),
    );
    assert_eq!(called(&printed), offered, "{printed}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_generated_typescript_client_can_call_every_operation() {
    let package = clients().join("typescript");
    let modules = tools::node(&package).join("node_modules");
    let stack = Stack::start().await;
    let folder = tempfile::tempdir().unwrap();
    let (document, offered) = document(&stack, folder.path()).await;
    for name in ["package.json", "tsconfig.json", "drive.ts"] {
        std::fs::copy(package.join(name), folder.path().join(name)).unwrap();
    }
    std::os::unix::fs::symlink(&modules, folder.path().join("node_modules")).unwrap();
    tools::run(
        Command::new(modules.join(".bin/openapi-typescript"))
            .arg(&document)
            .args(["--default-non-nullable=false", "-o", "schema.ts"])
            .current_dir(folder.path()),
    );
    tools::run(Command::new(modules.join(".bin/tsc")).current_dir(folder.path()));
    let printed = tools::run(
        Command::new("node")
            .args(["made/drive.js", stack.api().base()])
            .current_dir(folder.path()),
    );
    assert_eq!(called(&printed), offered, "{printed}");
}
