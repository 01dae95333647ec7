//! A small language model on this machine: SmolLM2 behind llama.cpp's server, in a Python environment of its own.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::Duration;

use anyhow::{Context as _, ensure};
use sha2::{Digest, Sha256};
use tokio::process::Command;

use super::process::{Launch, Role};
use crate::output::Screen;

/// The model server, installed.
pub(crate) struct Model {
    python: PathBuf,
    script: PathBuf,
}

impl Model {
    /// Installs it into the cache, once for each state of its requirements.
    pub(crate) async fn install(
        cache: &Path,
        examples: PathBuf,
        screen: &Screen,
    ) -> anyhow::Result<Self> {
        let requirements = examples.join("requirements-model.txt");
        let text = fs::read(&requirements)
            .with_context(|| format!("`{}` cannot be read", requirements.display()))?;
        let hash = hex::encode(Sha256::digest(&text));
        let venv = cache.join("model").join(&hash[..12]);
        let model = Self {
            python: venv.join("bin/python"),
            script: examples.join("serve_model.py"),
        };
        let done = venv.join("complete");
        if done.is_file() {
            return Ok(model);
        }
        screen.say(format!(
            "installing the model and its server into {} (about 220 MB, once)",
            venv.display()
        ));
        if venv.exists() {
            fs::remove_dir_all(&venv)?;
        }
        let mut create = Command::new("python3");
        create.args(["-m", "venv"]).arg(&venv);
        succeed(&mut create)
            .await
            .context("Python 3 with venv is needed")?;
        let mut install = Command::new(&model.python);
        install
            .args([
                "-m",
                "pip",
                "install",
                "--no-input",
                "--disable-pip-version-check",
            ])
            .args(["--require-hashes", "--no-deps", "--requirement"])
            .arg(&requirements);
        succeed(&mut install)
            .await
            .context("the model could not be installed")?;
        fs::write(done, "")?;
        Ok(model)
    }

    pub(crate) fn launch(&self, port: u16) -> Launch {
        Launch {
            name: "model".to_owned(),
            role: Role::Server,
            program: self.python.clone(),
            args: vec![self.script.clone().into(), port.to_string().into()],
            env: Vec::new(),
        }
    }
}

/// Whether the model server on that port answers.
pub(crate) async fn answers(port: u16) -> anyhow::Result<()> {
    let http = reqwest::Client::builder()
        .no_proxy()
        .timeout(Duration::from_secs(5))
        .build()?;
    let url = format!("http://127.0.0.1:{port}/v1/models");
    http.get(url).send().await?.error_for_status()?;
    Ok(())
}

/// Runs a command that shows its own progress.
async fn succeed(command: &mut Command) -> anyhow::Result<()> {
    let name = command
        .as_std()
        .get_program()
        .to_string_lossy()
        .into_owned();
    let status = command
        .stdin(Stdio::null())
        .kill_on_drop(true)
        .status()
        .await;
    let status = status.with_context(|| format!("`{name}` cannot be started"))?;
    ensure!(status.success(), "`{name}` failed ({status})");
    Ok(())
}
