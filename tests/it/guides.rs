//! Every command of the guides is run as it stands, or looked at as far as a test can.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Instant;

use harness::programs::{self, repository};
use harness::temporal::TemporalServer;
use harness::{Stack, experiments, tools};
use serde_json::json;

use crate::SOON;
use crate::sample::datasets;

/// What is not run as it stands, and why; `tests/guides/programs.sh` says what is looked at instead.
const LOOKED_AT: [(&str, &str); 10] = [
    (
        "ai-evolution-api",
        "a server does not end; every other test runs it",
    ),
    (
        "ai-evolution-dev",
        "starts a stack of its own; tests of the command line and CI run it",
    ),
    (
        "ai-evolution-worker",
        "a server does not end; every other test runs it",
    ),
    ("cargo", "would build and test again what is tested"),
    (
        "docker",
        "needs an engine and a registry; `.ci/deploy/image` and `.ci/deploy/check` stand for them",
    ),
    (
        "kubectl",
        "needs a cluster; `.ci/deploy/check` holds the manifests against its schemas",
    ),
    (
        "phoenix",
        "a server of others, which does not end; tests/it/phoenix.rs runs it where it is installed",
    ),
    ("pip", "would install a server of others"),
    ("tcld", "needs an account of Temporal Cloud"),
    (
        "temporal",
        "needs versions of workers; tests/it/versions.rs does the same",
    ),
];

/// Guides whose commands are run elsewhere.
const ELSEWHERE: [(&str, &str); 1] = [(
    "examples/README.md",
    "installs and serves a model, as tests/it/real_model.rs does",
)];

/// Where guides have the API and Temporal.
const API: [&str; 2] = ["http://127.0.0.1:7890", "http://localhost:7890"];
const TEMPORAL: [&str; 2] = ["temporal.example.com:7233", "temporal:7233"];

/// The guides, what creates experiments first.
fn guides() -> Vec<PathBuf> {
    let mut guides: Vec<PathBuf> = ["README.md", "CONTRIBUTING.md", "examples/README.md"]
        .map(|name| repository().join(name))
        .into();
    let docs = std::fs::read_dir(repository().join("docs")).unwrap();
    let mut docs: Vec<PathBuf> = docs.map(|entry| entry.unwrap().path()).collect();
    docs.sort();
    guides.extend(docs);
    guides.retain(|path| path.extension().is_some_and(|extension| extension == "md"));
    guides
}

/// The blocks of shell commands of a guide.
fn blocks(guide: &str) -> Vec<&str> {
    let blocks = guide.split("```sh\n").skip(1);
    let blocks = blocks.filter_map(|block| block.split_once("```"));
    blocks.map(|(block, _)| block).collect()
}

/// The ids of experiments that a block of commands chooses.
fn created(block: &str) -> Vec<&str> {
    let ids = block.split("\"experiment_id\": \"").skip(1);
    ids.filter_map(|rest| Some(rest.split_once('"')?.0))
        .collect()
}

/// A folder like a checkout in which somebody has followed the guides: what they name is there.
fn checkout(folder: &Path) {
    for name in ["examples", "deploy", "docs", "Dockerfile"] {
        std::os::unix::fs::symlink(repository().join(name), folder.join(name)).unwrap();
    }
    let fixtures =
        "cp examples/single-model.yaml experiment.yaml; cp examples/single-model.yaml nightly.yaml
        gzip --stdout examples/datasets/gsm8k/items.jsonl > dev.jsonl.gz
        mkdir -p target/release; ln -s \"$0\" target/release/bench";
    let bench = programs::path("bench");
    // What it measures takes hours; whether it knows what it is asked to is told by its help.
    let stand_in = folder.join("bench");
    std::fs::write(
        &stand_in,
        format!("#!/bin/sh\n{} \"$@\" --help\n", bench.display()),
    )
    .unwrap();
    tools::run(Command::new("chmod").arg("+x").arg(&stand_in));
    tools::run(
        Command::new("bash")
            .args(["-euc", fixtures])
            .arg(&stand_in)
            .current_dir(folder),
    );
}

#[tokio::test]
async fn every_command_of_the_guides_works_or_is_looked_at() {
    // Of its own, for the ids in the guides are taken once.
    let temporal = TemporalServer::private().await;
    temporal.start().await;
    let mut stack = Stack::prepare(&temporal).await;
    stack.keep_datasets_at(datasets());
    stack.start_api().await;
    stack.start_worker();
    for id in ["baseline", "candidate"] {
        let mut body = experiments::valid();
        body["experiment_id"] = json!(id);
        let id = stack.api().create(&body).await;
        stack.api().completed(&id, SOON).await;
    }
    let folder = stack.folder().join("checkout");
    std::fs::create_dir(&folder).unwrap();
    checkout(&folder);
    let looked_at = folder.join("looked-at");
    std::fs::write(&looked_at, "").unwrap();
    let base = stack.api().base().trim_end_matches('/').to_owned();
    let prelude = repository().join("tests/guides/programs.sh");
    let prelude = std::fs::read_to_string(prelude).unwrap();
    let mut count = 0;
    for path in guides() {
        let name = path
            .strip_prefix(repository())
            .unwrap()
            .to_str()
            .unwrap()
            .to_owned();
        let guide = std::fs::read_to_string(&path).unwrap();
        if ELSEWHERE.iter().any(|(elsewhere, _)| *elsewhere == name) {
            continue;
        }
        for block in blocks(&guide) {
            let mut commands = block.to_owned();
            for address in API {
                commands = commands.replace(address, &base);
            }
            for address in TEMPORAL {
                commands = commands.replace(address, &temporal.address);
            }
            let mut bash = Command::new("bash");
            bash.args(["-c", &format!("{prelude}\n{commands}")])
                .current_dir(&folder)
                .env("BIN", programs::path(programs::CLI).parent().unwrap())
                .env("REPOSITORY", repository())
                .env("LOOKED_AT", &looked_at)
                .env("AI_EVOLUTION_API", &base)
                // What a reader puts in the place of a key of theirs.
                .env("KEY", "nobody-is-asked");
            let began = Instant::now();
            let output = tokio::task::spawn_blocking(move || bash.output())
                .await
                .unwrap()
                .unwrap();
            assert!(
                output.status.success(),
                "{name}:\n{block}\n{}{}",
                String::from_utf8_lossy(&output.stdout),
                String::from_utf8_lossy(&output.stderr)
            );
            println!(
                "{name}: {:?} for {}",
                began.elapsed(),
                block.lines().next().unwrap_or_default()
            );
            count += 1;
            // The next block speaks of it as of something that has ended.
            for id in created(block) {
                stack.api().completed(id, SOON).await;
            }
        }
    }
    assert!(count > 20, "{count} blocks of commands");
    let looked_at = std::fs::read_to_string(looked_at).unwrap();
    let seen: BTreeSet<&str> = looked_at.lines().collect();
    let known: BTreeSet<&str> = LOOKED_AT.iter().map(|(program, _)| *program).collect();
    assert_eq!(seen, known, "each of them is in the guides, and no other");
}
