//! Clients generated from the service's own document can do whatever the service offers.
//!
//! Each program in `clients/` calls every operation and prints the operation's id once it has done what it should.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::process::Command;

use harness::{Stack, programs, tools};
use serde_json::Value;
use tempfile::TempDir;

fn clients() -> PathBuf {
    programs::repository().join("tests/clients")
}

/// A service, its document in a folder of the client's own, and the operations that the document has.
struct Service {
    stack: Stack,
    folder: TempDir,
    document: PathBuf,
    offered: BTreeSet<String>,
}

impl Service {
    async fn start() -> Self {
        let stack = Stack::start().await;
        let folder = tempfile::tempdir().unwrap();
        let answer = stack.api().get("/openapi.json").await;
        let document = folder.path().join("openapi.json");
        std::fs::write(&document, &answer.text).unwrap();
        Self {
            offered: operations(&answer.json()),
            stack,
            folder,
            document,
        }
    }

    fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// Runs the client with the address of the service, and holds what it called against what there is.
    fn drive(&self, client: &mut Command) {
        let printed = tools::run(client.arg(self.stack.api().base()));
        let called: BTreeSet<String> = printed
            .lines()
            .filter_map(|line| line.strip_prefix("called "))
            .map(str::to_owned)
            .collect();
        let forgotten: Vec<_> = self.offered.difference(&called).collect();
        let unknown: Vec<_> = called.difference(&self.offered).collect();
        assert!(
            forgotten.is_empty() && unknown.is_empty(),
            "operations that {client:?} does not call: {forgotten:?}; that there are not: {unknown:?}; it printed {printed}"
        );
    }
}

/// The ids of all operations of the document.
fn operations(document: &Value) -> BTreeSet<String> {
    let paths = document["paths"].as_object().unwrap().values();
    let operations = paths.flat_map(|path| path.as_object().unwrap().values());
    operations
        .filter_map(|operation| operation["operationId"].as_str().map(str::to_owned))
        .collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_generated_python_client_can_call_every_operation() {
    let tools = tools::python(&clients().join("python/requirements.txt"), &[]);
    let service = Service::start().await;
    // The generator formats what it makes with `ruff`, which is beside it.
    let path = std::env::join_paths(
        [tools.clone()]
            .into_iter()
            .chain(std::env::split_paths(&std::env::var_os("PATH").unwrap())),
    );
    tools::run(
        Command::new(tools.join("openapi-python-client"))
            .args(["generate", "--meta", "none", "--fail-on-warning", "--path"])
            .arg(&service.document)
            .arg("--output-path")
            .arg(service.folder().join("evolution_client"))
            .env("PATH", path.unwrap()),
    );
    service.drive(
        Command::new(tools.join("python"))
            .arg(clients().join("python/drive.py"))
            .env("PYTHONPATH", service.folder()),
    );
}

/// A folder of a TypeScript client with what it needs, and the folder of the tools.
fn typescript(service: &Service, files: &[&str]) -> PathBuf {
    let package = clients().join("typescript");
    let modules = tools::node(&package).join("node_modules");
    for name in ["package.json", "tsconfig.json"].iter().chain(files) {
        std::fs::copy(package.join(name), service.folder().join(name)).unwrap();
    }
    std::os::unix::fs::symlink(&modules, service.folder().join("node_modules")).unwrap();
    modules.join(".bin")
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_typescript_client_of_openapi_fetch_can_call_every_operation() {
    let service = Service::start().await;
    let tools = typescript(&service, &["drive.ts"]);
    let run = |program: &str, arguments: &[&str]| {
        let mut command = Command::new(tools.join(program));
        tools::run(command.args(arguments).current_dir(service.folder()));
    };
    run(
        "openapi-typescript",
        &[
            "openapi.json",
            "--default-non-nullable=false",
            "-o",
            "schema.ts",
        ],
    );
    run("tsc", &[]);
    service.drive(
        Command::new("node")
            .arg("made/drive.js")
            .current_dir(service.folder()),
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_typescript_client_of_hey_api_can_call_every_operation() {
    let service = Service::start().await;
    let tools = typescript(&service, &["hey.ts", "hey.tsconfig.json", "hey.config.mjs"]);
    let run = |program: &str, arguments: &[&str]| {
        let mut command = Command::new(tools.join(program));
        tools::run(command.args(arguments).current_dir(service.folder()));
    };
    run(
        "openapi-ts",
        &["--file", "hey.config.mjs", "--silent", "--no-log-file"],
    );
    run("tsc", &["--project", "hey.tsconfig.json"]);
    service.drive(
        Command::new("node")
            .arg("made/hey.js")
            .current_dir(service.folder()),
    );
}

/// Needs a Java compiler, which tests are not to ask for; `.ci/openapi/check` and `.ci/run` run it.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "needs a JDK"]
async fn a_generated_java_client_can_call_every_operation() {
    let tools = tools::python(&clients().join("java/requirements.txt"), &[]);
    let service = Service::start().await;
    // The generator's archive also holds the JSON library that the client needs.
    let find = "import openapi_generator_cli as cli, pathlib; print(next(pathlib.Path(cli.__file__).parent.glob('*.jar')))";
    let archive = tools::run(Command::new(tools.join("python")).args(["-c", find]));
    let archive = archive.trim();
    let quick = "-XX:TieredStopAtLevel=1";
    tools::run(
        Command::new("java")
            .args([quick, "-jar", archive, "generate", "-i", "openapi.json", "-o", "client"])
            .args(["-g", "java", "--library", "native"])
            .args(["--invoker-package", "evolution"])
            .args(["--api-package", "evolution.api"])
            .args(["--model-package", "evolution.model"])
            // A class has a method of that name already.
            .args(["--name-mappings", "equals=equalTo"])
            .args([
                "-p",
                "openApiNullable=false,containerDefaultToNull=true,documentationProvider=none",
                "--global-property",
                "apis,models,supportingFiles,apiDocs=false,modelDocs=false,apiTests=false,modelTests=false",
            ])
            .current_dir(service.folder()),
    );
    let classes = service.folder().join("classes");
    let sources = std::env::join_paths([
        service.folder().join("client/src/main/java"),
        clients().join("java"),
    ]);
    tools::run(
        Command::new("javac")
            .args(["-nowarn", "-encoding", "UTF-8", "-cp", archive, "-d"])
            .arg(&classes)
            .arg("-sourcepath")
            .arg(sources.unwrap())
            .arg(format!("-J{quick}"))
            .arg(clients().join("java/Drive.java")),
    );
    let path = std::env::join_paths([Path::new(archive), &classes]).unwrap();
    service.drive(
        Command::new("java")
            .arg(quick)
            .arg("-cp")
            .arg(path)
            .arg("Drive"),
    );
}
