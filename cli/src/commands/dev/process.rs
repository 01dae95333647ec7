//! A part as a process: its output goes to a log file, and it does not outlive us, even when we are killed.

use std::ffi::OsString;
use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom};
use std::path::{Path, PathBuf};
use std::process::{ExitStatus, Stdio};

use anyhow::Context as _;
use tokio::io::AsyncWriteExt;
use tokio::process::{Child, ChildStdin, Command};

/// Runs a program and ends it when told to on standard input, or when that closes because we are gone.
///
/// The program is a child of the shell, and both are in a group of their own, so that the terminal's Ctrl-C reaches
/// neither before we have decided what it means.
const GUARD: &str = r#"
exec 3<&0
"$@" </dev/null 3<&- &
child=$!
{
    while read -r word <&3; do
        case $word in
            stop) kill -TERM "$child" ;;
            kill) kill -KILL "$child" ;;
        esac
    done
    kill -TERM "$child"
    sleep 15
    kill -KILL "$child"
} 2>/dev/null &
guard=$!
wait "$child"
status=$?
kill "$guard" 2>/dev/null
exit "$status"
"#;

/// What to run.
#[derive(Clone, Debug)]
pub(crate) struct Launch {
    /// Also the name of its log file.
    pub(crate) name: String,
    pub(crate) role: Role,
    pub(crate) program: PathBuf,
    pub(crate) args: Vec<OsString>,
    pub(crate) env: Vec<(&'static str, OsString)>,
}

impl Launch {
    /// Gives a command its environment: what the user's shell says about another Temporal is not for ours.
    pub(crate) fn surround(&self, command: &mut Command) {
        for (name, _) in std::env::vars_os() {
            if name.to_string_lossy().starts_with("TEMPORAL_") {
                command.env_remove(name);
            }
        }
        command.envs(self.env.iter().map(|(name, value)| (name, value)));
    }
}

/// What a part is to the others.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Role {
    /// A server that the programs need: it starts before them and stops after them.
    Server,
    Api,
    /// One that may die and is started again.
    Worker,
}

/// A process under way, or one that has ended.
pub(crate) struct Process {
    pub(crate) launch: Launch,
    child: Child,
    control: ChildStdin,
    log: PathBuf,
}

impl Process {
    /// Starts it, writing to the given file.
    pub(crate) fn start(launch: Launch, log: PathBuf) -> anyhow::Result<Self> {
        let file = File::options()
            .create(true)
            .append(true)
            .open(&log)
            .with_context(|| format!("`{}` cannot be written", log.display()))?;
        let mut command = Command::new("sh");
        command
            .args(["-c", GUARD, "sh"])
            .arg(&launch.program)
            .args(&launch.args)
            .stdin(Stdio::piped())
            .stdout(file.try_clone()?)
            .stderr(file)
            .process_group(0);
        launch.surround(&mut command);
        let mut child = command
            .spawn()
            .with_context(|| format!("{} cannot be started", launch.name))?;
        let control = child
            .stdin
            .take()
            .context("a process has a standard input")?;
        Ok(Self {
            launch,
            child,
            control,
            log,
        })
    }

    /// How it ended, once it has.
    pub(crate) fn ended(&mut self) -> io::Result<Option<ExitStatus>> {
        self.child.try_wait()
    }

    /// Asks it to end.
    pub(crate) async fn stop(&mut self) {
        self.tell("stop\n").await;
    }

    /// Ends it.
    pub(crate) async fn kill(&mut self) {
        self.tell("kill\n").await;
    }

    /// The last lines of its log.
    pub(crate) fn last_lines(&self, count: usize) -> String {
        tail(&self.log, count).unwrap_or_default()
    }

    async fn tell(&mut self, word: &str) {
        // That nobody listens means that it has ended.
        let _ = self.control.write_all(word.as_bytes()).await;
    }
}

fn tail(path: &Path, count: usize) -> io::Result<String> {
    const ENOUGH: u64 = 64 * 1024;
    let mut file = File::open(path)?;
    let length = file.metadata()?.len();
    file.seek(SeekFrom::Start(length.saturating_sub(ENOUGH)))?;
    let mut bytes = Vec::new();
    file.read_to_end(&mut bytes)?;
    let text = String::from_utf8_lossy(&bytes);
    let lines: Vec<&str> = text.lines().collect();
    Ok(lines[lines.len().saturating_sub(count)..].join("\n"))
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use tempfile::TempDir;

    use super::*;

    fn start(folder: &TempDir, script: &str) -> Process {
        let launch = Launch {
            name: "part".to_owned(),
            role: Role::Server,
            program: "sh".into(),
            args: vec!["-c".into(), script.into()],
            env: vec![("WORD", "hello".into())],
        };
        Process::start(launch, folder.path().join("part.log")).unwrap()
    }

    async fn eventually<T>(mut probe: impl FnMut() -> Option<T>) -> T {
        for _ in 0..500 {
            if let Some(value) = probe() {
                return value;
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        panic!("it did not come about");
    }

    fn has_said(process: &Process, word: &str) -> Option<()> {
        process.last_lines(9).contains(word).then_some(())
    }

    #[tokio::test]
    async fn its_end_and_its_last_words_are_known() {
        let folder = tempfile::tempdir().unwrap();
        let mut process = start(&folder, "seq 30; echo $WORD; exit 3");
        let status = eventually(|| process.ended().unwrap()).await;
        assert_eq!(status.code(), Some(3));
        assert_eq!(process.last_lines(2), "30\nhello");
    }

    #[tokio::test]
    async fn it_is_asked_to_end_before_it_is_made_to() {
        let folder = tempfile::tempdir().unwrap();
        let script = "trap 'echo asked' TERM; echo up; while :; do sleep 0.05; done";
        let mut process = start(&folder, script);
        eventually(|| has_said(&process, "up")).await;
        process.stop().await;
        eventually(|| has_said(&process, "asked")).await;
        assert!(process.ended().unwrap().is_none());
        process.kill().await;
        eventually(|| process.ended().unwrap()).await;
    }

    #[tokio::test]
    async fn it_ends_when_we_are_gone() {
        let folder = tempfile::tempdir().unwrap();
        let process = start(
            &folder,
            "trap 'echo left; exit' TERM; echo up; while :; do sleep 0.05; done",
        );
        eventually(|| has_said(&process, "up")).await;
        let log = process.log.clone();
        drop(process);
        eventually(|| tail(&log, 9).unwrap().contains("left").then_some(())).await;
    }
}
