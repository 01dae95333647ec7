//! Real Temporal servers: one that all tests share, private ones for tests that take them away, and what they record.

use std::collections::BTreeSet;
use std::path::PathBuf;
use std::process::Command;
use std::time::Duration;

use base64::prelude::{BASE64_STANDARD, Engine as _};
use serde_json::Value;
use tempfile::TempDir;
use tokio::sync::{Mutex, OnceCell};

use crate::process::Process;
use crate::programs;
use crate::tools::free_port;
use crate::wait::eventually;

const START: Duration = Duration::from_secs(60);

/// A development server.
pub struct TemporalServer {
    pub address: String,
    executable: PathBuf,
    port: u16,
    folder: TempDir,
    process: Mutex<Option<Process>>,
    /// Whether what it knows is kept in a file, and so survives its death.
    durable: bool,
    /// Whether what experiments are found by is registered at its start.
    set_up: bool,
}

/// The server that tests share: started by the first that asks, gone with the test process.
pub async fn shared() -> &'static TemporalServer {
    static SERVER: OnceCell<TemporalServer> = OnceCell::const_new();
    SERVER
        .get_or_init(|| async {
            let server = TemporalServer::prepare(false).await;
            server.start().await;
            server
        })
        .await
}

/// The executable, obtained by the command-line program if it is not there.
async fn executable() -> PathBuf {
    static PATH: OnceCell<PathBuf> = OnceCell::const_new();
    PATH.get_or_init(|| async {
        let output = tokio::process::Command::new(programs::path(programs::CLI))
            .arg("temporal-path")
            .output()
            .await
            .expect("the command-line program starts");
        let answer = String::from_utf8_lossy(&output.stdout);
        assert!(
            output.status.success(),
            "`ai-evolution temporal-path` failed: {}",
            String::from_utf8_lossy(&output.stderr)
        );
        PathBuf::from(answer.trim())
    })
    .await
    .clone()
}

impl TemporalServer {
    /// A server of the test's own on which nothing is registered, started.
    pub async fn bare() -> Self {
        let mut server = Self::prepare(false).await;
        server.set_up = false;
        server.start().await;
        server
    }

    /// A server of the test's own, not yet started, that keeps what it knows in a file.
    pub async fn private() -> Self {
        Self::prepare(true).await
    }

    async fn prepare(durable: bool) -> Self {
        let port = free_port();
        Self {
            address: format!("127.0.0.1:{port}"),
            executable: executable().await,
            port,
            folder: tempfile::tempdir().expect("a temporary folder can be made"),
            process: Mutex::new(None),
            durable,
            set_up: true,
        }
    }

    /// Registers what experiments are found by.
    pub async fn set_up(&self) {
        let output = tokio::process::Command::new(programs::path(programs::API))
            .args(["setup", "--temporal-host", &self.address])
            .output()
            .await
            .expect("the API's program starts");
        assert!(output.status.success(), "{output:?}");
    }

    /// Starts it, again after [`kill`](Self::kill) at the same address, and waits until it answers.
    pub async fn start(&self) {
        let mut command = Command::new(&self.executable);
        command
            .args(["server", "start-dev", "--headless", "--ip", "127.0.0.1"])
            .args(["--log-level", "error", "--port", &self.port.to_string()]);
        if self.durable {
            command
                .arg("--db-filename")
                .arg(self.folder.path().join("temporal.db"));
        }
        let log = self.folder.path().join("temporal.log");
        let process = Process::start("Temporal", command, &log).expect("Temporal starts");
        *self.process.lock().await = Some(process);
        eventually("Temporal answers", START, async || {
            self.ask(&["operator", "namespace", "describe", "default"])
                .await
        })
        .await;
        if self.set_up {
            self.set_up().await;
        }
    }

    /// Takes it away at once.
    pub async fn kill(&self) {
        if let Some(process) = self.process.lock().await.take() {
            process.kill();
        }
    }

    /// The whole history of a workflow's current run: as the server gives it, then every payload in it, decoded.
    pub async fn history(&self, workflow_id: &str) -> History {
        let text = self
            .ask(&["workflow", "show", "-w", workflow_id, "--output", "json"])
            .await
            .expect("the history can be read");
        let json: Value = serde_json::from_str(&text).expect("a history is JSON");
        let mut payloads = Vec::new();
        collect_payloads(&json, &mut payloads);
        History { json, payloads }
    }

    /// How many workflows, open or closed, belong to a task queue.
    pub async fn workflows_on(&self, task_queue: &str) -> u64 {
        let query = format!("TaskQueue = '{task_queue}'");
        let text = self
            .ask(&["workflow", "count", "--query", &query, "--output", "json"])
            .await
            .expect("workflows can be counted");
        let json: Value = serde_json::from_str(&text).expect("a count is JSON");
        // The server leaves a count of zero out.
        json["count"]
            .as_str()
            .map_or(0, |count| count.parse().expect("a count is a number"))
    }

    /// How many workers ask a task queue for activities.
    pub async fn workers_on(&self, task_queue: &str) -> usize {
        let text = self
            .ask(&[
                "task-queue",
                "describe",
                "--task-queue",
                task_queue,
                "--output",
                "json",
            ])
            .await
            .expect("a task queue can be described");
        let json: Value = serde_json::from_str(&text).expect("a description is JSON");
        let pollers = json["pollers"].as_array().map_or(&[][..], Vec::as_slice);
        let identities = pollers
            .iter()
            .filter(|poller| poller["taskQueueType"] == "activity")
            .filter_map(|poller| poller["identity"].as_str());
        identities.collect::<BTreeSet<_>>().len()
    }

    /// Runs the Temporal command-line program against this server.
    pub async fn ask(&self, arguments: &[&str]) -> Result<String, String> {
        let output = tokio::process::Command::new(&self.executable)
            .args(arguments)
            .args(["--address", &self.address])
            .output()
            .await
            .map_err(|error| error.to_string())?;
        match output.status.success() {
            true => Ok(String::from_utf8_lossy(&output.stdout).into_owned()),
            false => Err(String::from_utf8_lossy(&output.stderr).into_owned()),
        }
    }
}

/// What Temporal keeps of a workflow.
pub struct History {
    pub json: Value,
    /// Every payload in it, decoded.
    pub payloads: Vec<String>,
}

impl History {
    pub fn events(&self) -> usize {
        self.json["events"].as_array().map_or(0, Vec::len)
    }

    /// Whether a text stands anywhere in it.
    pub fn mentions(&self, text: &str) -> bool {
        self.json.to_string().contains(text)
            || self.payloads.iter().any(|payload| payload.contains(text))
    }
}

fn collect_payloads(json: &Value, payloads: &mut Vec<String>) {
    match json {
        Value::Object(fields) => {
            if let Some(Value::String(data)) = fields.get("data")
                && let Ok(bytes) = BASE64_STANDARD.decode(data)
            {
                payloads.push(String::from_utf8_lossy(&bytes).into_owned());
            }
            fields
                .values()
                .for_each(|value| collect_payloads(value, payloads));
        }
        Value::Array(values) => values
            .iter()
            .for_each(|value| collect_payloads(value, payloads)),
        _ => {}
    }
}
