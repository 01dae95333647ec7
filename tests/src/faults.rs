//! Faults of the machine that a program runs on: a full disk, a wall clock that jumps. Linux only.

use std::path::{Path, PathBuf};

use serde_json::Value;
use tokio::sync::OnceCell;

use crate::programs;

/// Handles on the faults of the programs of one stack. None is there at first.
#[derive(Clone, Debug)]
pub struct Faults {
    library: PathBuf,
    /// The folder whose disk may be full.
    disk: PathBuf,
    disk_full: PathBuf,
    clock: PathBuf,
}

impl Faults {
    pub(crate) async fn prepare(folder: &Path, disk: &Path) -> Self {
        // As the system names them, without links.
        let disk = disk.canonicalize().expect("the folder is there");
        Self {
            library: library().await,
            disk,
            disk_full: folder.join("disk-full"),
            clock: folder.join("clock"),
        }
    }

    /// What a program needs in its environment.
    pub(crate) fn environment(&self) -> [(&'static str, &Path); 4] {
        [
            ("LD_PRELOAD", &self.library),
            ("FAULTS_DISK", &self.disk),
            ("FAULTS_DISK_FULL", &self.disk_full),
            ("FAULTS_CLOCK", &self.clock),
        ]
    }

    /// From now on, what is written to the artifacts fails for want of space; or no longer.
    pub fn disk_full(&self, full: bool) {
        match full {
            true => std::fs::write(&self.disk_full, ""),
            false => std::fs::remove_file(&self.disk_full),
        }
        .expect("the folder of the stack can be written");
    }

    /// Writes refused since the disk is full.
    pub fn refused_writes(&self) -> u64 {
        std::fs::metadata(&self.disk_full).map_or(0, |file| file.len())
    }

    /// Sets the wall clock ahead of the right time; by a negative number, behind it.
    pub fn shift_clock(&self, seconds: i64) {
        let unfinished = self.clock.with_extension("new");
        std::fs::write(&unfinished, seconds.to_string())
            .and_then(|()| std::fs::rename(&unfinished, &self.clock))
            .expect("the folder of the stack can be written");
    }
}

/// The library that is preloaded, built by the first that asks. Nothing that builds the tests builds it, and its own
/// target folder keeps it clear of whoever builds or tests meanwhile; Cargo's lock on that folder, of other test processes.
async fn library() -> PathBuf {
    static PATH: OnceCell<PathBuf> = OnceCell::const_new();
    PATH.get_or_init(|| async {
        let cargo = std::env::var_os("CARGO").unwrap_or_else(|| env!("CARGO").into());
        let output = tokio::process::Command::new(cargo)
            .args(["build", "--package", "faults", "--locked", "--offline"])
            .args(["--message-format", "json", "--target-dir"])
            .arg(programs::target().join("faults"))
            .current_dir(programs::repository())
            .output()
            .await
            .expect("Cargo starts");
        assert!(
            output.status.success(),
            "the library of faults cannot be built: {}",
            String::from_utf8_lossy(&output.stderr)
        );
        built(&String::from_utf8_lossy(&output.stdout)).expect("Cargo says what it has built")
    })
    .await
    .clone()
}

/// The file that Cargo has made of `faults`, by its messages.
fn built(messages: &str) -> Option<PathBuf> {
    messages
        .lines()
        .filter_map(|line| serde_json::from_str::<Value>(line).ok())
        .find(|message| {
            message["reason"] == "compiler-artifact" && message["target"]["name"] == "faults"
        })
        .and_then(|message| Some(PathBuf::from(message["filenames"][0].as_str()?)))
}
