//! Where the programs under test are (beside this executable, of the same profile), and processes that can be measured.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use anyhow::{Context, bail};
use harness::Process;

pub(crate) const API: &str = "ai-evolution-api";
pub(crate) const WORKER: &str = "ai-evolution-worker";
pub(crate) const CLI: &str = "ai-evolution";

/// Ticks of the kernel's clock of CPU time, a second; the same on every Linux.
const TICKS: f64 = 100.0;

/// The executable of a program of this repository.
pub(crate) fn path(program: &str) -> anyhow::Result<PathBuf> {
    let this = std::env::current_exe()?;
    let folder = this.parent().context("an executable is in a folder")?;
    let path = folder.join(program);
    if !path.exists() {
        let profile = if is_release() { " --release" } else { "" };
        bail!("`{program}` is missing: run `cargo build{profile} -p api -p worker -p cli` first");
    }
    Ok(path)
}

/// Whether this is an optimised build, and so the programs beside it.
pub(crate) fn is_release() -> bool {
    !cfg!(debug_assertions)
}

/// The root of the repository.
pub(crate) fn repository() -> &'static Path {
    Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/.."))
}

/// A process whose id is known. It dies with this one.
pub(crate) struct Program {
    process: Process,
    pid: u32,
}

impl Program {
    /// Starts a command; its output goes to `<name>.log` in the folder.
    pub(crate) async fn start(
        name: &str,
        command: &Command,
        folder: &Path,
    ) -> anyhow::Result<Self> {
        let file = folder.join(format!("{name}.pid"));
        let _ = std::fs::remove_file(&file);
        let log = folder.join(format!("{name}.log"));
        let process = Process::start(name, behind_shell(command, &file), &log)?;
        for _ in 0..1000 {
            let text = std::fs::read_to_string(&file).unwrap_or_default();
            if let Some(pid) = text.strip_suffix('\n') {
                let pid = pid.parse()?;
                return Ok(Self { process, pid });
            }
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        bail!("`{name}` does not start: {}", process.log())
    }

    /// CPU time that it has used so far, in seconds, in steps of 10 ms.
    pub(crate) fn cpu(&self) -> anyhow::Result<f64> {
        let stat = std::fs::read_to_string(format!("/proc/{}/stat", self.pid))
            .context("the process has ended")?;
        cpu_of(&stat).with_context(|| format!("no CPU time in `{stat}`"))
    }

    /// The most memory that it has had resident, in MB.
    pub(crate) fn peak_memory(&self) -> anyhow::Result<f64> {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.pid))
            .context("the process has ended")?;
        peak_of(&status).context("the process tells no peak of its memory")
    }

    /// Waits for its end, and fails when that is not a good one.
    pub(crate) async fn wait(&mut self, deadline: Duration) -> anyhow::Result<()> {
        let start = std::time::Instant::now();
        loop {
            match self.process.ended() {
                Some(status) if status.success() => return Ok(()),
                Some(status) => bail!("{status}: {}", self.last_words()),
                None if start.elapsed() > deadline => {
                    bail!("not at its end after {deadline:?}: {}", self.last_words())
                }
                None => tokio::time::sleep(Duration::from_millis(5)).await,
            }
        }
    }

    pub(crate) fn has_ended(&mut self) -> bool {
        self.process.ended().is_some()
    }

    /// Ends it with SIGKILL, and waits until it is gone.
    pub(crate) fn kill(self) {
        self.process.kill();
    }

    /// The end of what it has written.
    pub(crate) fn last_words(&self) -> String {
        const SHOWN: usize = 1500;
        let log = self.process.log();
        let from = log.ceil_char_boundary(log.len().saturating_sub(SHOWN));
        log[from..].trim().to_owned()
    }
}

/// The same command, started by a shell that first writes its process id, which the command then takes over. Of this
/// process's environment it sees PATH and HOME.
fn behind_shell(command: &Command, file: &Path) -> Command {
    let mut shell = Command::new("sh");
    shell.env_clear();
    for name in ["PATH", "HOME"] {
        if let Some(value) = std::env::var_os(name) {
            shell.env(name, value);
        }
    }
    shell
        .args(["-c", "echo $$ >\"$0\"; exec \"$@\""])
        .arg(file)
        .arg(command.get_program())
        .args(command.get_args());
    if let Some(folder) = command.get_current_dir() {
        shell.current_dir(folder);
    }
    for (name, value) in command.get_envs() {
        if let Some(value) = value {
            shell.env(name, value);
        }
    }
    shell
}

fn cpu_of(stat: &str) -> Option<f64> {
    // The name, in parentheses, may contain anything.
    let (_, fields) = stat.rsplit_once(')')?;
    let mut fields = fields.split_whitespace().skip(11);
    let user: f64 = fields.next()?.parse().ok()?;
    let system: f64 = fields.next()?.parse().ok()?;
    Some((user + system) / TICKS)
}

fn peak_of(status: &str) -> Option<f64> {
    let line = status
        .lines()
        .find_map(|line| line.strip_prefix("VmHWM:"))?;
    let kibibytes: f64 = line.trim().strip_suffix("kB")?.trim().parse().ok()?;
    Some(kibibytes * 1024.0 / 1e6)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cpu_time_is_that_of_user_and_system() {
        let stat = "7 (a) b) S 1 2 3 4 5 6 7 8 9 10 150 50 0 0 20";
        assert_eq!(cpu_of(stat), Some(2.0));
        assert_eq!(cpu_of("nonsense"), None);
    }

    #[test]
    fn peak_memory_is_given_in_megabytes() {
        let peak = peak_of("VmPeak:\t 9 kB\nVmHWM:\t 1000000 kB\n").unwrap();
        assert!((peak - 1024.0).abs() < 1e-9, "{peak}");
    }
}
