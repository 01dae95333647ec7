//! Temporal's own release, where its hash is known.

use std::env::consts::{ARCH, OS};
use std::path::Path;
use std::time::Duration;

use anyhow::{Context as _, ensure};
use sha2::{Digest, Sha256};
use tokio::process::Command;

use super::{VERSION, keep, quietly, workshop};

/// SHA-256 of the archives, by system and processor. Where there is none, nothing is fetched from here:
/// what cannot be checked is not run.
const ARCHIVES: [(&str, &str, &str, &str); 1] = [(
    "linux",
    "x86_64",
    "linux_amd64",
    "09a0326a51db84d02735e53542b9ebd8c4758daf47482a9ab0abce15844e60d5",
)];

pub(super) async fn fetch(cached: &Path) -> anyhow::Result<()> {
    let (_, _, platform, sha256) = ARCHIVES
        .iter()
        .find(|(os, arch, ..)| (*os, *arch) == (OS, ARCH))
        .with_context(|| format!("no hash is known for {OS} on {ARCH}"))?;
    let url = format!(
        "https://github.com/temporalio/cli/releases/download/v{VERSION}/temporal_cli_{VERSION}_{platform}.tar.gz"
    );
    let archive = download(&url).await?;
    let found = hex::encode(Sha256::digest(&archive));
    ensure!(
        found == *sha256,
        "{url} has the SHA-256 {found}, not {sha256}"
    );
    unpack(&archive, cached).await
}

async fn download(url: &str) -> anyhow::Result<Vec<u8>> {
    let http = reqwest::Client::builder()
        .connect_timeout(Duration::from_secs(5))
        .timeout(Duration::from_secs(300))
        .build()?;
    let answer = http.get(url).send().await?.error_for_status()?;
    Ok(answer.bytes().await?.into())
}

async fn unpack(archive: &[u8], cached: &Path) -> anyhow::Result<()> {
    let folder = workshop(cached)?;
    let file = folder.path().join("temporal.tar.gz");
    tokio::fs::write(&file, archive).await?;
    let mut tar = Command::new("tar");
    tar.arg("-xzf")
        .arg(&file)
        .arg("-C")
        .arg(folder.path())
        .arg("temporal");
    quietly(&mut tar).await?;
    keep(&folder.path().join("temporal"), cached).await
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    #[tokio::test]
    async fn the_program_is_taken_out_of_the_archive() {
        let folder = tempfile::tempdir().unwrap();
        fs::write(
            folder.path().join("temporal"),
            "#!/bin/sh\necho temporal version 1\n",
        )
        .unwrap();
        fs::write(folder.path().join("LICENSE"), "MIT").unwrap();
        let archive = folder.path().join("archive.tar.gz");
        let mut tar = Command::new("tar");
        tar.arg("-czf")
            .arg(&archive)
            .arg("-C")
            .arg(folder.path())
            .args(["LICENSE", "temporal"]);
        quietly(&mut tar).await.unwrap();
        let cached = folder.path().join("cache/temporal");
        unpack(&fs::read(archive).unwrap(), &cached).await.unwrap();
        assert!(cached.is_file());
        // Nothing else stays behind.
        assert_eq!(fs::read_dir(cached.parent().unwrap()).unwrap().count(), 1);
    }
}
