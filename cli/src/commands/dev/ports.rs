//! The ports that the parts listen on, all on 127.0.0.1.

use std::io;
use std::net::{Ipv4Addr, TcpListener};
use std::process::Stdio;
use std::time::Duration;

use anyhow::bail;
use tokio::net::TcpStream;
use tokio::process::Command;
use tokio::time::{sleep, timeout};

/// How long the parts of a `dev` that was killed may take to go.
const LEAVING: Duration = Duration::from_secs(3);

#[derive(Clone, Copy, Debug)]
pub(crate) struct Ports {
    pub(crate) api: u16,
    pub(crate) temporal: u16,
    pub(crate) ui: u16,
}

impl Ports {
    pub(crate) fn api_url(&self) -> String {
        format!("http://127.0.0.1:{}", self.api)
    }

    pub(crate) fn ui_url(&self) -> String {
        format!("http://127.0.0.1:{}", self.ui)
    }

    /// Fails when a port is taken, and says which, by whom as far as that is known, and how to choose another.
    pub(crate) async fn check(&self) -> anyhow::Result<()> {
        let all = [
            ("the API", self.api, "--api-port"),
            ("Temporal", self.temporal, "--temporal-port"),
            ("the Temporal UI", self.ui, "--ui-port"),
        ];
        if self.api == self.temporal || self.api == self.ui || self.temporal == self.ui {
            bail!("the API, Temporal and its UI each need a port of their own");
        }
        let is_any_taken = || all.iter().any(|(_, port, _)| is_taken(*port));
        let _ = timeout(LEAVING, async {
            while is_any_taken() {
                sleep(Duration::from_millis(200)).await;
            }
        })
        .await;
        let mut taken = Vec::new();
        for (what, port, flag) in all {
            if is_taken(port) {
                let user = user_of(port).await.unwrap_or_default();
                taken.push(format!(
                    "port {port}, for {what}, is taken{user}; choose another with {flag}"
                ));
            }
        }
        match taken.is_empty() {
            true => Ok(()),
            false => bail!("{}", taken.join("\n       ")),
        }
    }
}

/// Whether something accepts connections there.
pub(crate) async fn accepts(port: u16) -> anyhow::Result<()> {
    TcpStream::connect((Ipv4Addr::LOCALHOST, port)).await?;
    Ok(())
}

/// A port that is free now.
pub(crate) fn free() -> io::Result<u16> {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?;
    Ok(listener.local_addr()?.port())
}

fn is_taken(port: u16) -> bool {
    match TcpListener::bind((Ipv4Addr::LOCALHOST, port)) {
        Ok(_) => false,
        // A port that we may not use at all is told by whoever tries to.
        Err(error) => error.kind() == io::ErrorKind::AddrInUse,
    }
}

/// The program that listens there, when `lsof` is at hand and may tell.
async fn user_of(port: u16) -> Option<String> {
    let lsof = Command::new("lsof")
        .args(["-nP", "-sTCP:LISTEN", "-Fpc", &format!("-iTCP:{port}")])
        .stdin(Stdio::null())
        .kill_on_drop(true)
        .output();
    let output = timeout(Duration::from_secs(2), lsof).await.ok()?.ok()?;
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    let field = |letter| text.lines().find_map(|line| line.strip_prefix(letter));
    Some(format!(" by `{}` (process {})", field('c')?, field('p')?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_taken_port_is_named_with_the_way_out() {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
        let ports = Ports {
            api: free().unwrap(),
            temporal: listener.local_addr().unwrap().port(),
            ui: free().unwrap(),
        };
        let error = ports.check().await.unwrap_err().to_string();
        assert!(
            error.contains(&format!("port {}, for Temporal,", ports.temporal)),
            "{error}"
        );
        assert!(
            error.contains("--temporal-port") && !error.contains("--api-port"),
            "{error}"
        );
    }
}
