//! The programs of one test: an API and workers, with a task queue and folders of their own.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use tempfile::TempDir;
use tokio::sync::{Semaphore, SemaphorePermit};

use crate::client::Client;
use crate::faults::Faults;
use crate::model_server::ModelServer;
use crate::process::Process;
use crate::programs;
use crate::temporal::{self, TemporalServer};
use crate::wait::eventually;

/// Stacks at once; a small machine is not asked for more.
static TURNS: Semaphore = Semaphore::const_new(4);
static STACKS: AtomicU32 = AtomicU32::new(0);

const START: Duration = Duration::from_secs(60);

/// An API and workers. Dropping it ends them, and prints their logs if the test has failed.
pub struct Stack {
    pub task_queue: String,
    temporal: String,
    folder: TempDir,
    artifacts: String,
    datasets: PathBuf,
    /// Set, or taken away where there is no value.
    environment: Vec<(String, Option<String>)>,
    providers: Vec<String>,
    api: Option<(Process, Client)>,
    workers: Vec<Process>,
    workers_started: u32,
    _turn: SemaphorePermit<'static>,
}

impl Stack {
    /// An API and a worker on the shared Temporal server.
    pub async fn start() -> Self {
        let mut stack = Self::prepare(temporal::shared().await).await;
        stack.start_api().await;
        stack.start_worker();
        stack
    }

    /// The same, with a model server as the provider `test`.
    pub async fn with_model(server: &ModelServer) -> Self {
        let mut stack = Self::prepare(temporal::shared().await).await;
        stack.provider("test", &server.base_url());
        stack.start_api().await;
        stack.start_worker();
        stack
    }

    /// Only the folders and names; nothing is started.
    pub async fn prepare(temporal: &TemporalServer) -> Self {
        let turn = TURNS.acquire().await.expect("it is never closed");
        let folder = tempfile::tempdir().expect("a temporary folder can be made");
        for name in ["artifacts", "datasets"] {
            std::fs::create_dir(folder.path().join(name)).expect("a folder can be made");
        }
        let number = STACKS.fetch_add(1, Ordering::Relaxed);
        Self {
            task_queue: format!("test-{}-{number}", std::process::id()),
            temporal: temporal.address.clone(),
            artifacts: text(&folder.path().join("artifacts")),
            datasets: folder.path().join("datasets"),
            folder,
            environment: Vec::new(),
            providers: Vec::new(),
            api: None,
            workers: Vec::new(),
            workers_started: 0,
            _turn: turn,
        }
    }

    /// The folder of this stack, for files of the test's own.
    pub fn folder(&self) -> &Path {
        self.folder.path()
    }

    pub fn artifacts(&self) -> PathBuf {
        self.folder.path().join("artifacts")
    }

    pub fn datasets(&self) -> &Path {
        &self.datasets
    }

    /// Keeps artifacts elsewhere than in the folder of the stack.
    pub fn keep_artifacts_at(&mut self, location: &str) {
        self.artifacts = location.to_owned();
    }

    /// Reads datasets from elsewhere than the folder of the stack.
    pub fn keep_datasets_at(&mut self, folder: &Path) {
        self.datasets = folder.to_owned();
    }

    /// Sets a variable of both programs, from their next start on.
    pub fn set(&mut self, name: &str, value: &str) {
        let value = Some(value.to_owned());
        self.environment.push((name.to_owned(), value));
    }

    /// Takes a variable away from both programs, from their next start on.
    pub fn unset(&mut self, name: &str) {
        self.environment.push((name.to_owned(), None));
    }

    /// Makes the machine of the programs that start from now on one that may fail, in the ways that the handles offer.
    pub async fn with_faults(&mut self) -> Faults {
        let faults = Faults::prepare(self.folder(), &self.artifacts()).await;
        for (name, value) in faults.environment() {
            self.set(name, &text(value));
        }
        faults
    }

    /// Writes a file into the dataset folder.
    pub fn dataset(&self, name: &str, content: &str) {
        std::fs::write(self.datasets().join(name), content).expect("a file can be written");
    }

    /// Adds a provider to the table of the workers.
    pub fn provider(&mut self, name: &str, base_url: &str) {
        self.providers
            .push(format!("[providers.{name}]\nbase_url = \"{base_url}\"\n"));
        self.write_providers();
    }

    /// Adds a provider whose API key is in a variable of the workers.
    pub fn provider_with_key(&mut self, name: &str, base_url: &str, variable: &str) {
        self.providers.push(format!(
            "[providers.{name}]\nbase_url = \"{base_url}\"\napi_key_env = \"{variable}\"\n"
        ));
        self.write_providers();
    }

    /// Adds a provider with more lines in its entry, as a table has them.
    pub fn provider_with(&mut self, name: &str, base_url: &str, extra_toml: &str) {
        self.providers.push(format!(
            "[providers.{name}]\nbase_url = \"{base_url}\"\n{extra_toml}\n"
        ));
        self.write_providers();
    }

    /// Adds a webhook to the table of the workers, with a secret in a variable of theirs.
    pub fn webhook(&mut self, name: &str, url: &str, variable: &str) {
        self.providers.push(format!(
            "[webhooks.{name}]\nurl = \"{url}\"\nsecret_env = \"{variable}\"\n"
        ));
        self.write_providers();
    }

    fn write_providers(&self) {
        std::fs::write(self.providers_file(), self.providers.concat())
            .expect("a file can be written");
    }

    fn providers_file(&self) -> PathBuf {
        self.folder.path().join("providers.toml")
    }

    /// The API that is running.
    pub fn api(&self) -> &Client {
        let (_, client) = self.api.as_ref().expect("the API is started");
        client
    }

    /// Starts the API, or another one in its place, and waits until it answers.
    pub async fn start_api(&mut self) {
        self.api = None;
        let port_file = self.folder.path().join("api.port");
        let _ = std::fs::remove_file(&port_file);
        let mut command = self.command(programs::API);
        command
            .env("LISTEN", "127.0.0.1:0")
            .arg("--port-file")
            .arg(&port_file);
        let log = self.folder.path().join("api.log");
        let mut process = Process::start("api", command, &log).expect("the API starts");
        let base = eventually("the API says where it listens", START, async || {
            if let Some(status) = process.ended() {
                panic!("the API has ended with {status}: {}", process.log());
            }
            let content = std::fs::read_to_string(&port_file).map_err(|error| error.to_string())?;
            match content.trim() {
                "" => Err("an empty file".to_owned()),
                address if address.contains(':') => Ok(format!("http://{address}")),
                port => Ok(format!("http://127.0.0.1:{port}")),
            }
        })
        .await;
        let client = Client::new(base);
        eventually("the API is up", START, async || {
            let answer = client
                .try_send(client.request(reqwest::Method::GET, "/healthz"))
                .await?;
            match answer.status {
                200 => Ok(()),
                status => Err(format!("{status} {}", answer.text)),
            }
        })
        .await;
        self.api = Some((process, client));
    }

    /// Starts one more worker, which takes work as soon as it is connected.
    pub fn start_worker(&mut self) {
        let mut command = self.command(programs::WORKER);
        command.env("DATASETS", &self.datasets);
        if !self.providers.is_empty() {
            command.env("PROVIDERS", self.providers_file());
        }
        let name = format!("worker-{}", self.workers_started);
        self.workers_started += 1;
        let log = self.folder.path().join(format!("{name}.log"));
        let process = Process::start(&name, command, &log).expect("the worker starts");
        self.workers.push(process);
    }

    /// The worker started first among those that run.
    pub fn worker(&mut self) -> &mut Process {
        self.workers.first_mut().expect("a worker is started")
    }

    /// Takes that worker out, to be killed or waited for.
    pub fn take_worker(&mut self) -> Process {
        self.workers.remove(0)
    }

    /// The API's process.
    pub fn api_process(&self) -> &Process {
        let (process, _) = self.api.as_ref().expect("the API is started");
        process
    }

    /// Takes the API out, to be waited for.
    pub fn take_api(&mut self) -> Process {
        let (process, _) = self.api.take().expect("the API is started");
        process
    }

    /// What all programs have written so far.
    pub fn logs(&self) -> String {
        let mut logs = String::new();
        let entries = std::fs::read_dir(self.folder.path()).expect("the folder can be read");
        for path in entries.flatten().map(|entry| entry.path()) {
            if path.extension().is_some_and(|extension| extension == "log") {
                let log = std::fs::read(&path).unwrap_or_default();
                logs += &format!("==> {} <==\n", path.display());
                logs += &String::from_utf8_lossy(&log);
            }
        }
        logs
    }

    /// A program with nothing of the environment of the tests but PATH and HOME.
    fn command(&self, program: &str) -> Command {
        let mut command = Command::new(programs::path(program));
        command.current_dir(self.folder.path()).env_clear();
        for name in ["PATH", "HOME"] {
            if let Some(value) = std::env::var_os(name) {
                command.env(name, value);
            }
        }
        command
            .env("TEMPORAL_HOST", &self.temporal)
            .env("TEMPORAL_NAMESPACE", "default")
            .env("TEMPORAL_TASK_QUEUE", &self.task_queue)
            .env("ARTIFACTS", &self.artifacts);
        for (name, value) in &self.environment {
            match value {
                Some(value) => command.env(name, value),
                None => command.env_remove(name),
            };
        }
        command
    }
}

impl Drop for Stack {
    fn drop(&mut self) {
        if std::thread::panicking() {
            const SHOWN: usize = 20_000;
            let logs = self.logs();
            let from = logs.ceil_char_boundary(logs.len().saturating_sub(SHOWN));
            eprintln!("{}", &logs[from..]);
        }
    }
}

fn text(path: &Path) -> String {
    path.to_str()
        .expect("temporary folders have plain names")
        .to_owned()
}
