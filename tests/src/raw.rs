//! A connection on which a test says whatever it wants, be it HTTP or not.

use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::time::timeout;

/// More than any limit that tests set.
const DEADLINE: Duration = Duration::from_secs(30);

/// The client's end of a connection. Dropping it closes the connection.
pub struct Raw {
    stream: TcpStream,
    seen: Vec<u8>,
}

impl Raw {
    /// Connects to where `base`, as in `http://127.0.0.1:7890`, leads.
    pub async fn connect(base: &str) -> Self {
        let address = base.trim_start_matches("http://");
        let stream = TcpStream::connect(address).await.expect("it is listened");
        let seen = Vec::new();
        Self { stream, seen }
    }

    /// Sends bytes. That the other end has closed is seen when it is read from.
    pub async fn send(&mut self, bytes: impl AsRef<[u8]>) {
        let _ = self.stream.write_all(bytes.as_ref()).await;
    }

    /// Reads until `part` has come.
    pub async fn until(&mut self, part: &str) {
        while !self.text().contains(part) {
            let more = timeout(DEADLINE, self.stream.read_buf(&mut self.seen)).await;
            let more = more.unwrap_or_else(|_| panic!("no `{part}` came: {}", self.text()));
            assert!(
                more.is_ok_and(|bytes| bytes > 0),
                "closed without `{part}`: {}",
                self.text()
            );
        }
    }

    /// Whether anything comes in that time.
    pub async fn hears_within(&mut self, time: Duration) -> bool {
        timeout(time, self.stream.read_buf(&mut self.seen))
            .await
            .is_ok()
    }

    /// All that comes until the other end closes the connection, which it must.
    pub async fn to_end(mut self) -> String {
        loop {
            let more = timeout(DEADLINE, self.stream.read_buf(&mut self.seen)).await;
            match more.unwrap_or_else(|_| panic!("it stays open: {}", self.text())) {
                Ok(0) | Err(_) => return self.text(),
                Ok(_) => {}
            }
        }
    }

    fn text(&self) -> String {
        String::from_utf8_lossy(&self.seen).into_owned()
    }
}
