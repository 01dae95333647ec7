//! The services under test, ours and the equivalent one in Python: a Temporal development server, an API, a worker.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, Instant};

use anyhow::{Context, bail};
use harness::Client;
use harness::tools::free_port;
use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::time::sleep;

use crate::model::{Model, wait_for};
use crate::peers::FASTAPI;
use crate::peers::install::sources;
use crate::programs::{self, Program};
use crate::temporal::Bare;

const TASK_QUEUE: &str = "bench";

/// How often the status of a run is asked for.
const POLL: Duration = Duration::from_millis(20);

/// How long Temporal may take to begin.
const PATIENCE: Duration = Duration::from_secs(60);

/// A Temporal development server that keeps everything in memory.
pub(crate) struct Temporal {
    pub(crate) address: SocketAddr,
    _program: Program,
}

impl Temporal {
    pub(crate) async fn start(folder: &Path) -> anyhow::Result<Self> {
        let executable = Command::new(programs::path(programs::CLI)?)
            .arg("temporal-path")
            .output()?;
        let executable = String::from_utf8(executable.stdout)?;
        let port = free_port();
        let mut command = Command::new(executable.trim());
        command
            .args(["server", "start-dev", "--headless", "--ip", "127.0.0.1"])
            .args(["--log-level", "error", "--port", &port.to_string()]);
        let program = Program::start("temporal", &command, folder).await?;
        let address = SocketAddr::from(([127, 0, 0, 1], port));
        // It listens before it is well.
        let start = Instant::now();
        while let Err(error) = Bare::connect(address).await {
            if start.elapsed() > PATIENCE {
                return Err(error.context(format!("Temporal: {}", program.last_words())));
            }
            sleep(POLL).await;
        }
        Ok(Self {
            address,
            _program: program,
        })
    }
}

/// Whose API and worker.
#[derive(Clone, Debug)]
pub(crate) enum Maker {
    Ours,
    /// FastAPI and temporalio, run by the given Python.
    FastApi(PathBuf),
}

/// API and worker, with folders of their own.
pub(crate) struct Service {
    pub(crate) client: Client,
    pub(crate) address: SocketAddr,
    pub(crate) api: Program,
    pub(crate) worker: Option<Program>,
    maker: Maker,
    temporal: SocketAddr,
    model: String,
    folder: TempDir,
}

impl Service {
    /// Starts the API; a worker is started by [`start_worker`](Self::start_worker).
    pub(crate) async fn start(
        maker: &Maker,
        temporal: &Temporal,
        model: &Model,
    ) -> anyhow::Result<Self> {
        let folder = tempfile::tempdir()?;
        for name in ["artifacts", "datasets"] {
            std::fs::create_dir(folder.path().join(name))?;
        }
        let providers = format!("[providers.test]\nbase_url = \"{}\"\n", model.base_url());
        std::fs::write(folder.path().join("providers.toml"), providers)?;
        let address = SocketAddr::from(([127, 0, 0, 1], free_port()));
        let command = maker.api(temporal.address, address, folder.path())?;
        let api = Program::start("api", &command, folder.path()).await?;
        wait_for(address)
            .await
            .with_context(|| format!("the API: {}", api.last_words()))?;
        let service = Self {
            client: Client::new(format!("http://{address}")).unchecked(),
            address,
            api,
            worker: None,
            maker: maker.clone(),
            temporal: temporal.address,
            model: model.base_url(),
            folder,
        };
        service.wait_until_ready().await?;
        Ok(service)
    }

    /// Starts a worker, in the place of one that was killed.
    pub(crate) async fn start_worker(&mut self) -> anyhow::Result<()> {
        let folder = self.folder.path();
        let command = self.maker.worker(self.temporal, &self.model, folder)?;
        self.worker = Some(Program::start("worker", &command, folder).await?);
        Ok(())
    }

    pub(crate) fn worker(&self) -> anyhow::Result<&Program> {
        self.worker.as_ref().context("no worker is started")
    }

    /// Where a dataset is put so that the worker finds it.
    pub(crate) fn dataset(&self, name: &str) -> PathBuf {
        self.folder.path().join("datasets").join(name)
    }

    /// Creates an experiment, and gives back its id.
    pub(crate) async fn create(&self, body: &Value) -> anyhow::Result<String> {
        let answer = self.client.post("/v1/experiments", body).await;
        if answer.status != 201 {
            bail!("not created: {} {}", answer.status, answer.text);
        }
        let id = answer.json()["id"].as_str().map(str::to_owned);
        id.context("an experiment has an id")
    }

    /// Waits until an experiment is completed.
    pub(crate) async fn completed(&self, id: &str, deadline: Duration) -> anyhow::Result<Value> {
        let start = Instant::now();
        loop {
            let experiment = self.client.experiment(id).await;
            match experiment["status"].as_str() {
                Some("completed") => return Ok(experiment),
                Some("running") if start.elapsed() < deadline => {}
                _ => {
                    let worker = self.worker().map_or(String::new(), Program::last_words);
                    bail!("after {:?}: {experiment}; {worker}", start.elapsed())
                }
            }
            sleep(POLL).await;
        }
    }

    /// Waits until the API can speak to Temporal.
    async fn wait_until_ready(&self) -> anyhow::Result<()> {
        let start = Instant::now();
        loop {
            let answer = self.client.get("/readyz").await;
            match answer.status {
                200 => return Ok(()),
                _ if start.elapsed() > Duration::from_secs(60) => {
                    bail!("the API is not ready: {}", answer.text)
                }
                _ => sleep(POLL).await,
            }
        }
    }
}

/// An experiment that asks the model for each item of a file, and expects the prompt as its answer.
pub(crate) fn experiment(file: &str, concurrency: u32) -> Value {
    let mut body = harness::experiments::asked(harness::experiments::file(file));
    body["config"]["execution"] = json!({"concurrency_limit": concurrency});
    body
}

impl Maker {
    fn api(
        &self,
        temporal: SocketAddr,
        listen: SocketAddr,
        folder: &Path,
    ) -> anyhow::Result<Command> {
        match self {
            Self::Ours => {
                let mut command = ours(programs::API, temporal, folder)?;
                command.env("LISTEN", listen.to_string());
                Ok(command)
            }
            Self::FastApi(python) => {
                let mut command = Command::new(python);
                command
                    .arg(sources(FASTAPI).join("service.py"))
                    .arg(temporal.to_string())
                    .arg(listen.port().to_string());
                Ok(command)
            }
        }
    }

    fn worker(
        &self,
        temporal: SocketAddr,
        base_url: &str,
        folder: &Path,
    ) -> anyhow::Result<Command> {
        match self {
            Self::Ours => {
                let mut command = ours(programs::WORKER, temporal, folder)?;
                command
                    .env("DATASETS", folder.join("datasets"))
                    .env("PROVIDERS", folder.join("providers.toml"));
                Ok(command)
            }
            Self::FastApi(python) => {
                let mut command = Command::new(python);
                command
                    .arg(sources(FASTAPI).join("worker.py"))
                    .args([&temporal.to_string(), base_url])
                    .args([folder.join("datasets"), folder.join("artifacts")]);
                Ok(command)
            }
        }
    }
}

fn ours(program: &str, temporal: SocketAddr, folder: &Path) -> anyhow::Result<Command> {
    let mut command = Command::new(programs::path(program)?);
    command
        .current_dir(folder)
        .env("TEMPORAL_HOST", temporal.to_string())
        .env("TEMPORAL_NAMESPACE", "default")
        .env("TEMPORAL_TASK_QUEUE", TASK_QUEUE)
        .env("ARTIFACTS", folder.join("artifacts"));
    Ok(command)
}
