//! The model server as the benchmarks use it: started once for each, asked what it has seen, reset between runs.

use std::net::SocketAddr;
use std::path::Path;
use std::process::Command;
use std::time::{Duration, Instant};

use anyhow::Context;
use harness::tools::free_port;

use crate::http::Connection;
use crate::model_server::Stats;
use crate::programs::Program;

/// A running model server.
pub(crate) struct Model {
    pub(crate) address: SocketAddr,
    program: Program,
}

impl Model {
    pub(crate) async fn start(latency: Duration, folder: &Path) -> anyhow::Result<Self> {
        let address = SocketAddr::from(([127, 0, 0, 1], free_port()));
        let mut command = Command::new(std::env::current_exe()?);
        command
            .args(["model-server", "--listen", &address.to_string()])
            .args(["--latency", &format!("{}us", latency.as_micros())]);
        let program = Program::start("model-server", &command, folder).await?;
        let model = Self { address, program };
        wait_for(address)
            .await
            .with_context(|| format!("the model server: {}", model.program.last_words()))?;
        Ok(model)
    }

    /// Where clients of OpenAI's protocol find it.
    pub(crate) fn base_url(&self) -> String {
        format!("http://{}/v1", self.address)
    }

    pub(crate) async fn stats(&self) -> anyhow::Result<Stats> {
        let mut connection = Connection::open(self.address).await?;
        Ok(serde_json::from_slice(
            connection.get("/stats").await?.expect(200)?,
        )?)
    }

    /// Forgets everything.
    pub(crate) async fn reset(&self) -> anyhow::Result<()> {
        let mut connection = Connection::open(self.address).await?;
        connection.post("/reset", "").await?.expect(200)?;
        Ok(())
    }

    /// Takes note of the next call.
    pub(crate) async fn mark(&self) -> anyhow::Result<()> {
        let mut connection = Connection::open(self.address).await?;
        connection.post("/mark", "").await?.expect(200)?;
        Ok(())
    }

    /// Waits until there were so many calls; false when `ended` says that there will be no more.
    pub(crate) async fn has_been_called(
        &self,
        times: u64,
        deadline: Duration,
        mut ended: impl FnMut() -> bool,
    ) -> anyhow::Result<bool> {
        let start = Instant::now();
        let mut connection = Connection::open(self.address).await?;
        while start.elapsed() < deadline {
            let stats: Stats =
                serde_json::from_slice(connection.get("/stats").await?.expect(200)?)?;
            if stats.calls >= times {
                return Ok(true);
            }
            if ended() {
                return Ok(false);
            }
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        Ok(false)
    }

    pub(crate) fn cpu(&self) -> anyhow::Result<f64> {
        self.program.cpu()
    }
}

/// Waits until somebody listens.
pub(crate) async fn wait_for(address: SocketAddr) -> anyhow::Result<()> {
    let start = Instant::now();
    loop {
        match Connection::open(address).await {
            Ok(_) => return Ok(()),
            Err(error) if start.elapsed() > Duration::from_secs(60) => return Err(error),
            Err(_) => tokio::time::sleep(Duration::from_millis(10)).await,
        }
    }
}
