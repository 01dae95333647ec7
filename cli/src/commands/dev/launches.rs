//! How each part is started: its program, its arguments and its environment.

use std::ffi::OsString;
use std::path::{Path, PathBuf};

use super::checkout::Programs;
use super::folders::Folders;
use super::ports::Ports;
use super::process::{Launch, Role};

/// How long a program may take to hand its work over: less than we wait for it.
const DRAIN: &str = "10s";

/// What the parts are told about each other.
pub(crate) struct Environment<'a> {
    folders: &'a Folders,
    ports: &'a Ports,
    programs: &'a Programs,
    datasets: PathBuf,
}

impl<'a> Environment<'a> {
    pub(crate) fn new(
        folders: &'a Folders,
        ports: &'a Ports,
        programs: &'a Programs,
    ) -> anyhow::Result<Self> {
        let datasets = match programs.examples() {
            Ok(examples) => examples.join("datasets"),
            Err(_) => folders.datasets()?,
        };
        Ok(Self {
            folders,
            ports,
            programs,
            datasets,
        })
    }

    pub(crate) fn temporal(&self, program: &Path) -> Launch {
        let mut args: Vec<OsString> = [
            "server",
            "start-dev",
            "--ip",
            "127.0.0.1",
            "--ui-ip",
            "127.0.0.1",
        ]
        .map(OsString::from)
        .to_vec();
        args.extend(["--port".into(), self.ports.temporal.to_string().into()]);
        args.extend(["--ui-port".into(), self.ports.ui.to_string().into()]);
        args.extend([
            "--db-filename".into(),
            self.folders.data.join("temporal.db").into(),
        ]);
        args.extend(["--log-level".into(), "error".into()]);
        Launch {
            name: "temporal".to_owned(),
            role: Role::Server,
            program: program.to_owned(),
            args,
            env: Vec::new(),
        }
    }

    pub(crate) fn worker(&self, number: u16, has_model: bool) -> Launch {
        let mut env = self.shared();
        env.push(("DATASETS", self.datasets.clone().into()));
        env.push(("SHUTDOWN_TIMEOUT", DRAIN.into()));
        if has_model {
            env.push(("PROVIDERS", self.folders.providers().into()));
        }
        Launch {
            name: format!("worker-{number}"),
            role: Role::Worker,
            program: self.programs.worker.clone(),
            args: Vec::new(),
            env,
        }
    }

    pub(crate) fn api(&self) -> Launch {
        let mut env = self.shared();
        env.push(("LISTEN", format!("127.0.0.1:{}", self.ports.api).into()));
        env.push(("TEMPORAL_UI", self.ports.ui_url().into()));
        env.push(("DRAIN_TIMEOUT", DRAIN.into()));
        Launch {
            name: "api".to_owned(),
            role: Role::Api,
            program: self.programs.api.clone(),
            args: Vec::new(),
            env,
        }
    }

    /// Prepares Temporal, and ends.
    pub(crate) fn setup(&self) -> Launch {
        Launch {
            name: "setup".to_owned(),
            role: Role::Server,
            program: self.programs.api.clone(),
            args: vec!["setup".into()],
            env: self.shared(),
        }
    }

    fn shared(&self) -> Vec<(&'static str, OsString)> {
        vec![
            (
                "TEMPORAL_HOST",
                format!("127.0.0.1:{}", self.ports.temporal).into(),
            ),
            ("TEMPORAL_NAMESPACE", "default".into()),
            // The user's profiles are about other servers than ours.
            ("TEMPORAL_CONFIG_FILE", "/dev/null".into()),
            ("TEMPORAL_TASK_QUEUE", "ai-evolution".into()),
            ("ARTIFACTS", self.folders.artifacts().into()),
        ]
    }
}
