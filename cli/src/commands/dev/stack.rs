//! The parts together: started one after the other, watched, and stopped in the order in which they need each other.

use std::collections::HashMap;
use std::fs;
use std::path::PathBuf;
use std::time::Duration;

use anyhow::{Context as _, anyhow};
use tokio::time::{Instant, sleep, timeout};

use super::interrupts::Interrupts;
use super::process::{Launch, Process, Role};
use crate::output::Screen;
use crate::output::words::{one_line, printable};

/// How often processes are looked after.
const LOOK: Duration = Duration::from_millis(100);
/// How long a part may take to end by itself.
const STOP_LIMIT: Duration = Duration::from_secs(15);
/// How long a worker stays away before it is started again.
const WORKER_PAUSE: Duration = Duration::from_secs(1);
/// How long something may take before we say what it waits for.
const SILENCE: Duration = Duration::from_secs(5);

/// The parts, in the order of their start.
pub(crate) struct Stack {
    logs: PathBuf,
    screen: Screen,
    processes: Vec<Process>,
    /// When to start workers again, by their place in the list.
    restarts: HashMap<usize, Instant>,
}

impl Stack {
    pub(crate) fn new(logs: PathBuf, screen: Screen) -> Self {
        Self {
            logs,
            screen,
            processes: Vec::new(),
            restarts: HashMap::new(),
        }
    }

    /// Starts a part with a fresh log.
    pub(crate) fn start(&mut self, launch: Launch) -> anyhow::Result<()> {
        let log = self.logs.join(&launch.name).with_extension("log");
        fs::write(&log, "").with_context(|| format!("`{}` cannot be written", log.display()))?;
        self.screen.say(format!("starting {}", launch.name));
        self.processes.push(Process::start(launch, log)?);
        Ok(())
    }

    /// Looks after the parts until the probe succeeds.
    pub(crate) async fn until<F>(
        &mut self,
        what: &str,
        limit: Duration,
        mut probe: impl FnMut() -> F,
    ) -> anyhow::Result<()>
    where
        F: Future<Output = anyhow::Result<()>>,
    {
        let start = Instant::now();
        let mut has_spoken = false;
        loop {
            self.look()?;
            let Err(error) = probe().await else {
                return Ok(());
            };
            if start.elapsed() > limit {
                return Err(error).with_context(|| {
                    format!(
                        "{what} is not ready after {limit:?}; see {}",
                        self.logs.display()
                    )
                });
            }
            if start.elapsed() > SILENCE && !has_spoken {
                let reason = one_line(&format!("{error:#}"), 300);
                self.screen.say(format!("waiting for {what}: {reason}"));
                has_spoken = true;
            }
            sleep(LOOK).await;
        }
    }

    /// Looks after the parts until one fails that the others cannot do without.
    pub(crate) async fn supervise(&mut self) -> anyhow::Result<()> {
        loop {
            self.look()?;
            sleep(LOOK).await;
        }
    }

    /// Stops all parts. Another interrupt meanwhile kills what is left.
    pub(crate) async fn stop(&mut self, interrupts: &mut Interrupts) {
        if self.processes.is_empty() {
            return;
        }
        self.screen.say("stopping; Ctrl-C stops at once");
        self.restarts.clear();
        for is_server in [false, true] {
            let mut group: Vec<&mut Process> = self
                .processes
                .iter_mut()
                .filter(|process| (process.launch.role == Role::Server) == is_server)
                .collect();
            for process in &mut group {
                process.stop().await;
            }
            let is_gentle = tokio::select! {
                result = timeout(STOP_LIMIT, all_ended(&mut group)) => result.is_ok(),
                () = interrupts.next() => false,
            };
            if !is_gentle {
                for process in &mut group {
                    process.kill().await;
                }
                let _ = timeout(STOP_LIMIT, all_ended(&mut group)).await;
            }
        }
    }

    /// Starts workers again that have died, and fails when something else has.
    fn look(&mut self) -> anyhow::Result<()> {
        let now = Instant::now();
        for (place, process) in self.processes.iter_mut().enumerate() {
            let Some(status) = process.ended()? else {
                continue;
            };
            let name = &process.launch.name;
            let log = self.logs.join(name).with_extension("log");
            if process.launch.role != Role::Worker {
                return Err(anyhow!(
                    "{name} ended by itself ({status}); the end of {}:\n{}",
                    log.display(),
                    printable(&process.last_lines(20))
                ));
            }
            match self.restarts.get(&place) {
                None => {
                    self.screen.say(format!(
                        "{name} ended by itself ({status}), see {}; starting it again",
                        log.display()
                    ));
                    self.restarts.insert(place, now + WORKER_PAUSE);
                }
                Some(when) if *when <= now => {
                    *process = Process::start(process.launch.clone(), log)?;
                    self.restarts.remove(&place);
                }
                Some(_) => {}
            }
        }
        Ok(())
    }
}

async fn all_ended(group: &mut [&mut Process]) {
    // An error means that it cannot be waited for any more.
    while group
        .iter_mut()
        .any(|process| matches!(process.ended(), Ok(None)))
    {
        sleep(LOOK).await;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn launch(name: &str, role: Role, script: &str) -> Launch {
        Launch {
            name: name.to_owned(),
            role,
            program: "sh".into(),
            args: vec!["-c".into(), script.into()],
            env: Vec::new(),
        }
    }

    #[tokio::test]
    async fn a_server_that_dies_ends_everything_with_its_last_words() {
        let logs = tempfile::tempdir().unwrap();
        let mut stack = Stack::new(logs.path().to_owned(), Screen::new());
        stack
            .start(launch("api", Role::Api, "echo port taken; exit 4"))
            .unwrap();
        let error = stack.supervise().await.unwrap_err().to_string();
        assert!(
            error.contains("port taken") && error.contains("exit status: 4"),
            "{error}"
        );
    }

    #[tokio::test]
    async fn a_worker_that_dies_is_started_again() {
        let logs = tempfile::tempdir().unwrap();
        let mut stack = Stack::new(logs.path().to_owned(), Screen::new());
        stack
            .start(launch("worker-1", Role::Worker, "echo here"))
            .unwrap();
        let log = logs.path().join("worker-1.log");
        let twice = || async {
            let lines = fs::read_to_string(&log)?.lines().count();
            anyhow::ensure!(lines >= 2, "it was started {lines} times");
            Ok(())
        };
        stack
            .until("the worker", Duration::from_secs(20), twice)
            .await
            .unwrap();
    }

    #[tokio::test]
    async fn what_servers_serve_ends_before_them() {
        let folder = tempfile::tempdir().unwrap();
        let order = folder.path().join("order");
        let script = |name: &str| {
            let order = order.display();
            format!(
                "trap 'echo {name} >> {order}; exit' TERM; echo up; while :; do sleep 0.05; done"
            )
        };
        let mut stack = Stack::new(folder.path().to_owned(), Screen::new());
        for (name, role) in [("temporal", Role::Server), ("worker-1", Role::Worker)] {
            stack.start(launch(name, role, &script(name))).unwrap();
            let log = folder.path().join(name).with_extension("log");
            let up = || async {
                anyhow::ensure!(fs::read_to_string(&log)?.contains("up"), "not up");
                Ok(())
            };
            stack
                .until(name, Duration::from_secs(20), up)
                .await
                .unwrap();
        }
        stack.stop(&mut Interrupts::new().unwrap()).await;
        assert_eq!(fs::read_to_string(&order).unwrap(), "worker-1\ntemporal\n");
    }
}
