//! Obtaining the tools of others: into the user's cache folder, once for each content of the files that pin them.

use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, bail};
use sha2::{Digest, Sha256};

use crate::programs;

/// The folder of a peer in this repository.
pub(crate) fn sources(peer: &str) -> PathBuf {
    programs::repository().join("bench/peers").join(peer)
}

/// The Python of a peer's own environment, with the packages of its `requirements.txt`.
pub(crate) fn python(peer: &str) -> anyhow::Result<PathBuf> {
    let requirements = sources(peer).join("requirements.txt");
    let folder = cached(peer, &[&requirements], |folder| {
        run(Command::new("python3").args(["-m", "venv"]).arg(folder))?;
        // The file names every package that is needed, so that pip has nothing to resolve.
        let pip = [
            "-m",
            "pip",
            "install",
            "--quiet",
            "--no-deps",
            "--require-hashes",
        ];
        run(Command::new(folder.join("bin/python"))
            .args(pip)
            .arg("--disable-pip-version-check")
            .arg("-r")
            .arg(&requirements))
    })?;
    Ok(folder.join("bin/python"))
}

/// A folder with the `node_modules` of a peer's `package-lock.json`.
pub(crate) fn node(peer: &str) -> anyhow::Result<PathBuf> {
    let files = ["package.json", "package-lock.json"].map(|name| sources(peer).join(name));
    cached(peer, &[&files[0], &files[1]], |folder| {
        for file in &files {
            let name = file.file_name().context("it has a name")?;
            std::fs::copy(file, folder.join(name))?;
        }
        run(Command::new("npm")
            .args(["ci", "--no-audit", "--no-fund", "--silent"])
            .current_dir(folder))
    })
}

/// The versions that a peer's environment holds, as `pip` or `npm` name them.
pub(crate) fn pinned(peer: &str, package: &str) -> String {
    let read = |name: &str| std::fs::read_to_string(sources(peer).join(name)).unwrap_or_default();
    let requirements = read("requirements.txt");
    let prefix = format!("{package}==");
    if let Some(rest) = requirements
        .lines()
        .find_map(|line| line.strip_prefix(&prefix))
    {
        return rest
            .split_whitespace()
            .next()
            .unwrap_or_default()
            .to_owned();
    }
    let manifest: serde_json::Value =
        serde_json::from_str(&read("package.json")).unwrap_or_default();
    let version = manifest["dependencies"][package].as_str();
    version.unwrap_or_default().to_owned()
}

/// A folder of the cache, filled once for each content of the files that describe it.
fn cached(
    peer: &str,
    files: &[&Path],
    fill: impl FnOnce(&Path) -> anyhow::Result<()>,
) -> anyhow::Result<PathBuf> {
    let mut content = Sha256::new();
    for file in files {
        content.update(std::fs::read(file).with_context(|| file.display().to_string())?);
    }
    let name = format!("{peer}-{}", &hex::encode(content.finalize())[..16]);
    let folder = cache()?.join(name);
    if !folder.join(".complete").exists() {
        println!("obtaining {peer}");
        let _ = std::fs::remove_dir_all(&folder);
        std::fs::create_dir_all(&folder)?;
        fill(&folder)?;
        std::fs::write(folder.join(".complete"), "")?;
    }
    Ok(folder)
}

fn cache() -> anyhow::Result<PathBuf> {
    let base = std::env::var_os("XDG_CACHE_HOME").filter(|path| !path.is_empty());
    let base = match base {
        Some(path) => PathBuf::from(path),
        None => PathBuf::from(std::env::var_os("HOME").context("HOME is not set")?).join(".cache"),
    };
    Ok(base.join("ai-evolution/bench"))
}

/// Runs a command to its end; its last words are the error when it fails.
fn run(command: &mut Command) -> anyhow::Result<()> {
    let program = command.get_program().to_string_lossy().into_owned();
    let output = command.output().with_context(|| program.clone())?;
    if output.status.success() {
        return Ok(());
    }
    let text = String::from_utf8_lossy(&output.stderr);
    let words: Vec<&str> = text.lines().rev().take(4).collect();
    let words: Vec<&str> = words.into_iter().rev().collect();
    bail!(
        "`{program}` failed with {}: {}",
        output.status,
        words.join(" ")
    )
}
