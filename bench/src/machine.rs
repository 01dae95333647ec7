//! What was measured on, with what, and when: said beside every result.

use std::process::Command;
use std::sync::OnceLock;

use serde::{Deserialize, Serialize};

use crate::programs;

/// The load of others from which on the page warns of it.
const BUSY: f64 = 0.5;

#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Machine {
    pub(crate) date: String,
    pub(crate) cores: usize,
    pub(crate) processor: String,
    pub(crate) memory_gb: f64,
    pub(crate) kernel: String,
    pub(crate) rust: String,
    pub(crate) temporal: String,
    /// The commit of this repository.
    pub(crate) commit: String,
    pub(crate) release: bool,
    /// Processes that wanted a core in the minute before the benchmarks were started: a busy machine measures itself.
    pub(crate) load_before: f64,
}

/// Read once, before this program makes load of its own.
static LOAD_BEFORE: OnceLock<f64> = OnceLock::new();

/// Takes note of the load that others make.
pub(crate) fn note_load() -> f64 {
    *LOAD_BEFORE.get_or_init(|| {
        let text = std::fs::read_to_string("/proc/loadavg").unwrap_or_default();
        let first = text.split_whitespace().next();
        first.and_then(|load| load.parse().ok()).unwrap_or_default()
    })
}

impl Machine {
    pub(crate) fn here() -> anyhow::Result<Self> {
        let temporal = printed(Command::new(programs::path(programs::CLI)?).arg("temporal-path"));
        Ok(Self {
            date: jiff::Timestamp::now().to_string(),
            cores: std::thread::available_parallelism()?.get(),
            processor: field("/proc/cpuinfo", "model name"),
            memory_gb: memory_gb(&field("/proc/meminfo", "MemTotal")),
            kernel: kernel(&printed(Command::new("uname").arg("-sr"))),
            rust: printed(Command::new("rustc").arg("--version")),
            temporal: printed(Command::new(temporal).arg("--version")),
            commit: printed(
                Command::new("git")
                    .args(["rev-parse", "--short", "HEAD"])
                    .current_dir(programs::repository()),
            ),
            release: programs::is_release(),
            load_before: note_load(),
        })
    }

    /// One sentence about it.
    pub(crate) fn sentence(&self) -> String {
        let profile = if self.release { "release" } else { "debug" };
        let busy = match self.load_before >= BUSY {
            true => {
                " **The machine was busy with other work, so these times are worse than they have to be.**"
            }
            false => "",
        };
        format!(
            "{} cores ({}), {:.0} GB of memory, {}; {}, {}; commit {}, {profile} build; {}; load before: {:.1}.{busy}",
            self.cores,
            self.processor,
            self.memory_gb,
            self.kernel,
            self.rust,
            self.temporal,
            self.commit,
            self.date.get(..10).unwrap_or_default(),
            self.load_before,
        )
    }
}

/// The name and version of a kernel, without what its maker added.
fn kernel(text: &str) -> String {
    text.split('-').next().unwrap_or_default().to_owned()
}

/// The first line that a command prints; empty when it does not.
fn printed(command: &mut Command) -> String {
    let output = command.output().map(|output| output.stdout);
    let text = String::from_utf8(output.unwrap_or_default()).unwrap_or_default();
    text.lines().next().unwrap_or_default().trim().to_owned()
}

/// A field of a file in /proc; empty when there is none.
fn field(file: &str, name: &str) -> String {
    let text = std::fs::read_to_string(file).unwrap_or_default();
    text.lines()
        .filter_map(|line| line.split_once(':'))
        .find(|(field, _)| field.trim() == name)
        .map(|(_, value)| value.trim().to_owned())
        .unwrap_or_default()
}

fn memory_gb(text: &str) -> f64 {
    let kibibytes = text.strip_suffix("kB").unwrap_or(text).trim();
    kibibytes
        .parse::<f64>()
        .map_or(0.0, |size| size * 1024.0 / 1e9)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn memory_is_told_in_kibibytes() {
        assert!((memory_gb("1000000 kB") - 1.024).abs() < 1e-9);
        assert!(memory_gb("").abs() < 1e-9);
    }
}
