//! The programs beside ours, built first when we were built by Cargo from a checkout, so that they are never stale.

use std::env;
use std::ffi::OsString;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, bail, ensure};
use tokio::process::Command;

use crate::output::Screen;

/// The programs to start, and the checkout they were built from.
#[derive(Debug)]
pub(crate) struct Programs {
    pub(crate) api: PathBuf,
    pub(crate) worker: PathBuf,
    checkout: Option<PathBuf>,
}

impl Programs {
    /// How a person calls this program.
    pub(crate) fn own(&self) -> &'static str {
        match self.checkout {
            Some(_) => "cargo run --",
            None => "ai-evolution",
        }
    }

    /// The folder with sample experiments, datasets and the model server.
    pub(crate) fn examples(&self) -> anyhow::Result<PathBuf> {
        let checkout = self.checkout.as_ref();
        let checkout = checkout
            .context("the examples come with a checkout of the source, and this is none")?;
        Ok(checkout.join("examples"))
    }
}

/// Finds the programs, and builds them in a checkout.
pub(crate) async fn programs(screen: &Screen) -> anyhow::Result<Programs> {
    let own = env::current_exe().context("our own place is not known")?;
    let folder = own.parent().context("a program lies in a folder")?;
    let checkout = built_from(folder);
    if let Some(checkout) = &checkout {
        build(checkout, folder, screen).await?;
    }
    let sibling = |name: &str| {
        let path = folder.join(name);
        ensure!(
            path.is_file(),
            "`{name}` is missing in {}; install it there beside `ai-evolution`, or start `ai-evolution dev` by \
             `cargo run` in a checkout",
            folder.display()
        );
        Ok(path)
    };
    Ok(Programs {
        api: sibling("ai-evolution-api")?,
        worker: sibling("ai-evolution-worker")?,
        checkout,
    })
}

/// The checkout whose build put a program into that folder; none for an installed program.
fn built_from(folder: &Path) -> Option<PathBuf> {
    // Cargo's mark on a folder of its own.
    if !folder.join(".fingerprint").is_dir() {
        return None;
    }
    // A target folder may lie outside; then `cargo run` tells where the package is.
    let package = env::var_os("CARGO_MANIFEST_DIR").map(PathBuf::from);
    let above = folder
        .ancestors()
        .chain(package.iter().flat_map(|path| path.ancestors()));
    above
        .into_iter()
        .find(|path| {
            let has = |file: &str| path.join(file).is_file();
            has("Cargo.toml") && has("api/Cargo.toml") && has("worker/Cargo.toml")
        })
        .map(Path::to_owned)
}

async fn build(checkout: &Path, folder: &Path, screen: &Screen) -> anyhow::Result<()> {
    let profile = folder.file_name().context("a profile has a name")?;
    let target = folder
        .parent()
        .context("a profile lies in a target folder")?;
    screen.say("building the API and the worker");
    let mut command = Command::new(env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    command
        .args(["build", "--package", "api", "--package", "worker"])
        .arg("--profile")
        // The profile `dev` is the one whose folder has another name.
        .arg(if profile == "debug" {
            OsString::from("dev")
        } else {
            profile.to_owned()
        })
        .arg("--target-dir")
        .arg(target)
        .current_dir(checkout)
        .kill_on_drop(true);
    // What `cargo run` says about this package would look like a change to build scripts that ask for it.
    for (name, _) in env::vars_os() {
        let text = name.to_string_lossy();
        if text.starts_with("CARGO_PKG_") || text.starts_with("CARGO_MANIFEST_") {
            command.env_remove(&name);
        }
    }
    let status = command
        .status()
        .await
        .context("`cargo build` cannot be started")?;
    if !status.success() {
        bail!("the programs could not be built");
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    #[test]
    fn only_what_cargo_built_in_a_checkout_is_built_again() {
        let checkout = tempfile::tempdir().unwrap();
        let at = |path: &str| checkout.path().join(path);
        for folder in ["api", "worker", "target/debug/.fingerprint", "bin"] {
            fs::create_dir_all(at(folder)).unwrap();
        }
        for file in ["Cargo.toml", "api/Cargo.toml", "worker/Cargo.toml"] {
            fs::write(at(file), "").unwrap();
        }
        assert_eq!(
            built_from(&at("target/debug")),
            Some(checkout.path().to_owned())
        );
        assert_eq!(built_from(&at("bin")), None);
    }
}
