//! The commands of the README, pasted as they stand.

use std::process::Command;

use harness::{Stack, programs, tools};

use crate::SOON;

/// Where the README has the API.
const DOCUMENTED: &str = "http://127.0.0.1:7890";

/// The blocks of shell commands in which `needle` stands.
fn blocks<'a>(readme: &'a str, needle: &str) -> Vec<&'a str> {
    readme
        .split("```sh\n")
        .skip(1)
        .filter_map(|block| block.split_once("```"))
        .map(|(block, _)| block)
        .filter(|block| block.contains(needle))
        .collect()
}

/// Pastes commands into a shell. An error status of the API ends the script, and the test with it.
async fn paste(stack: &Stack, commands: &str) -> String {
    let commands = commands.replace(DOCUMENTED, stack.api().base().trim_end_matches('/'));
    let script = format!("set -e\ncurl() {{ command curl --fail-with-body \"$@\"; }}\n{commands}");
    let run = move || tools::run(Command::new("bash").args(["-c", &script]));
    tokio::task::spawn_blocking(run).await.unwrap()
}

#[tokio::test]
async fn the_curl_examples_work_as_they_stand() {
    let stack = Stack::start().await;
    let readme = std::fs::read_to_string(programs::repository().join("README.md")).unwrap();
    let blocks = blocks(&readme, "curl ");
    let [create, look] = blocks.as_slice() else {
        panic!("the examples are two blocks: {blocks:?}");
    };
    assert!(paste(&stack, create).await.contains("\"sums\""));
    stack.api().completed("sums-1", SOON).await;
    let seen = paste(&stack, look).await;
    assert!(seen.contains("\"mean\":0.5"), "{seen}");
    assert!(seen.contains("It is 6."), "{seen}");
}
