//! Tools of other languages, obtained once and kept in the user's cache folder, and free ports.

use std::fs::File;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::Command;

/// A port that nobody listens on at the moment.
pub fn free_port() -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port is free");
    listener.local_addr().expect("it is bound").port()
}

/// A Python environment with the packages of a requirements file, made unless it is there. `extra` are further
/// arguments of `pip install`.
pub fn python(requirements: &Path, extra: &[&str]) -> PathBuf {
    let folder = cached("venv", &[requirements], |folder| {
        run(Command::new("python3").args(["-m", "venv"]).arg(folder));
        run(Command::new(folder.join("bin/python"))
            .args([
                "-m",
                "pip",
                "install",
                "--quiet",
                "--disable-pip-version-check",
            ])
            .args(["--require-hashes", "--only-binary", ":all:"])
            .args(extra)
            .arg("-r")
            .arg(requirements));
    });
    folder.join("bin")
}

/// A folder with the packages of a `package.json` and its lock file, installed unless they are there.
pub fn node(package: &Path) -> PathBuf {
    let files = ["package.json", "package-lock.json"].map(|name| package.join(name));
    let files: Vec<&Path> = files.iter().map(PathBuf::as_path).collect();
    cached("node", &files, |folder| {
        for file in &files {
            let name = file.file_name().expect("it has a name");
            std::fs::copy(file, folder.join(name)).expect("it can be copied");
        }
        run(Command::new("npm")
            .args([
                "ci",
                "--ignore-scripts",
                "--no-audit",
                "--no-fund",
                "--silent",
            ])
            .current_dir(folder));
    })
}

/// A folder of the cache, filled once for each content of the files that describe it.
fn cached(kind: &str, files: &[&Path], fill: impl FnOnce(&Path)) -> PathBuf {
    let mut content = DefaultHasher::new();
    for file in files {
        std::fs::read(file)
            .unwrap_or_else(|error| panic!("{}: {error}", file.display()))
            .hash(&mut content);
    }
    let tools = cache().join("tools");
    let folder = tools.join(format!("{kind}-{:016x}", content.finish()));
    std::fs::create_dir_all(&tools).expect("the cache folder can be made");
    // Held while filling, since other tests, and other test processes, may want the same.
    let lock = File::create(folder.with_extension("lock")).expect("the cache can be written");
    lock.lock().expect("the cache can be locked");
    let complete = folder.join(".complete");
    if !complete.exists() {
        println!("obtaining {} for {}", folder.display(), files[0].display());
        let _ = std::fs::remove_dir_all(&folder);
        std::fs::create_dir_all(&folder).expect("the cache can be written");
        fill(&folder);
        std::fs::write(&complete, "").expect("the cache can be written");
    }
    folder
}

fn cache() -> PathBuf {
    let base = std::env::var_os("XDG_CACHE_HOME")
        .filter(|path| !path.is_empty())
        .map(PathBuf::from)
        .or_else(|| Some(PathBuf::from(std::env::var_os("HOME")?).join(".cache")))
        .expect("HOME is set");
    base.join("ai-evolution")
}

/// Runs a command to its end and gives back what it printed. Panics with that when it fails.
pub fn run(command: &mut Command) -> String {
    let output = command
        .output()
        .unwrap_or_else(|error| panic!("{command:?}: {error}"));
    let printed = format!(
        "{}{}",
        String::from_utf8_lossy(&output.stdout),
        String::from_utf8_lossy(&output.stderr)
    );
    assert!(output.status.success(), "{command:?} failed: {printed}");
    printed
}
