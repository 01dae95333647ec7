//! The program under test, run with arguments and nothing of our environment that it would read.

use std::process::{Output, Stdio};
use std::time::Duration;

use tokio::process::Command;
use tokio::time::timeout;

use crate::stub::Stub;

/// How a run ended, and what it said.
#[derive(Debug)]
pub(crate) struct Run {
    pub(crate) code: i32,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
}

/// Runs the program against a stub.
pub(crate) async fn run(stub: &Stub, args: &[&str]) -> Run {
    let mut all = vec!["--api", &stub.url];
    all.extend(args);
    run_alone(&all).await
}

/// Runs the program with nothing but its arguments.
pub(crate) async fn run_alone(args: &[&str]) -> Run {
    let output = Command::new(env!("CARGO_BIN_EXE_ai-evolution"))
        .args(args)
        .env_remove("AI_EVOLUTION_API")
        .stdin(Stdio::null())
        .kill_on_drop(true)
        .output();
    let output: Output = timeout(Duration::from_secs(60), output)
        .await
        .expect("the program comes to an end")
        .unwrap();
    Run {
        code: output.status.code().unwrap_or(-1),
        stdout: String::from_utf8(output.stdout).unwrap(),
        stderr: String::from_utf8(output.stderr).unwrap(),
    }
}
