//! `dev` with stand-ins for the programs that it starts: what it tells them, and that nothing of it stays behind.

use std::fs;
use std::net::{TcpListener, TcpStream};
use std::os::unix::fs::PermissionsExt;
use std::process::Stdio;
use std::time::Duration;

use tempfile::TempDir;
use tokio::io::{AsyncBufReadExt, BufReader, Lines};
use tokio::process::{Child, ChildStdout, Command};
use tokio::time::{sleep, timeout};

const PATIENCE: Duration = Duration::from_secs(60);

const TEMPORAL: &str = r#"
import socket, sys
if "--version" in sys.argv:
    sys.exit(print("temporal version 0 (stand-in)"))
print("started", flush=True)
server = socket.create_server(("127.0.0.1", int(sys.argv[sys.argv.index("--port") + 1])))
while True:
    server.accept()[0].close()
"#;

const WORKER: &str = r#"
import os, time
print(os.environ["TEMPORAL_HOST"], os.environ["ARTIFACTS"], os.environ.get("TEMPORAL_API_KEY"), flush=True)
time.sleep(1000)
"#;

const API: &str = r#"
import http.server, os, sys
if sys.argv[1:] == ["setup"]:
    with open(os.path.join(os.path.dirname(sys.argv[0]), "set-up"), "w") as file:
        print(os.environ["TEMPORAL_HOST"], os.environ.get("TEMPORAL_API_KEY"), file=file)
    sys.exit()
class Handler(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        body = b'{"experiments": []}'
        self.send_response(200)
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)
host, port = os.environ["LISTEN"].split(":")
http.server.ThreadingHTTPServer((host, int(port)), Handler).serve_forever()
"#;

/// A folder with the program in it as if it were installed there, and three free ports.
struct Machine {
    folder: TempDir,
    ports: [u16; 3],
}

impl Machine {
    fn new() -> Self {
        // Where the program lies too, so that it can be linked instead of copied.
        let folder = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).unwrap();
        let program = folder.path().join("ai-evolution");
        fs::hard_link(env!("CARGO_BIN_EXE_ai-evolution"), program).unwrap();
        let listeners = [0; 3].map(|port| TcpListener::bind(("127.0.0.1", port)).unwrap());
        let ports = listeners.map(|listener| listener.local_addr().unwrap().port());
        Self { folder, ports }
    }

    fn install(&self, name: &str, script: &str) {
        let path = self.folder.path().join(name);
        fs::write(&path, format!("#!/usr/bin/env python3\n{script}")).unwrap();
        fs::set_permissions(path, fs::Permissions::from_mode(0o755)).unwrap();
    }

    fn dev(&self) -> Command {
        let [api, temporal, ui] = self.ports.map(|port| port.to_string());
        let path = std::env::var("PATH").unwrap();
        let mut command = Command::new(self.folder.path().join("ai-evolution"));
        command
            .args(["dev", "--api-port", &api, "--temporal-port", &temporal])
            .args(["--ui-port", &ui, "--data-dir"])
            .arg(self.folder.path().join("data"))
            .env("PATH", format!("{}:{path}", self.folder.path().display()))
            .env("XDG_CACHE_HOME", self.folder.path().join("cache"))
            .env("TEMPORAL_API_KEY", "of another server")
            .env_remove("CARGO_MANIFEST_DIR")
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .kill_on_drop(true);
        command
    }

    fn log(&self, name: &str) -> String {
        fs::read_to_string(self.folder.path().join("data/logs").join(name)).unwrap()
    }

    async fn is_free_again(&self) {
        let is_used = |port: &u16| TcpStream::connect(("127.0.0.1", *port)).is_ok();
        let free = async {
            while self.ports.iter().any(is_used) {
                sleep(Duration::from_millis(50)).await;
            }
        };
        timeout(PATIENCE, free)
            .await
            .expect("nothing listens any more");
    }
}

async fn serving(dev: &mut Child) -> Lines<BufReader<ChildStdout>> {
    let mut lines = BufReader::new(dev.stdout.take().unwrap()).lines();
    let serving = async {
        while let Some(line) = lines.next_line().await.unwrap() {
            if line.starts_with("serving") {
                return;
            }
        }
        panic!("it ended before it served");
    };
    timeout(PATIENCE, serving).await.expect("it serves in time");
    lines
}

async fn signal(name: &str, dev: &Child) {
    let id = dev.id().unwrap().to_string();
    let status = Command::new("kill").args([name, &id]).status().await;
    assert!(status.unwrap().success());
}

#[tokio::test]
async fn it_serves_until_it_is_told_to_stop_and_starts_again_at_once() {
    let machine = Machine::new();
    machine.install("temporal", TEMPORAL);
    machine.install("ai-evolution-worker", WORKER);
    machine.install("ai-evolution-api", API);
    for _ in 0..2 {
        let mut dev = machine.dev().spawn().unwrap();
        let _lines = serving(&mut dev).await;
        let data = machine.folder.path().join("data");
        assert_eq!(
            machine.log("worker-1.log"),
            format!(
                "127.0.0.1:{} {} None\n",
                machine.ports[1],
                data.join("artifacts").display()
            )
        );
        assert_eq!(machine.log("temporal.log"), "started\n");
        assert_eq!(
            fs::read_to_string(machine.folder.path().join("set-up")).unwrap(),
            format!("127.0.0.1:{} None\n", machine.ports[1])
        );
        signal("-TERM", &dev).await;
        let status = timeout(PATIENCE, dev.wait())
            .await
            .expect("it stops in time");
        assert_eq!(status.unwrap().code(), Some(0));
        machine.is_free_again().await;
    }
}

#[tokio::test]
async fn nothing_survives_it_even_when_it_is_killed() {
    let machine = Machine::new();
    machine.install("temporal", TEMPORAL);
    machine.install("ai-evolution-worker", WORKER);
    machine.install("ai-evolution-api", API);
    let mut dev = machine.dev().spawn().unwrap();
    let _lines = serving(&mut dev).await;
    signal("-KILL", &dev).await;
    machine.is_free_again().await;
}

#[tokio::test]
async fn programs_that_are_missing_are_named() {
    let machine = Machine::new();
    let output = timeout(PATIENCE, machine.dev().output()).await;
    let output = output.expect("it ends in time").unwrap();
    assert_eq!(output.status.code(), Some(3));
    let stderr = String::from_utf8(output.stderr).unwrap();
    assert!(stderr.contains("`ai-evolution-api` is missing"), "{stderr}");
}

#[tokio::test]
async fn once_it_ends_by_itself_as_its_experiments_did() {
    let machine = Machine::new();
    machine.install("temporal", TEMPORAL);
    machine.install("ai-evolution-worker", WORKER);
    machine.install("ai-evolution-api", API);
    let mut dev = machine.dev();
    dev.args(["--once", "no-such-file.yaml"]);
    let output = timeout(PATIENCE, dev.output()).await;
    let output = output.expect("it ends in time").unwrap();
    assert_eq!(output.status.code(), Some(1));
    let stdout = String::from_utf8(output.stdout).unwrap();
    assert!(
        stdout.contains("no-such-file.yaml could not be shown"),
        "{stdout}"
    );
    machine.is_free_again().await;
}
