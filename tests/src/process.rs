//! A process beside the test: its log is kept, and it dies with the test process, whatever that one's end.

use std::fs::File;
use std::io;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::time::Duration;

use crate::wait::eventually;

/// A running process. Dropping it kills it.
pub struct Process {
    name: String,
    child: Child,
    /// Kills the child when its standard input closes, which the end of the test process does. (Statics are not
    /// dropped, and an abort drops nothing.)
    watchdog: Child,
    log: PathBuf,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Signal {
    Kill,
    Terminate,
    Stop,
    Continue,
}

impl Signal {
    fn name(self) -> &'static str {
        match self {
            Self::Kill => "KILL",
            Self::Terminate => "TERM",
            Self::Stop => "STOP",
            Self::Continue => "CONT",
        }
    }
}

impl Process {
    /// Starts a command whose output goes to the end of the file `log`.
    pub fn start(name: &str, mut command: Command, log: &Path) -> io::Result<Self> {
        let file = File::options().create(true).append(true).open(log)?;
        let child = command
            .stdin(Stdio::null())
            .stdout(file.try_clone()?)
            .stderr(file)
            .spawn()
            .map_err(|error| io::Error::new(error.kind(), format!("{command:?}: {error}")))?;
        let watchdog = Command::new("sh")
            .args(["-c", "read -r line; kill -s KILL \"$0\""])
            .arg(child.id().to_string())
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()?;
        Ok(Self {
            name: name.to_owned(),
            child,
            watchdog,
            log: log.to_owned(),
        })
    }

    pub fn signal(&self, signal: Signal) {
        let sent = Command::new("sh")
            .args(["-c", "kill -s \"$0\" \"$1\"", signal.name()])
            .arg(self.child.id().to_string())
            .status();
        assert!(
            matches!(&sent, Ok(status) if status.success()),
            "{} could not be sent to {}: {sent:?}",
            signal.name(),
            self.name
        );
    }

    /// Tells it to stop, and waits until it has ended well.
    pub async fn stop(&mut self, deadline: Duration) {
        self.signal(Signal::Terminate);
        let status = self.ends(deadline).await;
        assert!(status.success(), "{status}: {}", self.log());
    }

    /// Waits until it has ended, however it ends.
    pub async fn ends(&mut self, deadline: Duration) -> ExitStatus {
        let what = format!("{} ends", self.name);
        eventually(&what, deadline, async || {
            self.ended().ok_or_else(|| self.log())
        })
        .await
    }

    /// How it ended; none while it runs.
    pub fn ended(&mut self) -> Option<ExitStatus> {
        self.child.try_wait().ok().flatten()
    }

    /// Ends it at once, as the loss of its machine would.
    pub fn kill(self) {
        drop(self);
    }

    /// What it has written so far.
    pub fn log(&self) -> String {
        let bytes = std::fs::read(&self.log).unwrap_or_default();
        String::from_utf8_lossy(&bytes).into_owned()
    }

    /// The most bytes of memory that it ever had resident.
    #[cfg(target_os = "linux")]
    pub fn peak_memory(&self) -> u64 {
        let path = format!("/proc/{}/status", self.child.id());
        let status = std::fs::read_to_string(path).expect("it runs");
        let peak = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
        let kilobytes = peak.and_then(|peak| peak.trim().strip_suffix(" kB")?.parse::<u64>().ok());
        kilobytes.expect("Linux tells it") * 1024
    }

    pub fn name(&self) -> &str {
        &self.name
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        // The watchdog first: once the child is gone, its number may be another process's.
        let _ = self.watchdog.kill();
        let _ = self.watchdog.wait();
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
