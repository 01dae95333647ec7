//! What is done once, before the parts that need it start.

use std::process::Stdio;

use anyhow::{Context as _, ensure};
use tokio::process::Command;

use super::process::Launch;

/// Runs a program to its end; the error is what it said last.
pub(crate) async fn prepare(launch: Launch) -> anyhow::Result<()> {
    let mut command = Command::new(&launch.program);
    launch.surround(&mut command);
    let output = command
        .args(&launch.args)
        .stdin(Stdio::null())
        .kill_on_drop(true)
        .output()
        .await
        .with_context(|| format!("{} cannot be started", launch.name))?;
    let said = String::from_utf8_lossy(&output.stderr);
    ensure!(output.status.success(), "{}", said.trim());
    Ok(())
}
